"""Drawing excerpts of which every quality is about as frequent (paper, section 2, step 6)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 40
LOWEST, HIGHEST = 1.0, 5.0


@dataclass(frozen=True)
class Distribution:
    """How many excerpts lie in each bin of MOS-LQO (`edges` has one more), before and after a draw."""

    edges: list[float]
    before: list[int]
    after: list[int]

    @property
    def unevenness(self) -> tuple[float, float]:
        """Before and after: the share of excerpts that would have to move for all reachable bins to be equal, 0-1."""
        reachable = np.array(self.before) > 0
        return _unevenness(np.array(self.before)[reachable]), _unevenness(np.array(self.after)[reachable])

    def to_dict(self) -> dict[str, object]:
        before, after = self.unevenness
        return {**asdict(self), "unevenness_before": round(before, 4), "unevenness_after": round(after, 4)}


def _unevenness(counts: NDArray[np.int64]) -> float:
    return float(np.abs(counts / counts.sum() - 1 / len(counts)).sum() / 2)


def bins_of(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """The bin, 0 to 39, of each MOS-LQO."""
    width = (HIGHEST - LOWEST) / BINS
    return np.clip(((scores - LOWEST) / width).astype(np.int64), 0, BINS - 1)


def quotas(counts: NDArray[np.int64], total: int) -> NDArray[np.int64]:
    """How many to take from each bin: all bins alike, and scarce bins whole, so that there are `total`.

    Raises
    ------
    ValueError
        There are less than `total`.
    """
    if total > counts.sum():
        raise ValueError(f"{total} can't be drawn from {counts.sum()}")
    taken = np.zeros_like(counts)
    while (left := total - int(taken.sum())) > 0:
        open_bins = np.flatnonzero(taken < counts)
        if left < len(open_bins):
            # The remainder goes where most are left, from the top of the scale down.
            order = sorted(open_bins, key=lambda i: (taken[i] - counts[i], -i))
            taken[order[:left]] += 1
        else:
            step = left // len(open_bins)
            taken[open_bins] += np.minimum(step, counts[open_bins] - taken[open_bins])
    return taken


def draw(
    references: Sequence[str], codecs: Sequence[Sequence[str]], scores: NDArray[np.float64], total: int, seed: int
) -> NDArray[np.int64]:
    """Draw `total` excerpts, uniform over quality, with recordings and codecs represented alike.

    Within a bin of quality, each place goes to the recording drawn least often so far, and to that one's excerpt
    whose codecs were drawn least often. Ties are settled by the seed.

    Parameters
    ----------
    references : sequence of str, length n
        Each excerpt's recording.
    codecs : sequence of sequences of str, length n
        The codecs that each went through.
    scores : array, shape (n,)
        MOS-LQO, 1 to 5.
    total : int
    seed : int

    Returns
    -------
    array, shape (total,)
        Positions, ascending.

    Raises
    ------
    ValueError
        `total` is more than n.
    """
    bins = bins_of(scores)
    wanted = quotas(np.bincount(bins, minlength=BINS), total)
    rank = np.random.default_rng([seed, 3]).permutation(len(scores))
    by_recording: Counter[str] = Counter()
    by_codec: Counter[str] = Counter()
    chosen: list[int] = []
    # Scarce bins leave no choice: the plentiful ones after them can make up for it.
    for number in sorted(range(BINS), key=lambda i: (int(wanted[i]), i)):
        candidates: dict[str, list[int]] = {}
        for position in sorted(np.flatnonzero(bins == number).tolist(), key=lambda i: rank[i]):
            candidates.setdefault(references[position], []).append(position)
        for _ in range(int(wanted[number])):
            recording = min(candidates, key=lambda name: (by_recording[name], rank[candidates[name][0]]))
            within = candidates[recording]
            best = min(within, key=lambda i: (sum(by_codec[c] for c in codecs[i]) / len(codecs[i]), rank[i]))
            within.remove(best)
            if not within:
                del candidates[recording]
            by_recording[recording] += 1
            by_codec.update(set(codecs[best]))
            chosen.append(best)
    return np.sort(np.array(chosen, dtype=np.int64))


def distribution(scores: NDArray[np.float64], drawn: NDArray[np.int64]) -> Distribution:
    """Counts in each bin of quality, of all excerpts and of those drawn."""
    edges = np.linspace(LOWEST, HIGHEST, BINS + 1).round(3).tolist()
    before = np.bincount(bins_of(scores), minlength=BINS).tolist()
    return Distribution(edges, before, np.bincount(bins_of(scores[drawn]), minlength=BINS).tolist())
