"""The screening rules in words."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

RULE_NAMES = {
    "no_headphones": _("Said that no headphones were used"),
    "all_top": _("Gave everything the top score"),
    "anchor35_top": _("Gave the 3.5 kHz anchor the top score"),
    "reference_mid": _("Gave hidden references mid-scale scores"),
    "reference_below": _("Graded the hidden reference below 90 too often"),
    "anchor70_above": _("Graded the 7 kHz anchor above 90 too often"),
    "anchor35_over_anchor70": _("Graded the 3.5 kHz anchor much better than the 7 kHz anchor"),
    "anchor35_over_reference": _("Graded the 3.5 kHz anchor better than the hidden reference"),
    "repeatability": _("Graded a repeated stimulus too differently"),
    "constant": _("Gave all stimuli of a page nearly the same score"),
    "too_fast": _("Finished pages too soon to have listened"),
    "not_played": _("Graded stimuli without playing them"),
}
# Rules that measure a share of items; the others measure points, or a plain yes.
SHARES = {
    "anchor35_top",
    "reference_mid",
    "reference_below",
    "anchor70_above",
    "anchor35_over_anchor70",
    "anchor35_over_reference",
    "constant",
    "too_fast",
    "not_played",
}


def measured_in_words(rule: str, measured: float, threshold: float) -> str:
    if rule in SHARES:
        # Four digits: 15.38 % is more than 15 %, and must not read as "15 %, more than 15 %".
        return gettext("%(measured).4g %% of items, more than %(threshold).4g %%") % {
            "measured": 100 * measured,
            "threshold": 100 * threshold,
        }
    if rule == "repeatability":
        return gettext("%(measured)g points, more than %(threshold)g") % {"measured": measured, "threshold": threshold}
    if rule == "all_top":
        return gettext("lowest score %(measured)g") % {"measured": measured}
    return gettext("own answer")
