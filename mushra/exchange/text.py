"""Text that a spreadsheet would run as a formula."""

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def neutralise(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would take for a formula; leave numbers alone.

    Text that has such an apostrophe already gets one more, so that `restore` always gives back what was written.
    """
    core = text.lstrip("'")
    if not core.startswith(STARTS) or (core == text and _is_number(text)):
        return text
    return f"'{text}"


def restore(text: str) -> str:
    """Take away the apostrophe that `neutralise` put before a text: ``restore(neutralise(text)) == text``."""
    if text.startswith("'") and text.lstrip("'").startswith(STARTS):
        return text[1:]
    return text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
