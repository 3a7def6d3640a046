/* The headphone check: plays its sounds. A trial's sound plays once; the answer is an ordinary form. */
const { words, step, duration } = JSON.parse(document.querySelector("#check-data").textContent);
let context = null;
let stopPlaying = () => {};

/* Fetched once, `early` before it is asked for. What is returned decodes it, or fails and may be called again. */
function sound(address, { early = false } = {}) {
  const fetchIt = async () => {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`${answer.status}`);
    return answer.arrayBuffer();
  };
  let fetched = early ? fetchIt() : null;
  fetched?.catch(() => {}); // Said when the listener wants to hear it.
  return async () => {
    context ??= new AudioContext();
    await context.resume();
    fetched ??= fetchIt();
    try {
      const bytes = await fetched;
      return await context.decodeAudioData(bytes.slice(0));
    } catch (error) {
      fetched = null;
      throw error;
    }
  };
}

/* Plays a decoded sound; only one sounds at a time. `ended` is called when it is over or stopped. */
function play(buffer, { loop = false, ended }) {
  stopPlaying();
  const source = new AudioBufferSourceNode(context, { buffer, loop });
  source.connect(context.destination);
  source.addEventListener("ended", ended, { once: true });
  const start = context.currentTime;
  source.start(start);
  stopPlaying = () => {
    stopPlaying = () => {};
    source.stop();
  };
  return start;
}

/* Before an attempt: the noise that loops until it is stopped, and the example, as often as wanted. */
for (const section of document.querySelectorAll("section[data-sound]")) {
  const button = section.querySelector(".sound");
  const state = section.querySelector(".state");
  const first = button.textContent;
  const loop = "loop" in section.dataset;
  const load = sound(section.dataset.sound);
  let playing = false;
  let loading = false;
  const rest = () => {
    playing = false;
    button.textContent = first;
    if (loop) button.setAttribute("aria-pressed", "false");
    state.textContent = "";
  };
  button.addEventListener("click", async () => {
    if (playing) {
      stopPlaying();
      return;
    }
    if (loading) return;
    loading = true;
    state.textContent = words.loading;
    try {
      play(await load(), { loop, ended: rest });
    } catch {
      state.textContent = words.failed;
      return;
    } finally {
      loading = false;
    }
    playing = true;
    state.textContent = words.playing;
    if (loop) {
      button.setAttribute("aria-pressed", "true");
      button.textContent = words.stop;
    }
  });
}

/* A trial. */
const trial = document.querySelector("#trial");
if (trial) {
  const button = trial.querySelector("#play");
  const answers = [...trial.querySelectorAll(".answers button")];
  const state = trial.querySelector("#check-state");
  const load = sound(trial.dataset.sound, { early: true });
  let sent = false;

  for (const answer of answers) answer.disabled = true;
  state.textContent = words.first;

  const done = () => {
    for (const answer of answers) {
      answer.disabled = false;
      answer.classList.remove("sounding");
    }
    button.textContent = words.played;
    state.textContent = words.answer;
  };

  /* The number of the tone that sounds is marked: three of them are easily miscounted. */
  const follow = (start) => {
    const seconds = context.currentTime - start;
    answers.forEach((answer, index) => {
      const since = seconds - index * step;
      answer.classList.toggle("sounding", since >= 0 && since < duration);
    });
    if (answers[0].disabled) requestAnimationFrame(() => follow(start));
  };

  button.addEventListener("click", async () => {
    // Not `disabled`, which would lose the focus of who presses it by keyboard.
    if (button.ariaDisabled === "true") return;
    button.ariaDisabled = "true";
    state.textContent = words.loading;
    try {
      const start = play(await load(), { ended: done });
      button.textContent = words.playing;
      state.textContent = words.listen;
      follow(start);
    } catch {
      state.textContent = words.failed;
      button.ariaDisabled = "false";
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    const answer = answers[Number(event.key) - 1];
    if (answer && !answer.disabled) answer.click();
  });

  trial.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
  /* Back in a page that the browser kept: an answer may be sent again, and the server says what stays. */
  addEventListener("pageshow", () => (sent = false));
}
