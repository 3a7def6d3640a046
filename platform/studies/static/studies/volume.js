/* The volume page: plays the practice page's reference and sets the gain that the whole test keeps. */
import { prefetch, take } from "./ahead.js";
import { Engine, NoOutput } from "./engine.js";

const form = document.querySelector("#volume-form");
const slider = document.querySelector("#volume");
const button = document.querySelector("#play");
const state = document.querySelector("#volume-state");
const play = button.textContent;
let engine = null;
let playing = false;
let loading = false;

async function start() {
  const { rate, worklet, sound } = form.dataset;
  const opened = await Engine.open(Number(rate), worklet);
  try {
    await opened.load(0, sound, { source: take });
  } catch (error) {
    opened.close();
    throw error;
  }
  opened.addEventListener("state", ({ detail }) => detail !== "running" && playing && toggle());
  return opened;
}

function setGain() {
  slider.setAttribute("aria-valuetext", `${Math.round(100 * slider.value)} %`);
  engine?.send("gain", { value: Number(slider.value) });
}

async function toggle() {
  if (playing) engine.pause();
  else await engine.play();
  playing = !playing;
  button.textContent = playing ? form.dataset.pause : play;
  // The latencies are known only once it plays.
  document.querySelector("#audio").value = JSON.stringify(engine.given);
}

button.addEventListener("click", async () => {
  if (loading) return;
  loading = true;
  state.textContent = engine ? "" : form.dataset.loading;
  try {
    engine ??= await start();
    state.textContent = "";
    setGain();
    await toggle();
  } catch (error) {
    state.textContent = error instanceof NoOutput ? form.dataset.noOutput : form.dataset.failed;
    console.error(error);
  } finally {
    loading = false;
  }
});
slider.addEventListener("input", setGain);
setGain();
form.addEventListener("submit", () => engine?.close());
// While the level is set, the first page's sounds come in.
prefetch(JSON.parse(form.dataset.ahead));
