"""What can be wrong with somebody's input. The text of each error is one sentence for that person."""


class ModelzooError(ValueError):
    """Something given to the library can't be used."""


class AudioError(ModelzooError):
    """A file or array is no usable sound."""


class LabelError(ModelzooError):
    """A pair of sounds can't be scored."""


class StoreError(ModelzooError):
    """A training store is missing, incomplete or damaged."""
