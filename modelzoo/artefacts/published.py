"""Reading the weights that the paper's authors published as Keras 2 `.h5` files."""

from pathlib import Path
from typing import Any

from modelzoo.artefacts.folder import save
from modelzoo.errors import ModelzooError
from modelzoo.files import sha256
from modelzoo.nets import build


def import_h5(file: Path, folder: Path, network: str = "conv1d") -> None:
    """Make an artefact from an `.h5` file of weights, or of a whole model, of one of the paper's networks.

    Only arrays are read: the model that the file may describe is not built. The authors turned spectrograms by 90
    degrees, which reverses time (paper, section 3), so the artefact reverses the features before scoring.

    Parameters
    ----------
    file : Path
        The `.h5` file.
    folder : Path
        Where the artefact goes.
    network : str
        The network whose layers the file's arrays fit.

    Raises
    ------
    ModelzooError
        Not an HDF5 file, one that points to other files, or weights of another network.
    """
    import h5py

    # Keras tells Keras 2 weights from its own format by the name's end alone.
    if file.name.endswith(".weights.h5") or file.suffix != ".h5":
        raise ModelzooError(f"{file.name} is not named like weights of Keras 2, as in conv1d.h5.")
    try:
        with h5py.File(file, "r") as content:
            _refuse_links(content, file)
    except OSError as error:
        raise ModelzooError(f"{file} is no HDF5 file: {error}") from error
    model = build(network)
    try:
        model.load_weights(file)
    except (KeyError, OSError, ValueError) as error:
        raise ModelzooError(f"{file} does not hold the weights of {network}: {error}") from error
    partial = folder / "imported.weights.h5"
    folder.mkdir(parents=True, exist_ok=True)
    model.save_weights(partial)
    config = {"network": network, "reversed_time": True, "imported_from": sha256(file.read_bytes())}
    save(
        folder, partial, config, f"# {network}\n\nImported from {file.name}; its scores have not been measured here.\n"
    )
    partial.unlink()


def _refuse_links(group: Any, file: Path) -> None:
    """HDF5 can point into other files of the machine; weights have no need to."""
    import h5py

    for name in group:
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.ExternalLink | h5py.SoftLink):
            raise ModelzooError(f"{file} points elsewhere under {name!r}: it is not read.")
        item = group[name]
        if isinstance(item, h5py.Group):
            _refuse_links(item, file)
        elif item.external:
            raise ModelzooError(f"{file} keeps {name!r} in another file: it is not read.")
