"""A model's network without Keras: an ONNX file, made from the Keras network and checked to give the same."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelzoo.errors import ModelzooError
from modelzoo.features import BANDS, CLIP_FRAMES
from modelzoo.nets import ANY_LENGTH

ONNX = "model.onnx"
LARGEST_DIFFERENCE = 2e-5
"""Of the output, about 0-1, between Keras and ONNX."""
_CHECKED_FRAMES = (188, 700, CLIP_FRAMES, 2500)


@dataclass(frozen=True)
class OnnxNetwork:
    """What a Keras model does for scoring, done by onnxruntime, which loads in a tenth of the time."""

    session: Any

    def predict_on_batch(self, features: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Quality, about 0-1, shaped (n, 1), of features (n, frames, 256)."""
        name = self.session.get_inputs()[0].name
        quality: NDArray[np.float32] = self.session.run(None, {name: np.ascontiguousarray(features)})[0]
        return quality


def open_onnx(file: Path, threads: int = 1) -> OnnxNetwork:
    """Open an ONNX file for scoring on the CPU.

    Raises
    ------
    ModelzooError
        It is no ONNX file that onnxruntime can run.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        # onnxruntime's exceptions have no common class but Exception.
        raise ModelzooError(f"{file} can't be run as an ONNX file: {error}") from error
    return OnnxNetwork(session)


def write_onnx(network: Any, name: str, file: Path) -> float:
    """Convert a Keras network on the TensorFlow backend, and check it on random clips.

    Returns
    -------
    float
        The largest difference of the output seen, at most `LARGEST_DIFFERENCE`.

    Raises
    ------
    ModelzooError
        The converter is not installed, or what it made gives something else.
    """
    try:
        import tf2onnx  # noqa: F401
    except ImportError as error:
        raise ModelzooError("The ONNX file needs the packages onnx and tf2onnx: pip install onnx tf2onnx") from error
    rng = np.random.default_rng(0)
    frames = _CHECKED_FRAMES if name in ANY_LENGTH else (CLIP_FRAMES,)
    clips = [_spectrum_like(rng, count) for count in frames]
    # Keras converts a model only after it was called once.
    network(clips[0])
    partial = file.with_name(f".{file.stem}.part.onnx")
    network.export(partial, format="onnx", verbose=False)
    converted = open_onnx(partial)
    difference = max(
        float(np.abs(converted.predict_on_batch(clip) - np.asarray(network.predict_on_batch(clip))).max())
        for clip in clips
    )
    if not difference <= LARGEST_DIFFERENCE:
        partial.unlink()
        raise ModelzooError(f"The ONNX file's output is {difference:.1e} off Keras': it is not kept.")
    partial.replace(file)
    return difference


def _spectrum_like(rng: np.random.Generator, frames: int) -> NDArray[np.uint8]:
    """Two random clips with a falling spectrum that ends somewhere, as stored."""
    slopes = 220 - rng.uniform(0.2, 0.8, (2, 1, 1)) * np.arange(BANDS)
    noise = rng.normal(0, 25, (2, frames, BANDS))
    edges = np.arange(BANDS) < rng.integers(100, BANDS, (2, 1, 1))
    return np.clip((slopes + noise) * edges, 0, 255).astype(np.uint8)
