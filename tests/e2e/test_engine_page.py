"""The engine's page: files to samples, failing downloads, the next page's sounds, the loop's controls, live sound."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, expect

from modelzoo.audio import write_flac
from tests.e2e.engine_stage import FIREFOX, RATE, Asking, Site, firefox

pytestmark = pytest.mark.e2e

MUSIC = np.random.default_rng(5).uniform(-0.9, 0.9, (RATE, 2))
MUSIC[:4] = [[1, -1], [-1, 1], [0, 0], [2**-15, -(2**-15)]]  # both ends of the scale, and the smallest steps
STEP = 2.0**-15

LOOP_PAGE = """
<!doctype html><title>loop</title>
<label>from <input type="range" id="loop-start" min="0" max="1000" value="0" disabled></label>
<label>to <input type="range" id="loop-end" min="0" max="1000" value="1000" disabled></label>
<canvas id="wave" width="900" height="56"></canvas><span id="position"></span>
<script type="module">
import { Loop } from "/static/loop.js";
import { Engine } from "/static/engine.js";
const context = new OfflineAudioContext(2, 128, 48000);
await context.audioWorklet.addModule("/static/engine-worklet.js");
window.engine = new Engine(context);
window.refused = 0;
engine.addEventListener("refused", () => (refused += 1));
const { outline, samples } = await engine.load(0, "/odd.flac");
window.changes = [];
window.loop = new Loop(engine, samples, 48000, outline, (range) => changes.push(range));
window.ready = true;
</script>
"""


def flac(samples: NDArray[Any], rate: int = RATE, bits: int = 16) -> tuple[str, bytes]:
    file = io.BytesIO()
    write_flac(file, samples, rate, bits)
    return "audio/flac", file.getvalue()


@pytest.fixture(scope="module")
def made() -> Iterator[Site]:
    site = Site()
    site.files |= {
        "/16.flac": flac(MUSIC),
        "/24.flac": flac(MUSIC, bits=24),
        "/other-rate.flac": flac(MUSIC[:44100], 44100),
        "/odd.flac": flac(MUSIC[:47003]),
        "/broken.flac": ("audio/flac", b"not music"),
        "/loop.html": ("text/html", LOOP_PAGE.encode()),
        **{f"/next-{i}.flac": flac(MUSIC[: 30000 + i]) for i in range(3)},
    }
    yield site
    site.server.shutdown()
    site.server.server_close()


@pytest.fixture
def site(made: Site) -> Site:
    made.failures.clear()
    made.asked.clear()
    return made


@pytest.fixture
def at(page: Page, site: Site) -> Page:
    page.goto(site.url)
    page.wait_for_function("window.ready")
    return page


@pytest.fixture(scope="module")
def fox(made: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    if FIREFOX is None:
        pytest.skip("there is no Firefox here")
    with firefox(made, tmp_path_factory.mktemp("firefox")) as running:
        yield running


@pytest.fixture(params=["at", "fox"])
def anywhere(request: pytest.FixtureRequest) -> Page | Asking:
    page: Page | Asking = request.getfixturevalue(request.param)
    return page


LOAD = """async ([url, rate]) => {
  const context = new OfflineAudioContext(2, 48000, rate);
  await context.audioWorklet.addModule(WORKLET);
  const engine = new Engine(context);
  let kinds;
  const send = engine.send.bind(engine);
  engine.send = (type, values, transfer) => {
    if (type === "load") kinds = values.channels.map((channel) => channel.constructor.name);
    send(type, values, transfer);
  };
  const { outline, samples } = await engine.load(0, url);
  send("play");
  await engine.sync();
  const buffer = await context.startRendering();
  const body = new Blob([buffer.getChannelData(0), buffer.getChannelData(1)]);
  await fetch("/results/load", { method: "POST", body });
  return { kinds, outline, samples, given: engine.given };
}"""


@pytest.mark.parametrize(("url", "kind", "bits"), [("/16.flac", "Int16Array", 16), ("/24.flac", "Float32Array", 24)])
def test_a_flac_file_comes_out_to_the_bit(anywhere, site, url, kind, bits):
    said = anywhere.evaluate(LOAD, [url, RATE])
    assert said["kinds"] == [kind, kind]
    assert said["samples"] == RATE
    found = np.frombuffer(site.results["/results/load"], dtype=np.float32).reshape(2, -1)
    whole = np.minimum(np.rint(MUSIC * 2 ** (bits - 1)), 2 ** (bits - 1) - 1) / 2 ** (bits - 1)
    # Between the loop's fades the file's own numbers come out: nothing is scaled, dithered or shifted.
    assert np.array_equal(found[:, 240:47700], whole.T[:, 240:47700].astype(np.float32))
    assert len(said["outline"]) == 300
    assert said["outline"][1] == pytest.approx(np.abs(whole[160:320, 0]).max())


def test_another_rate_is_resampled_once_and_said(anywhere):
    said = anywhere.evaluate(LOAD, ["/other-rate.flac", RATE])
    assert said["kinds"] == ["Float32Array", "Float32Array"]
    assert said["samples"] == pytest.approx(RATE, abs=1)
    assert said["given"]["rate"] == RATE


def test_a_download_is_tried_again_and_tells_how_far_it_is(at, site):
    site.failures["/16.flac"] = [503, 429, 500]
    said = at.evaluate(
        "async () => { const steps = [];"
        " const bytes = await download('/16.flac', { pause: 5, progress: (...step) => steps.push(step) });"
        " return { size: bytes.byteLength, steps }; }"
    )
    size = len(site.files["/16.flac"][1])
    assert site.asked.count("/16.flac") == 4
    assert said["size"] == size
    assert said["steps"][:3] == [[0, None]] * 3
    assert said["steps"][-1] == [size, size]
    received = [step[0] for step in said["steps"][3:]]
    assert received == sorted(received)


def test_a_download_gives_up_with_the_reason(at, site):
    failing = "url => download(url, { pause: 1, tries: 3 }).then(() => 'came', (error) => error.message)"
    assert at.evaluate(failing, "/nowhere.flac") == "/nowhere.flac answered 404"
    assert site.asked.count("/nowhere.flac") == 1, "what is not there will not be there a second later"
    site.failures["/16.flac"] = [500] * 9
    assert at.evaluate(failing, "/16.flac") == "/16.flac answered 500"
    assert site.asked.count("/16.flac") == 3


@pytest.mark.parametrize("stop", ["progress: () => stop.abort()", "progress: () => setTimeout(() => stop.abort(), 50)"])
def test_a_download_can_be_stopped_between_tries(at, site, stop):
    """The pause would be 7.5 s at least; the race only ends a test whose download does not stop."""
    site.failures["/16.flac"] = [503] * 9
    said = at.evaluate(
        "async () => { const stop = new AbortController();"
        f" const coming = download('/16.flac', {{ pause: 60000, signal: stop.signal, {stop} }});"
        " const late = new Promise((resolve) => setTimeout(resolve, 5000, 'still waiting'));"
        " return Promise.race([coming.then(() => 'came', (error) => error.name), late]); }"
    )
    assert said == "AbortError"
    assert site.asked.count("/16.flac") == 1


AHEAD = "async () => (await (await caches.open('earwitness-ahead')).keys()).map((one) => new URL(one.url).pathname)"
INTO = """async (url) => {
  const context = new OfflineAudioContext(2, 128, 48000);
  await context.audioWorklet.addModule(WORKLET);
  return (await ahead.loadInto(new Engine(context), 0, url)).samples;
}"""


def test_the_next_page_finds_its_sounds_here_and_uses_them_up(at, site):
    urls = ["/next-0.flac", "/next-1.flac"]
    assert at.evaluate("urls => ahead.prefetch(urls)", urls) == 2
    at.reload()
    at.wait_for_function("window.ready")
    site.asked.clear()
    assert [at.evaluate(INTO, url) for url in urls] == [30000, 30001]
    assert not set(urls) & set(site.asked), "no download: they were here"
    assert at.evaluate(AHEAD) == []
    assert at.evaluate(INTO, urls[0]) == 30000
    assert site.asked.count(urls[0]) == 1


def test_prefetch_forgets_what_is_no_longer_wanted_and_does_not_fetch_twice(at, site):
    at.evaluate("urls => ahead.prefetch(urls)", ["/next-0.flac", "/next-1.flac"])
    assert at.evaluate("urls => ahead.prefetch(urls)", ["/next-1.flac", "/next-2.flac", "/nowhere.flac"]) == 2
    assert sorted(at.evaluate(AHEAD)) == ["/next-1.flac", "/next-2.flac"]
    assert site.asked.count("/next-1.flac") == 1
    at.evaluate("ahead.clear()")
    assert at.evaluate(AHEAD) == []


def test_without_storage_sounds_are_downloaded_as_usual(at, site):
    at.evaluate("Object.defineProperty(window, 'caches', { value: undefined })")
    assert at.evaluate("urls => ahead.prefetch(urls)", ["/next-0.flac"]) == 0
    at.evaluate("ahead.clear()")
    assert at.evaluate(INTO, "/next-0.flac") == 30000


LIVE = """async () => {
  window.engine = await Engine.open(48000, WORKLET);
  window.places = [];
  engine.addEventListener("position", ({ detail }) => places.push(detail));
  const failed = await engine.load(1, "/broken.flac").then(() => "", (error) => error.name);
  const loaded = await Promise.all([engine.load(0, "/16.flac"), engine.load(2, "/odd.flac")]);
  await engine.play();
  return { failed, samples: loaded.map((one) => one.samples), length: engine.length };
}"""


def test_a_live_context_plays_tells_what_it_gave_and_closes(at):
    """The context was asked for 48 kHz; Chromium's gives it with or without a sound card."""
    assert at.evaluate(LIVE) == {"failed": "EncodingError", "samples": [48000, 47003], "length": 47003}
    at.wait_for_function("places.length > 2 && places.at(-1).position > 4000")
    given = at.evaluate("engine.given")
    assert (given["asked"], given["rate"], given["resampled"], given["state"]) == (48000, 48000, False, "running")
    assert given["baseLatency"] > 0
    assert given["outputLatency"] >= 0
    assert given["output"]["device"] == "default"
    state = at.evaluate("engine.sync()")
    assert (state["index"], state["playing"], state["loop"]) == (0, True, {"start": 0, "end": 47003})
    assert at.evaluate("Promise.all([engine.close(), engine.close()]).then(() => engine.context.state)") == "closed"


def test_the_loop_by_keyboard_stays_half_a_second_long(page, site):
    page.goto(f"{site.url}/loop.html")
    page.wait_for_function("window.ready")
    page.get_by_label("from").press("End")
    start, end = page.evaluate("changes.at(-1)")
    assert end == 47003
    assert RATE // 2 <= end - start <= RATE // 2 + 100, "as short as the steps of the slider allow"
    page.get_by_label("to").press("Home")
    for _ in range(20):
        page.get_by_label("to").press("ArrowLeft")
        page.get_by_label("from").press("ArrowLeft")
    ranges = page.evaluate("changes")
    assert min(end - start for start, end in ranges) >= RATE // 2
    state = page.evaluate("engine.sync()")
    assert [state["loop"]["start"], state["loop"]["end"]] == ranges[-1], "the engine has what the page shows"
    assert page.evaluate("refused") == 0


def test_the_loop_and_the_place_by_pointer(page, site):
    page.goto(f"{site.url}/loop.html")
    page.wait_for_function("window.ready")
    box = page.locator("#wave").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 10)
    assert page.evaluate("engine.sync()")["position"] == pytest.approx(47003 / 2, abs=60)
    slider = page.get_by_label("to").bounding_box()
    page.mouse.move(slider["x"] + slider["width"] - 2, slider["y"] + slider["height"] / 2)
    page.mouse.down()
    page.mouse.move(slider["x"] + slider["width"] * 0.7, slider["y"] + slider["height"] / 2, steps=4)
    page.mouse.up()
    assert page.evaluate("engine.sync()")["loop"]["end"] == pytest.approx(47003 * 0.7, rel=0.08)
    expect(page.get_by_label("to")).to_have_attribute("aria-valuetext", "0.7 s")
    assert page.evaluate("refused") == 0


def test_the_loop_stays_within_a_shorter_stimulus_that_comes_later(page, site):
    page.goto(f"{site.url}/loop.html")
    page.wait_for_function("window.ready")
    page.evaluate("engine.load(1, '/next-0.flac')")
    page.get_by_label("from").press("ArrowRight")
    page.get_by_label("to").press("End")
    state = page.evaluate("engine.sync()")
    assert page.evaluate("refused") == 0
    assert state["loop"] == {"start": 30, "end": 30000}
