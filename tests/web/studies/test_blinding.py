"""What reaches the visitor of a page's sounds tells nothing about which is which."""

import io
import json
import re
import time

import numpy as np
import pytest
import soundfile
from scipy.stats import binomtest
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GroupKFold, cross_val_predict

from studies.blinding import STEP, padded, page_bytes, reencoded
from studies.models import Slot

pytestmark = pytest.mark.django_db


@pytest.fixture
def sounds(visitor) -> dict[str, tuple[bytes, dict[str, str]]]:
    """Bytes and headers of every sound of the practice page, by its stimulus; "open" is the open reference."""
    visitor.to_the_pages()
    answers = {}
    for slot in Slot.objects.filter(presentation__session=visitor.session, presentation__number=1):
        answer = visitor.client.get(visitor.address("sound", slot.token))
        assert answer.status_code == 200
        answers[slot.stimulus.kind if slot.position else "open"] = (answer.content, dict(answer.headers))
    return answers


def test_all_have_the_same_number_of_bytes_and_of_samples(sounds):
    assert len(sounds) == 5
    assert len({len(content) for content, _headers in sounds.values()}) == 1
    assert {len(soundfile.read(io.BytesIO(content))[0]) for content, _headers in sounds.values()} == {48_000}


def test_headers_are_the_same_and_name_nothing(sounds):
    assert len({tuple(sorted(headers.items())) for _content, headers in sounds.values()}) == 1
    headers = sounds["open"][1]
    assert not {"ETag", "Last-Modified", "Content-Disposition"} & set(headers)


def test_the_hidden_reference_is_the_open_one_in_other_bytes(sounds):
    hidden, shown = sounds["reference"][0], sounds["open"][0]
    assert hidden != shown
    np.testing.assert_array_equal(*(soundfile.read(io.BytesIO(content))[0] for content in (hidden, shown)))


def test_the_head_of_every_hidden_sound_is_the_same_but_for_the_padding_length(sounds):
    heads = {content[:42] for name, (content, _headers) in sounds.items() if name != "open"}
    assert len(heads) == 1


def test_tokens_are_of_one_session_and_one_place_only(visitor, study):
    other = type(visitor)(study)
    tokens = {slot.token for slot in visitor.slots()} | {slot.token for slot in visitor.slots(2)}
    assert len(tokens) == 8
    assert not tokens & {slot.token for slot in other.slots()}
    assert visitor.client.get(visitor.address("sound", other.slots()[0].token)).status_code == 404


def test_the_size_is_little_more_than_the_largest_needs(visitor):
    presentation = visitor.session.pages.get(number=1)
    largest = max(stimulus.file.size for stimulus in presentation.page.stimuli.all())
    assert largest < page_bytes(presentation) < 1.05 * largest + 2 * STEP


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("samples", [1, 4607, 4608, 4609, 30_000])
def test_the_open_reference_shares_no_stretch_of_bytes_with_the_hidden_one(channels, samples):
    noise = np.random.default_rng(0).integers(-9000, 9000, (samples, channels), dtype=np.int16)
    hidden = io.BytesIO()
    soundfile.write(hidden, noise, 48_000, format="FLAC", subtype="PCM_16")
    shown = reencoded(hidden.getvalue())
    np.testing.assert_array_equal(soundfile.read(io.BytesIO(shown), dtype="int16", always_2d=True)[0], noise)
    if samples > 9216:
        stretches = {hidden.getvalue()[i : i + 64] for i in range(4096, len(hidden.getvalue()) - 64)}
        assert not any(shown[i : i + 64] in stretches for i in range(4096, len(shown) - 64))


def test_sound_that_does_not_fit_is_refused_and_not_cut(recording):
    content = recording.stimuli.get(kind="reference").file.read()
    with pytest.raises(ValueError, match="can't be padded to 1000"):
        padded(content, 1000)


# --- A guesser with everything that a browser sees but the sound itself --------------------------------------------

SESSIONS = 60
KINDS = ("reference", "anchor35", "anchor70", "system")


def seen(visitor) -> list[tuple[str, list[float]]]:
    """For each hidden stimulus of the practice page: what it is, and the figures that its traces give."""
    page = visitor.page()
    data = json.loads(re.search(r'id="page-data"[^>]*>(.*?)</script>', page, re.DOTALL)[1])
    kinds = {slot.token: slot.stimulus.kind for slot in visitor.slots()}
    found = []
    for order, card in enumerate(data["cards"]):
        begun = time.perf_counter()
        answer = visitor.client.get(card["url"])
        took = time.perf_counter() - begun
        token = card["token"]
        numbers = [order, len(card["url"]), len(json.dumps(card)), len(answer.content), took, page.index(token)]
        numbers += [len(answer.headers), sum(map(len, answer.headers.values()))]
        numbers += [ord(letter) for letter in token]
        found.append((kinds[token], [float(number) for number in numbers]))
    return found


def right_guesses(features, kinds, groups) -> int:
    """How many kinds a random forest finds in sessions that it has not seen.

    Every split looks at every figure: one that tells is used by every tree, however many others say nothing.
    """
    guesser = RandomForestClassifier(n_estimators=60, max_features=None, random_state=0, n_jobs=1)
    guessed = cross_val_predict(guesser, np.array(features), kinds, groups=groups, cv=GroupKFold(5))
    return int((guessed == kinds).sum())


def test_a_trained_guesser_finds_nothing_in_what_the_browser_sees(study, visitor):
    rows, sizes = [], {}
    for number in range(SESSIONS):
        one = type(visitor)(study)
        one.to_the_pages()
        rows += [(number, *row) for row in seen(one)]
    for stimulus in study.pages.first().stimuli.all():
        sizes[stimulus.kind] = float(stimulus.file.size)
    groups, kinds, features = (list(column) for column in zip(*rows, strict=True))
    kinds = np.array(kinds)
    trials = SESSIONS * len(KINDS)
    right = right_guesses(features, kinds, groups)
    assert binomtest(right, trials, 1 / len(KINDS), alternative="greater").pvalue > 0.001, f"{right} of {trials}"
    # The same guesser with the files' own sizes, which the padding hides, finds them all: it is able to.
    telling = [[*row, sizes[kind]] for row, kind in zip(features, kinds, strict=True)]
    assert right_guesses(telling, kinds, groups) > 0.95 * trials
