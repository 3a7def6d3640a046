/* The audio engine's processor: one playhead shared by all stimuli of a page. docs/developer/audio-engine.md holds the
 * messages and the rules to the sample; tests/e2e/test_engine.py holds a second, independent account of the same rules.
 *
 * In short: `level` counts samples of a fade, from 0 to `fade` (5 ms). While anything waits (another stimulus, a place, a
 * loop, a pause) it counts down, what waits takes effect at 0, then it counts up: out, then in, no cross-fade
 * (BS.1534-3 pp 8-9). The loop's ends are faded by the same raised cosine.
 */
const FADE_SECONDS = 0.005;
const GAIN_SECONDS = 0.02;
const SHORTEST_LOOP_SECONDS = 0.5;
const REPORTS_PER_SECOND = 20;
const LOOP_START = -1; // a place outside every loop, which therefore means the loop's start

class Refusal extends Error {}

const isIndex = (value) => Number.isInteger(value) && value >= 0;

function must(holds, reason) {
  if (!holds) throw new Refusal(reason);
}

class Engine extends AudioWorkletProcessor {
  constructor() {
    super();
    this.fade = Math.round(FADE_SECONDS * sampleRate);
    this.shape = Float64Array.from({ length: this.fade + 1 }, (_, k) => 0.5 - 0.5 * Math.cos((Math.PI * k) / this.fade));
    this.gainRamp = Math.round(GAIN_SECONDS * sampleRate);
    this.sounds = [];
    this.length = 0;
    this.position = 0;
    this.index = 0;
    this.loop = { start: 0, end: 0 };
    this.playing = false;
    this.level = 0;
    this.next = { index: 0, loop: null, position: null };
    this.gain = { from: 1, to: 1, left: 0, fixed: false };
    this.closed = false;
    this.changed = true;
    this.sinceReport = 0;
    this.port.onmessage = ({ data }) => this.receive(data);
  }

  receive(message) {
    try {
      must(Object.hasOwn(HANDLERS, message.type), "there is no such message");
      HANDLERS[message.type].call(this, message);
      if (this.level === 0) this.settle();
      this.changed = true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.port.postMessage({ type: "refused", message: message.type, reason: error.message });
    }
  }

  load({ index, channels }) {
    must(isIndex(index), "index must be a whole number from 0");
    must(!this.sounds[index], `stimulus ${index} is loaded already`);
    must(channels.length === 1 || channels.length === 2, `${channels.length} channels: 1 or 2 can be played`);
    const samples = channels[0].length;
    must(samples > 0 && channels.every((channel) => channel.length === samples), "channels are empty or differ in length");
    const first = this.length === 0;
    this.sounds[index] = { channels, scale: channels.map((channel) => (channel instanceof Int16Array ? 1 / 32768 : 1)) };
    this.length = first ? samples : Math.min(this.length, samples);
    if (first) this.loop = { start: 0, end: samples };
    else this.shorten();
    this.port.postMessage({ type: "loaded", index, samples, length: this.length });
  }

  /* A shorter stimulus has come: the loop keeps within what all of them hold. */
  shorten() {
    const { start, end } = this.wantedLoop;
    if (end > this.length) this.loopTo(Math.max(0, Math.min(start, this.length - this.shortestLoop)), this.length);
  }

  get wantedLoop() {
    return this.next.loop ?? this.loop;
  }

  get shortestLoop() {
    return Math.min(this.length, Math.ceil(SHORTEST_LOOP_SECONDS * sampleRate));
  }

  setLoop({ start, end }) {
    must(isIndex(start) && isIndex(end), "start and end must be whole numbers of samples");
    must(end <= this.length, `end ${end} is after the shortest stimulus's ${this.length} samples`);
    must(end > start && end - start >= this.shortestLoop, `a loop has at least ${this.shortestLoop} samples`);
    this.loopTo(start, end);
  }

  /* A loop that leaves the envelope as it was at the last sample heard needs no fade: at once. Any other waits for silence. */
  loopTo(start, end) {
    const loop = { start, end };
    const heard = this.position - 1;
    const inside = heard >= start && this.position < end;
    if (inside && this.envelope(loop, heard) === this.envelope(this.loop, heard)) {
      this.loop = loop;
      this.next.loop = null;
    } else {
      this.next.loop = loop;
    }
  }

  setGain({ value, fixed = false }) {
    must(!this.gain.fixed, "the gain is fixed on this page");
    must(Number.isFinite(value) && value >= 0 && value <= 1, "gain must be from 0 to 1");
    this.gain = { from: this.gainNow(), to: value, left: this.gainRamp, fixed };
  }

  gainNow() {
    const { from, to, left } = this.gain;
    return left === 0 ? to : from + ((to - from) * (this.gainRamp - left)) / this.gainRamp;
  }

  seek({ position }) {
    must(isIndex(position), "position must be a whole number of samples");
    this.next.position = position;
  }

  select({ index }) {
    must(isIndex(index), "index must be a whole number from 0");
    this.next.index = index;
  }

  close() {
    this.sounds = [];
    this.closed = true;
  }

  /* In silence: all that waits takes effect. A place outside the loop is the loop's start. */
  settle() {
    this.index = this.next.index;
    this.loop = this.wantedLoop;
    this.position = this.next.position ?? this.position;
    if (this.position < this.loop.start || this.position >= this.loop.end) this.position = this.loop.start;
    this.next = { index: this.index, loop: null, position: null };
    this.gain.left = 0;
    this.changed = true;
  }

  get waits() {
    return !this.playing || this.next.index !== this.index || this.next.loop !== null || this.next.position !== null;
  }

  /* The envelope, counted in samples of a fade: the nearest of fade, loop start and loop end. */
  envelope(loop, position) {
    return Math.min(this.level, position - loop.start, loop.end - position);
  }

  get state() {
    return { position: this.position, index: this.index, playing: this.playing };
  }

  process(inputs, [output]) {
    if (this.closed) return false;
    const frames = output[0].length;
    for (let i = 0; i < frames && (this.playing || this.level > 0) && this.length > 0; i++) this.step(output, i);
    this.report(frames);
    return true;
  }

  step(output, i) {
    const sound = this.sounds[this.index];
    const down = this.waits;
    if (sound) {
      this.level = down ? this.level - 1 : Math.min(this.fade, this.level + 1);
      if (this.gain.left > 0) this.gain.left -= 1;
      const factor = this.gainNow() * this.shape[this.envelope(this.loop, this.position)];
      const last = sound.channels.length - 1; // a single channel goes to both ears
      for (let ear = 0; ear < output.length; ear++) {
        const channel = Math.min(ear, last);
        output[ear][i] = factor * sound.scale[channel] * sound.channels[channel][this.position];
      }
    }
    this.position += 1;
    if (this.position >= this.loop.end) {
      this.position = this.loop.start;
      if (down) this.level = 0; // the loop's end has already faded it out
    }
    if (down && this.level === 0) this.settle();
  }

  report(frames) {
    this.sinceReport += frames;
    if (this.sinceReport * REPORTS_PER_SECOND < sampleRate || !(this.changed || this.playing)) return;
    this.sinceReport = 0;
    this.changed = false;
    this.port.postMessage({ type: "position", ...this.state });
  }
}

const HANDLERS = {
  load: Engine.prototype.load,
  select: Engine.prototype.select,
  seek: Engine.prototype.seek,
  loop: Engine.prototype.setLoop,
  gain: Engine.prototype.setGain,
  close: Engine.prototype.close,
  play() {
    this.playing = true;
  },
  pause() {
    this.playing = false;
  },
  restart() {
    this.next.position = LOOP_START;
  },
  sync({ id }) {
    const { loop, level, fade } = this;
    this.port.postMessage({ type: "synced", id, ...this.state, loop: { ...loop }, level: level / fade, frame: currentFrame });
  },
};

registerProcessor("earwitness-engine", Engine);
