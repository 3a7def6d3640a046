/* The rating page: joins the engine, the sliders and the outbox. What is rated is on its way before the slider rests. */
import { Engine, NoOutput } from "./engine.js";
import { Outbox } from "./outbox.js";
import { Loop } from "./loop.js";
import { clear, loadInto, prefetch } from "./ahead.js";

const data = JSON.parse(document.querySelector("#page-data").textContent);
const words = data.words;
const find = (selector) => document.querySelector(selector);
const csrf = find("[name=csrfmiddlewaretoken]").value;
const shownAt = performance.now();
const TOP = 100;

const cards = [...document.querySelectorAll(".rate-card")].map((element, i) => ({
  ...data.cards[i],
  index: i + 1,
  element,
  button: element.querySelector(".listen"),
  slider: element.querySelector(".score"),
  output: element.querySelector("output"),
  state: element.querySelector(".state"),
}));

let engine;
let outbox;
let loop;
let current = 0;
let playing = false;
let heard = false;
let leaving = false;
const events = [];

const note = (kind, detail, index = current) =>
  events.push([Math.round(performance.now() - shownAt), kind, index, detail ?? null]);

async function sendEvents() {
  if (events.length) await outbox.put("events", { page: data.page, rows: events.splice(0) });
}

/* The score and its label, which the eye finds beside the sliders: "61, Good". */
const labels = [...document.querySelectorAll(".scale li")].map((label) => label.textContent);
const inWords = (score) => `${Math.round(score)}, ${labels[Math.min(labels.length - 1, Math.floor((TOP - score) / 20))]}`;

function showCard(card) {
  const rated = card.score !== null;
  card.element.classList.toggle("untouched", !rated);
  card.element.classList.toggle("playing", current === card.index);
  card.output.textContent = rated ? String(Math.round(card.score)) : "–";
  card.slider.setAttribute("aria-valuetext", rated ? inWords(card.score) : words.untouched);
  card.state.textContent = card.plays === 0 ? words.cardNotPlayed : rated ? "" : words.cardNotRated;
  card.slider.disabled = data.rateOnlyPlaying ? current !== card.index || !playing : !engine;
  card.button.setAttribute("aria-pressed", String(current === card.index && playing));
}

function missing() {
  const letters = (chosen) => chosen.map((card) => card.letter).join(", ");
  const unplayed = cards.filter((card) => card.plays === 0);
  const unrated = cards.filter((card) => card.score === null);
  const lines = [];
  if (unplayed.length) lines.push(words.notPlayed.replace("{letters}", letters(unplayed)));
  if (unrated.length) lines.push(words.notRated.replace("{letters}", letters(unrated)));
  if (!unrated.length && !cards.some((card) => card.score === TOP)) lines.push(words.noneAtTop);
  return lines;
}

function show() {
  cards.forEach(showCard);
  find("#reference").setAttribute("aria-pressed", String(current === 0 && playing));
  find("#toggle").textContent = playing ? words.pause : words.play;
  const lines = missing();
  find("#missing").textContent = lines.join(" ") || words.ready;
  find("#next").disabled = leaving || lines.length > 0;
}

async function listen(index) {
  if (index && cards[index - 1].button.disabled) return;
  current = index;
  engine.send("select", { index });
  if (!playing && !(await begin())) return;
  if (index) cards[index - 1].plays += 1;
  note("switch", index);
  show();
  if (index) bringIntoView(cards[index - 1]);
}

async function begin() {
  playing = true;
  try {
    await engine.play();
  } catch (error) {
    playing = false;
    show();
    if (!(error instanceof NoOutput)) throw error;
    failed(words.noOutput);
    return false;
  }
  find("#trouble").hidden = true;
  note("play");
  // What the sound comes out of; the browser knows its delay only once it plays.
  if (!heard) note("audio", engine.given);
  heard = true;
  return true;
}

/* Only the row of cards moves, and only if the card is not to be seen in it. */
function bringIntoView({ element, slider }) {
  slider.focus({ preventScroll: true });
  const row = find("#cards");
  const [seen, wanted] = [row.getBoundingClientRect(), element.getBoundingClientRect()];
  if (wanted.left < seen.left) row.scrollLeft -= seen.left - wanted.left;
  else if (wanted.right > seen.right) row.scrollLeft += wanted.right - seen.right;
}

async function toggle() {
  if (!playing) return listen(current);
  playing = false;
  engine.pause();
  note("pause");
  show();
}

/* Revisions rise with the clock, so that two tabs of a device know which change came last; and by one at least, so
   that a clock that was set back, or another device's, does no harm. */
const after = (revision) => Math.max(revision + 1, Date.now());

function rate(card) {
  card.score = Number(card.slider.value);
  card.revision = after(card.revision);
  note("rate", card.score, card.index);
  const seconds = Math.round(performance.now() - shownAt) / 1000;
  const { token, score, revision, plays } = card;
  outbox.put("rating", { token, score, revision, plays, seconds });
  show();
}

/* What the server has from another tab or device counts: show it, and say so. */
function takeOver(newer) {
  for (const { token, score, revision } of newer) {
    const card = cards.find((one) => one.token === token);
    if (!card || revision <= card.revision) continue;
    Object.assign(card, { score, revision, plays: Math.max(1, card.plays) });
    card.slider.value = score;
    find("#newer").textContent = words.newer;
    find("#newer").hidden = false;
  }
  show();
}

/* By rating, the highest first, or back by letter. The cards keep their letters and keys. */
function sort() {
  const button = find("#sort");
  const sorted = button.getAttribute("aria-pressed") !== "true";
  const order = sorted ? [...cards].sort((a, b) => (b.score ?? -1) - (a.score ?? -1)) : cards;
  button.setAttribute("aria-pressed", String(sorted));
  button.textContent = sorted ? words.unsort : words.sort;
  for (const card of order) find("#cards").append(card.element);
  note("sort", Number(sorted));
}

function comment() {
  data.commentRevision = after(data.commentRevision);
  outbox.put("comment", { page: data.page, text: find("#comment").value, revision: data.commentRevision });
}

function restart() {
  engine.restart();
  note("restart");
}

const KEYS = {
  " ": toggle,
  0: () => listen(0),
  r: () => listen(0),
  R: () => listen(0),
  "[": () => loop.startHere(),
  "]": () => loop.endHere(),
  b: restart,
  B: restart,
};

function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("textarea, input[type=text]")) return;
  const number = Number(event.key);
  const act = KEYS[event.key] ?? (number >= 1 && number <= cards.length ? () => listen(number) : null);
  if (!act || (event.key === " " && event.target.matches("button"))) return;
  event.preventDefault();
  // A key that is held down is one press.
  if (!event.repeat) act();
}

/* The slider's own keys move it by 1; with Shift the arrows move it by 10, as Page Up and Page Down do. Enter rates where it
   stands, and so does a click on it: neither moves it, so neither makes an input event. */
function onSliderKey(event, card) {
  const step = { ArrowUp: 10, ArrowDown: -10 }[event.key];
  if (event.key !== "Enter" && !(event.shiftKey && step)) return;
  event.preventDefault();
  if (event.key !== "Enter") card.slider.value = Number(card.slider.value) + step;
  rate(card);
}

const arrived = new Map();

async function fetchSound(index, url) {
  const progress = (received, total) => {
    arrived.set(index, total ? received / total : 0);
    find("#loaded").value = [...arrived.values()].reduce((sum, part) => sum + part, 0);
  };
  const loaded = await loadInto(engine, index, url, { progress });
  progress(1, 1);
  return loaded;
}

/* The reference first: with it the page can be used, and each card as soon as its sound is there. All sounds have the same
   size, so the order in which they come tells nothing. */
async function load() {
  const { outline, samples } = await fetchSound(0, data.reference);
  loop = new Loop(engine, samples, engine.given.rate, outline, (detail, kind = "loop") => note(kind, detail));
  enable();
  await Promise.all(
    cards.map(async (card) => {
      await fetchSound(card.index, card.url);
      card.button.disabled = false;
    }),
  );
}

function enable() {
  for (const element of [find("#reference"), find("#toggle")]) element.disabled = false;
  find("#reference").addEventListener("click", () => listen(0));
  find("#toggle").addEventListener("click", toggle);
  for (const card of cards) {
    card.button.addEventListener("click", () => listen(card.index));
    card.slider.addEventListener("input", () => rate(card));
    card.slider.addEventListener("pointerup", () => card.score === null && rate(card)); // a finger makes no click here
    card.slider.addEventListener("keydown", (event) => onSliderKey(event, card));
  }
  find("#sort").disabled = false;
  find("#sort").addEventListener("click", sort);
  document.addEventListener("keydown", onKey);
  document.addEventListener("visibilitychange", () => {
    note(document.hidden ? "blur" : "focus");
    if (document.hidden) sendEvents();
  });
}

async function next(event) {
  event.preventDefault();
  if (leaving) return;
  leaving = true;
  find("#next").disabled = true;
  await sendEvents();
  for (let state = await outbox.flush(); state !== "saved"; state = await outbox.flush()) {
    // Finished or deleted elsewhere: the server's page says what is the case.
    if (state === "finished" || state === "gone") return location.reload();
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  await engine?.close();
  if (!data.ahead.length) await clear();
  find("#next-form").submit();
}

/* Ratings kept on this device that the server had not got when the page was left: they count as they stand here. */
async function takeUpWaiting() {
  for (const { kind, entry } of await outbox.waiting()) {
    if (kind === "comment" && entry.page === data.page && entry.revision > data.commentRevision) {
      data.commentRevision = entry.revision;
      find("#comment").value = entry.text;
    }
    const card = kind === "rating" && cards.find((one) => one.token === entry.token);
    if (card && entry.revision > card.revision) {
      Object.assign(card, { score: entry.score, revision: entry.revision, plays: Math.max(card.plays, entry.plays) });
      card.slider.value = entry.score;
    }
  }
}

/* A telephone call, or the device went to sleep: what stands on the page is what is heard. */
function interrupted() {
  if (!playing) return;
  playing = false;
  engine.pause();
  note("pause");
  show();
}

function failed(reason) {
  find("#trouble").textContent = reason;
  find("#trouble").hidden = false;
}

async function main() {
  outbox = await Outbox.open(data.session, data.save, csrf);
  outbox.addEventListener("state", ({ detail }) => {
    find("#saved").textContent = words[detail];
    find("#saved").dataset.state = detail;
  });
  outbox.addEventListener("newer", ({ detail }) => takeOver(detail));
  find("#comment")?.addEventListener("change", comment);
  await takeUpWaiting();
  outbox.flush();
  show();
  find("#next-form").addEventListener("submit", next);
  setInterval(sendEvents, 15000);
  try {
    engine = await Engine.open(data.rate, find("#player").dataset.worklet);
    engine.send("gain", { value: data.gain, fixed: true });
    engine.addEventListener("state", ({ detail }) => detail !== "running" && interrupted());
    engine.addEventListener("failed", () => failed(words.failed));
    addEventListener("pagehide", () => engine.close());
    // A page that comes back from the browser's memory has no sound any more.
    addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
    await load();
    find("#loading").hidden = true;
    prefetch(data.ahead);
  } catch (error) {
    failed(words.failed);
    find("#loading").hidden = true;
    console.error(error);
  }
  show();
}

main();
