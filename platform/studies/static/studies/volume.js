/* The volume page: plays the practice page's reference and sets the gain that the whole test keeps. */
import { prefetch } from "./ahead.js";
import { Engine } from "./engine.js";

const form = document.querySelector("#volume-form");
const slider = document.querySelector("#volume");
const play = document.querySelector("#play");
let engine = null;
let playing = false;

async function start() {
  engine = await Engine.open(Number(form.dataset.rate), form.dataset.worklet);
  await engine.load(0, form.dataset.sound);
}

play.addEventListener("click", async () => {
  if (!engine) await start();
  playing = !playing;
  engine.send("gain", { value: Number(slider.value) });
  if (playing) await engine.play();
  else engine.pause();
  // The latencies are known only once it plays.
  document.querySelector("#audio").value = JSON.stringify(engine.given);
  play.setAttribute("aria-pressed", String(playing));
});
slider.addEventListener("input", () => engine?.send("gain", { value: Number(slider.value) }));
form.addEventListener("submit", () => engine?.close());
// While the level is set, the first page's sounds come in.
prefetch(JSON.parse(form.dataset.ahead));
