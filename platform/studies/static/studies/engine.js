/* The audio engine as a page sees it: loads stimuli, plays, switches, loops. Knows nothing of the page.
 * Its messages and rules are in docs/developer/audio-engine.md.
 *
 * Events: "position", "loaded", "refused", "synced" carry the processor's message as `detail`; "state" carries the
 * context's state ("running", "suspended", "interrupted", "closed"); "failed" says that the processor broke.
 */
import { download } from "./download.js";
import { discard } from "./memory.js";

const OUTLINE_BARS = 300;
const AT_ONCE = 3; // files on their way from the server to the processor
const PATIENCE = 3000; // milliseconds for the browser to open its sound output
const LAST_FADE = 20; // milliseconds: enough for the 5 ms out, and a few of the device's buffers

export class NoOutput extends Error {}

export class Engine extends EventTarget {
  /* `rate`: the study's sampling rate, asked of the browser; what it gave is in `given`. */
  static async open(rate, workletUrl) {
    const context = contextAt(rate);
    await context.audioWorklet.addModule(workletUrl);
    return new Engine(context, rate);
  }

  /* Any context will do whose worklet has the processor's module, an OfflineAudioContext too. */
  constructor(context, asked = context.sampleRate) {
    super();
    Object.assign(this, { context, asked, length: Infinity, places: new Places(AT_ONCE), decoder: new Places(1), syncs: 0 });
    this.node = new AudioWorkletNode(context, "earwitness-engine", { numberOfInputs: 0, outputChannelCount: [2] });
    this.node.port.onmessage = ({ data }) => this.tell(data.type, data);
    this.node.onprocessorerror = () => this.tell("failed");
    context.addEventListener("statechange", () => this.tell("state", context.state));
    this.node.connect(context.destination);
  }

  tell(type, detail = null) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /* What the browser gave. The latencies are known only once the context runs: read this after `play`. */
  get given() {
    const { sampleRate, baseLatency = null, outputLatency = null, destination, state } = this.context;
    return {
      asked: this.asked,
      rate: sampleRate,
      resampled: sampleRate !== this.asked, // all stimuli alike, once, when they are decoded
      baseLatency,
      outputLatency,
      output: { channels: destination.maxChannelCount, device: outputName(this.context.sinkId) },
      state,
    };
  }

  /* Load one stimulus. Its decoded samples go to the processor and nowhere else.
   *
   * `source(url, {signal, progress})` gives the bytes; by default they are downloaded. Three files come side by side but are
   * decoded one after another, so that only one is in memory as floats. Returns the first channel's `outline` (300 peaks)
   * and the count of `samples`; `length` is then the shortest stimulus's count so far, which is all that can be looped.
   */
  async load(index, url, { signal, progress, source = download } = {}) {
    await this.places.take();
    try {
      const bytes = await source(url, { signal, progress });
      await this.decoder.take();
      try {
        return await this.decode(index, bytes);
      } finally {
        this.decoder.free();
      }
    } finally {
      this.places.free();
    }
  }

  async decode(index, bytes) {
    const sound = await this.context.decodeAudioData(bytes);
    if (sound.numberOfChannels > 2) throw new Error(`${sound.numberOfChannels} channels: 1 or 2 can be played`);
    const outline = peaks(sound.getChannelData(0), OUTLINE_BARS);
    const channels = Array.from({ length: sound.numberOfChannels }, (_, c) => compact(sound.getChannelData(c)));
    this.send("load", { index, channels }, channels.map((channel) => channel.buffer));
    const samples = sound.length;
    this.length = Math.min(this.length, samples);
    discard(Array.from({ length: sound.numberOfChannels }, (_, c) => sound.getChannelData(c).buffer));
    return { outline, samples };
  }

  send(type, values = {}, transfer = []) {
    this.node.port.postMessage({ type, ...values }, transfer);
  }

  /* Fails with `NoOutput` where the browser does not begin: it has no sound output, or can't get it. */
  async play() {
    let timer;
    const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new NoOutput()), PATIENCE)));
    await Promise.race([this.context.resume(), late]);
    clearTimeout(timer);
    this.send("play");
  }

  pause() {
    this.send("pause");
  }

  /* Back to the loop's start, playing or not. */
  restart() {
    this.send("restart");
  }

  /* Where the playhead is once all messages sent so far count: {position, index, playing, loop, level, frame}. */
  sync() {
    const id = (this.syncs += 1);
    return new Promise((resolve) => {
      const heard = ({ detail }) => {
        if (detail.id !== id) return;
        this.removeEventListener("synced", heard);
        resolve(detail);
      };
      this.addEventListener("synced", heard);
      this.send("sync", { id });
    });
  }

  /* Fade out, then give all memory back. The engine is of no use afterwards. */
  async close() {
    if (this.closing) return this.closing;
    this.closing = this.shut();
    return this.closing;
  }

  async shut() {
    if (this.context.state === "running") {
      this.pause();
      await new Promise((resolve) => setTimeout(resolve, LAST_FADE));
    }
    this.send("close");
    this.node.disconnect();
    this.node.port.onmessage = null;
    await this.context.close?.();
  }
}

/* So many at a time; the others wait their turn. */
class Places {
  constructor(left) {
    Object.assign(this, { left, waiting: [] });
  }

  async take() {
    if (this.left > 0) this.left -= 1;
    else await new Promise((resolve) => this.waiting.push(resolve));
  }

  free() {
    const next = this.waiting.shift();
    if (next) next();
    else this.left += 1;
  }
}

function contextAt(rate) {
  try {
    return new AudioContext({ sampleRate: rate, latencyHint: "interactive" });
  } catch (error) {
    if (error.name !== "NotSupportedError") throw error;
    return new AudioContext({ latencyHint: "interactive" }); // the device's rate; `given` says so
  }
}

/* An empty name is the browser's default output; "none" is no output at all. */
function outputName(sink) {
  if (sink === undefined || sink === "") return "default";
  return sink.type ?? sink;
}

/* The file's own 16-bit samples where that is what was decoded, which halves the memory; otherwise a copy of the floats. */
function compact(samples) {
  const found = new Int16Array(samples.length);
  return wholeNumbers(samples, 32768, found) || wholeNumbers(samples, 32767, found) ? found : samples.slice();
}

/* Chromium divides a 16-bit file's positive samples by 32767 and its negative ones by 32768, others all by 32768. The whole
 * numbers count only if dividing them again gives every float to the bit: then they are the file's.
 */
function wholeNumbers(samples, top, found) {
  const inverse = Math.fround(1 / top);
  for (let i = 0; i < samples.length; i++) {
    const value = samples[i];
    const number = Math.round(value * (value > 0 ? top : 32768));
    found[i] = number;
    const same =
      value > 0
        ? Math.fround(number / top) === value || Math.fround(number * inverse) === value // by division, or by its inverse
        : number / 32768 === value;
    if (found[i] !== number || !same) return false;
  }
  return true;
}

function peaks(samples, count) {
  const size = Math.max(1, Math.floor(samples.length / count));
  return Array.from({ length: count }, (_, i) => {
    let peak = 0;
    for (let k = i * size; k < Math.min((i + 1) * size, samples.length); k++) peak = Math.max(peak, Math.abs(samples[k]));
    return peak;
  });
}
