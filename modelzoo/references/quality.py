"""What can be wrong with a reference: silence, clipping, a lossy origin, music that another one holds."""

from collections import Counter
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.floating]
Words = NDArray[np.uint32]

# Silence.
BLOCK_SECONDS = 0.1
SILENT_LEVEL = 10 ** (-70 / 20)
# Clipping: a run of samples at the peak, entered by a step that no smooth top has.
CLIPPED_RUN, CLIPPED_STEP = 3, 1e-3
ONE_STEP_OF_16_BITS = 1 / 32_768
# The spectrum's edge, in Hz and dB.
WINDOW = 4096
EDGE_WIDTH, EDGE_GAP = 500.0, 150.0
EDGE_FROM, EDGE_UP_TO, EDGE_DROP = 3_000.0, 20_700.0, 20.0
# Fingerprints.
FRAME_SECONDS, STEP_SECONDS = 0.37, 0.0116
LOWEST_HZ, HIGHEST_HZ, BITS = 300.0, 2_000.0, 32
ENOUGH_RATE = 6_000
SAME_BITS, SAME_SECONDS, COMMON_WORD, CANDIDATES = 0.65, 3.0, 50, 5


def silent_seconds(samples: Samples, rate: int) -> float:
    """The longest stretch below -70 dBFS (RMS in blocks of 0.1 s, all channels), in seconds; samples (n, channels)."""
    block = max(1, round(BLOCK_SECONDS * rate))
    whole = samples[: len(samples) // block * block].reshape(-1, block * samples.shape[1])
    longest = length = 0
    for level in np.sqrt(np.mean(whole.astype(np.float64) ** 2, axis=1)):
        length = length + 1 if level < SILENT_LEVEL else 0
        longest = max(longest, length)
    return longest * BLOCK_SECONDS


def clipped_runs(samples: Samples) -> int:
    """How often the peak was cut off: runs of three samples and more at it, in samples (n, channels).

    A channel that was lowered after clipping is found too; one that went through a codec or a resampler is not.
    """
    found = 0
    for channel in np.abs(samples).T:
        peak = float(channel.max(initial=0.0))
        at = np.concatenate([[False], channel >= peak * (1 - 1.01 * ONE_STEP_OF_16_BITS), [False]])
        edges = np.flatnonzero(at[1:] != at[:-1])
        starts, ends = edges[::2], edges[1::2]
        before = channel[np.maximum(starts - 1, 0)]
        found += int(((ends - starts >= CLIPPED_RUN) & (before < peak * (1 - CLIPPED_STEP))).sum()) if peak else 0
    return found


def spectrum_edge(samples: Samples, rate: int) -> tuple[float, float]:
    """Where the spectrum ends as if cut off, and by how much.

    The steepest fall of the mean spectrum, between 500 Hz below and 500 Hz above, above which nothing returns.

    Parameters
    ----------
    samples : array, shape (n,)
        Mono, 4096 samples at least.
    rate : int

    Returns
    -------
    float
        The edge, Hz; half the rate if there is none.
    float
        The fall, dB; 0 if there is none.
    """
    from scipy.signal import welch

    hz, power = welch(np.asarray(samples, dtype=np.float64), rate, nperseg=WINDOW)
    # 16-bit rounding leaves a floor of this power in each hertz: falls below it would be falls of nothing.
    db = 10 * np.log10(np.maximum(power, ONE_STEP_OF_16_BITS**2 / 6 / rate))
    width, gap = round(EDGE_WIDTH * WINDOW / rate), round(EDGE_GAP * WINDOW / rate)
    sums = np.concatenate([[0.0], np.cumsum(db)])
    at = np.arange(max(width, round(EDGE_FROM * WINDOW / rate)), len(db) - width - gap)
    below = (sums[at] - sums[at - width]) / width
    above = (sums[at + gap + width] - sums[at + gap]) / width
    # The loudest of everything above: music whose treble comes back has a gap, not an end.
    loudest = np.maximum.accumulate(db[::-1])[::-1][at + gap]
    falls = np.minimum(below - above, below - loudest + 6)
    if not len(falls) or falls.max() <= 0:
        return rate / 2, 0.0
    best = int(np.argmax(falls))
    return float(hz[at[best]]), float(falls[best])


def looks_lossy(edge: float, fall: float) -> bool:
    """A guess: encoders cut the treble off below 20.7 kHz, converters and resamplers above."""
    return fall >= EDGE_DROP and edge <= EDGE_UP_TO


def fingerprint(samples: Samples, rate: int) -> Words:
    """A word of 32 bits each 11.6 ms that survives codecs and levels (Haitsma and Kalker, ISMIR 2002).

    Parameters
    ----------
    samples : array, shape (n,)
        Mono.
    rate : int
        6,000 or more; prints of unlike rates can't be compared.

    Returns
    -------
    array of uint32, shape (frames,)
        Each bit: whether the difference of two neighbouring bands' energies rose since the frame before.
    """
    from scipy.signal import resample_poly

    down = rate // ENOUGH_RATE
    samples, rate = resample_poly(samples, 1, down), rate // down
    frame, step = round(FRAME_SECONDS * rate), round(STEP_SECONDS * rate)
    if len(samples) < frame + step:
        return np.empty(0, np.uint32)
    frames = np.lib.stride_tricks.sliding_window_view(np.asarray(samples, dtype=np.float32), frame)[::step]
    edges = np.geomspace(LOWEST_HZ, HIGHEST_HZ, BITS + 2) * frame / rate
    bounds = np.round(edges).astype(int)
    window = np.hanning(frame).astype(np.float32)
    energies = np.empty((len(frames), BITS + 1))
    for first in range(0, len(frames), 64):
        spectrum = np.abs(np.fft.rfft(frames[first : first + 64] * window, axis=1)[:, : bounds[-1]]) ** 2
        energies[first : first + 64] = np.add.reduceat(spectrum, bounds[:-1], axis=1)
    rises = np.diff(np.diff(energies, axis=1), axis=0) > 0
    words: Words = np.packbits(rises, axis=1).view(">u4").ravel().astype(np.uint32)
    return words


def duplicates(prints: Mapping[str, Words], recordings: Mapping[str, str]) -> dict[str, str]:
    """Which excerpts share 3 s of music or more with an earlier one of another recording.

    Parameters
    ----------
    prints : mapping
        Excerpt to its fingerprint; the order decides which of two is the duplicate.
    recordings : mapping
        Excerpt to its recording.

    Returns
    -------
    dict
        Duplicate to the earlier excerpt.
    """
    places: dict[int, list[tuple[str, int]]] = {}
    found: dict[str, str] = {}
    for name, words in prints.items():
        shifts = Counter(
            (other, at - there)
            for at, word in enumerate(words.tolist())
            for other, there in places.get(word, ())[:COMMON_WORD]
            if recordings[other] != recordings[name]
        )
        for (other, shift), _ in shifts.most_common(CANDIDATES):
            if _same(words, prints[other], shift):
                found[name] = other
                break
        for at, word in enumerate(words.tolist()):
            places.setdefault(word, []).append((name, at))
    return found


def _same(a: Words, b: Words, shift: int) -> bool:
    """Whether `a`, begun `shift` frames later than `b`, agrees with it in more bits than chance allows."""
    first, last = max(0, shift), min(len(a), len(b) + shift)
    if (last - first) * STEP_SECONDS < SAME_SECONDS:
        return False
    differ = np.unpackbits((a[first:last] ^ b[first - shift : last - shift]).view(np.uint8))
    return bool(differ.mean() < 1 - SAME_BITS)
