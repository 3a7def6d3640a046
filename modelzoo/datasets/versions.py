"""What computed a data set: this package's sources, and the libraries whose results it holds."""

from functools import cache
from importlib.metadata import version
from pathlib import Path

import modelzoo
from modelzoo.files import sha256
from modelzoo.labels.visqol import IMPLEMENTATION, MODE, VERSION

# Training and the command line change no excerpt.
SOURCES = ("audio", "labels", "features", "datasets")
LIBRARIES = ("numpy", "scipy", "av", "imageio-ffmpeg", "pyloudnorm", "soundfile")


@cache
def versions() -> dict[str, str]:
    """Names and versions; `code_sha256` is that of the modules which make excerpts."""
    import av
    import imageio_ffmpeg
    import soundfile

    root = Path(modelzoo.__file__).parent
    files = sorted(file for name in SOURCES for file in (root / name).rglob("*.py"))
    code = "".join(f"{file.relative_to(root).as_posix()} {sha256(file.read_bytes())}\n" for file in files)
    return {
        "modelzoo": modelzoo.__version__,
        "code_sha256": sha256(code.encode()),
        "labels": f"{IMPLEMENTATION} {VERSION}, {MODE} mode",
        "libavcodec": ".".join(map(str, av.library_versions["libavcodec"])),
        "ffmpeg (Vorbis)": imageio_ffmpeg.get_ffmpeg_version(),
        "libsndfile": soundfile.__libsndfile_version__,
        **{name: version(name) for name in LIBRARIES},
    }
