"""Saving and loading a trained model: weights into a network that code builds, never a pickle.

The folder holds `model.weights.h5`, `config.json`, `card.md`, perhaps `model.onnx`, and `hashes.json`, written last.
"""

import json
import shutil
from pathlib import Path
from typing import Any

from modelzoo.artefacts.intervals import Calibration
from modelzoo.artefacts.model import Model
from modelzoo.artefacts.network import ONNX, open_onnx
from modelzoo.errors import ModelzooError
from modelzoo.files import replace_text, sha256

WEIGHTS, CONFIG, CARD, HASHES = "model.weights.h5", "config.json", "card.md", "hashes.json"
SHIPPED = Path(__file__).parent / "shipped"
DEFAULT = "ours"


def save(folder: Path, weights: Path, config: dict[str, Any], card: str, onnx: Path | None = None) -> None:
    """Make the folder from a weights file; `config` names the network under "network"."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {WEIGHTS: weights} if onnx is None else {WEIGHTS: weights, ONNX: onnx}
    for name, source in files.items():
        partial = folder / f".{name}.part"
        shutil.copyfile(source, partial)
        partial.replace(folder / name)
    replace_text(folder / CONFIG, json.dumps(config, indent=2) + "\n")
    replace_text(folder / CARD, card)
    hashes = {name: sha256((folder / name).read_bytes()) for name in (*files, CONFIG)}
    replace_text(folder / HASHES, json.dumps(hashes, indent=2) + "\n")


def shipped() -> list[str]:
    """The names of the models that come with the package."""
    return sorted(file.parent.name for file in SHIPPED.glob(f"*/{HASHES}"))


def load(model: str | Path = DEFAULT, *, keras: bool = False) -> Model:
    """Load a model after checking its hashes.

    Parameters
    ----------
    model : str or Path
        The name of a shipped model, or a model's folder.
    keras : bool
        Build the Keras network even if the folder holds an ONNX file, which loads faster and scores the same.

    Raises
    ------
    ModelzooError
        There is no whole model, or a file was changed after it was saved.
    """
    folder = _folder(model)
    try:
        hashes = json.loads((folder / HASHES).read_text())
        config = json.loads((folder / CONFIG).read_text())
        changed = [name for name, digest in hashes.items() if sha256((folder / name).read_bytes()) != digest]
    except (OSError, ValueError) as error:
        raise ModelzooError(f"{folder} holds no whole model ({error}).") from error
    if changed or set(hashes) - {ONNX} != {WEIGHTS, CONFIG}:
        raise ModelzooError(f"{folder}: {', '.join(changed) or HASHES} was changed after the model was saved.")
    calibration = config.get("calibration")
    return Model(
        folder.name,
        open_onnx(folder / ONNX) if ONNX in hashes and not keras else _keras_network(folder, config),
        config,
        None if calibration is None else Calibration.from_dict(calibration),
    )


def _folder(model: str | Path) -> Path:
    if str(model) in shipped():
        return SHIPPED / str(model)
    if isinstance(model, str) and not Path(model).is_dir():
        names = shipped()
        known = f"the models that come with it are {', '.join(names)}" if names else "no model comes with the package"
        raise ModelzooError(f"There is no model {model!r}: {known}, and there is no folder of that name.")
    return Path(model)


def _keras_network(folder: Path, config: dict[str, Any]) -> Any:
    from modelzoo.nets import build

    try:
        network = build(config["network"])
        network.load_weights(folder / WEIGHTS)
    except ModelzooError:
        raise
    except (KeyError, OSError, TypeError, ValueError) as error:
        raise ModelzooError(f"{folder}: its weights do not fit its network ({error}).") from error
    return network
