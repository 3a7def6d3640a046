"""Sounds that tell headphones from loudspeakers: two published tasks with three intervals and one right answer.

Both rest on the two ears getting different signals. Over loudspeakers the two channels mix in the air before they
reach an ear: what differs between them cancels or is lost.

- Woods, Siegel, Traer & McDermott 2017, Attention, Perception & Psychophysics 79: which tone is the quietest.
- Milne, Bianco, Poole, Zhao, Oxenham, Billig & Chait 2020, Behavior Research Methods 53: which noise holds a tone
  that only both ears together hear (Huggins pitch).
"""

import numpy as np
from numpy.typing import NDArray

Stereo = NDArray[np.float64]

INTERVALS = 3
RATE = 44_100
# Ours: neither level is that of a publication. Gaussian noise at -20 dB has ten standard deviations below full scale.
LEVEL_DB = -20.0

TONE_HZ = 200.0
TONE_SECONDS = 1.0
TONE_GAP_SECONDS = 0.5
RAMP_SECONDS = 0.1
QUIETER_DB = 6.0

PITCH_HZ = 600.0
PITCH_WIDTH = 0.06
NOISE_SECONDS = 1.0
NOISE_GAP_SECONDS = 1.0

COLOURS = {"white": 0.0, "pink": 0.5}


def antiphase_trial(
    correct: int,
    *,
    seed: int,
    rate: int = RATE,
    frequency: float = TONE_HZ,
    duration: float = TONE_SECONDS,
    gap: float = TONE_GAP_SECONDS,
    ramp: float = RAMP_SECONDS,
    quieter: float = QUIETER_DB,
    level: float = LEVEL_DB,
) -> Stereo:
    """Three tones, one of them quieter and another in antiphase (Woods et al. 2017).

    Over headphones the quieter tone is the quietest. Over loudspeakers the tone whose right channel is the negative
    of the left cancels in part, and is taken for it.

    Parameters
    ----------
    correct : int
        Which tone is the quieter one, 1 to 3.
    seed : int
        Draws which of the other two is in antiphase.
    rate : int
        Samples per second.
    frequency : float
        Of the tones, Hz.
    duration, gap, ramp : float
        Of each tone, between tones, and of the raised-cosine rise and fall within each tone, seconds.
    quieter : float
        How far the right answer lies below the others, dB.
    level : float
        RMS of the louder tones between their ramps, dB of full scale.

    Returns
    -------
    array of float64, shape (n, 2)
        Left and right; n is `3 * duration + 2 * gap` in samples.

    Raises
    ------
    ValueError
        `correct` is not 1, 2 or 3, a time or the rate makes no sound, the tone does not fit the rate, or the level
        would clip.
    """
    _check(correct, rate, duration, gap)
    if not 0 < frequency < rate / 2:
        raise ValueError(f"the tone is {frequency:g} Hz: expected more than 0 and less than half the rate, {rate} Hz")
    if not 0 <= 2 * ramp <= duration:
        raise ValueError(f"the ramps take {ramp:g} s each: two of them must fit into {duration:g} s")
    amplitude = float(np.sqrt(2) * 10 ** (level / 20))
    if amplitude > 1 or amplitude * 10 ** (-quieter / 20) > 1:
        raise ValueError(f"a level of {level:g} dB and a tone {quieter:g} dB lower would clip")
    others = [place for place in range(1, INTERVALS + 1) if place != correct]
    foil = others[int(np.random.default_rng(seed).integers(len(others)))]
    time = np.arange(_samples(duration, rate)) / rate
    tone = amplitude * np.sin(2 * np.pi * frequency * time) * _envelope(len(time), _samples(ramp, rate))
    tones = []
    for place in range(1, INTERVALS + 1):
        left = tone * 10 ** (-quieter / 20) if place == correct else tone
        tones.append(np.column_stack([left, -left if place == foil else left]))
    return _in_a_row(tones, _samples(gap, rate))


def huggins_trial(
    correct: int,
    *,
    seed: int,
    rate: int = RATE,
    frequency: float = PITCH_HZ,
    width: float = PITCH_WIDTH,
    duration: float = NOISE_SECONDS,
    gap: float = NOISE_GAP_SECONDS,
    level: float = LEVEL_DB,
) -> Stereo:
    """Three white noises, one of them with a Huggins pitch (Milne et al. 2020).

    Two noises are the same in both ears. In the third the right ear gets the band around `frequency` with its phase
    turned by 180 degrees: neither ear alone holds a tone, both together hear a faint one at `frequency`.

    Parameters
    ----------
    correct : int
        Which noise holds the pitch, 1 to 3.
    seed : int
        Draws the noises, a new one for each interval.
    rate : int
        Samples per second.
    frequency : float
        Centre of the band, Hz.
    width : float
        Half the band's width as a part of `frequency`: 0.06 is the publication's 600 Hz ± 6 %.
    duration, gap : float
        Of each noise and between noises, seconds.
    level : float
        RMS of the noises, dB of full scale.

    Returns
    -------
    array of float64, shape (n, 2)
        Left and right; n is `3 * duration + 2 * gap` in samples.

    Raises
    ------
    ValueError
        `correct` is not 1, 2 or 3, a time or the rate makes no sound, the band does not fit the rate or holds no
        frequency of a noise this short, or the level would clip.
    """
    _check(correct, rate, duration, gap)
    length = _samples(duration, rate)
    frequencies = np.fft.rfftfreq(length, 1 / rate)
    band = np.abs(frequencies - frequency) <= width * frequency
    if not 0 < width < 1 or frequency * (1 + width) >= rate / 2 or not band.any():
        raise ValueError(f"a band of {frequency:g} Hz ± {width:.0%} does not fit noise of {duration:g} s at {rate} Hz")
    rng = np.random.default_rng(seed)
    noises = []
    for place in range(1, INTERVALS + 1):
        left = _noise(length, "white", level, rng)
        right = left
        if place == correct:
            spectrum = np.fft.rfft(left)
            spectrum[band] *= -1
            right = np.fft.irfft(spectrum, length)
        noises.append(np.column_stack([left, right]))
    return _in_a_row(noises, _samples(gap, rate))


def level_noise(
    seconds: float, *, seed: int, rate: int = RATE, colour: str = "white", level: float = LEVEL_DB
) -> Stereo:
    """Noise to set the volume by, as before the task of Woods et al. 2017: alike in both ears, looped without a click.

    Parameters
    ----------
    seconds : float
        How long.
    seed : int
        Draws the noise.
    rate : int
        Samples per second.
    colour : {"white", "pink"}
        White for Huggins pitch, whose trials are of the same noise. Pink (3 dB less per octave) for the tones of
        200 Hz, beside which white noise of their level would be much louder. The choice is ours.
    level : float
        RMS, dB of full scale.

    Returns
    -------
    array of float64, shape (n, 2)

    Raises
    ------
    ValueError
        An unknown colour, a time or rate that makes no sound, or a level that would clip.
    """
    if colour not in COLOURS:
        raise ValueError(f"colour is {colour!r}: expected 'white' or 'pink'")
    _check(1, rate, seconds, 0)
    noise = _noise(_samples(seconds, rate), colour, level, np.random.default_rng(seed))
    return np.column_stack([noise, noise])


def _noise(length: int, colour: str, level: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Gaussian noise at exactly the level."""
    noise = rng.standard_normal(length)
    if COLOURS[colour]:
        spectrum = np.fft.rfft(noise)
        # From 0 Hz on nothing below the first frequency: 1/f has no end there.
        spectrum[1:] /= np.arange(1, len(spectrum)) ** COLOURS[colour]
        spectrum[0] = 0
        noise = np.fft.irfft(spectrum, length)
    noise *= 10 ** (level / 20) / np.sqrt(np.mean(noise**2))
    if np.abs(noise).max() > 1:
        raise ValueError(f"noise at {level:g} dB of full scale would clip: take a lower level")
    return noise


def _envelope(length: int, ramp: int) -> NDArray[np.float64]:
    envelope = np.ones(length)
    if ramp:
        rise = 0.5 - 0.5 * np.cos(np.pi * np.arange(ramp) / ramp)
        envelope[:ramp] = rise
        envelope[length - ramp :] = rise[::-1]
    return envelope


def _in_a_row(intervals: list[Stereo], gap: int) -> Stereo:
    silence = np.zeros((gap, 2))
    first, *others = intervals
    return np.concatenate([first] + [part for interval in others for part in (silence, interval)])


def _samples(seconds: float, rate: int) -> int:
    return round(seconds * rate)


def _check(correct: int, rate: int, duration: float, gap: float) -> None:
    if correct not in range(1, INTERVALS + 1):
        raise ValueError(f"the right answer is {correct}: expected 1, 2 or 3")
    if rate <= 0 or not np.isfinite(duration) or not np.isfinite(gap) or gap < 0 or _samples(duration, rate) < 2:
        raise ValueError(f"{duration:g} s of sound and gaps of {gap:g} s at {rate} Hz can't be made")
