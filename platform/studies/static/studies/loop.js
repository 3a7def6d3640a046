/* The loop region, by its two handles, and the playing position, over the reference's outline. */

const SHORTEST_SECONDS = 0.5;
const STEPS = 1000;

export class Loop {
  constructor(engine, samples, rate, outline, changed) {
    Object.assign(this, { engine, whole: samples, rate, outline, changed, position: 0 });
    this.start = document.querySelector("#loop-start");
    this.end = document.querySelector("#loop-end");
    this.canvas = document.querySelector("#wave");
    for (const input of [this.start, this.end]) {
      input.disabled = false;
      input.addEventListener("input", () => this.set(input));
    }
    this.canvas.addEventListener("pointerdown", (event) => this.seek(event));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    new ResizeObserver(() => this.draw()).observe(this.canvas);
    engine.addEventListener("position", ({ detail }) => this.at(detail.position));
    this.label();
    this.draw();
  }

  /* What all stimuli that are there hold can be looped: files and decoders may differ by some samples. */
  get samples() {
    return Math.min(this.whole, this.engine.length);
  }

  get shortest() {
    return Math.ceil((SHORTEST_SECONDS * this.rate * STEPS) / this.samples);
  }

  /* One end moves; it stops half a second before the other. */
  set(moved) {
    const start = Number(this.start.value);
    const end = Number(this.end.value);
    if (end - start < this.shortest) {
      if (moved === this.start) this.start.value = Math.max(0, end - this.shortest);
      else this.end.value = Math.min(STEPS, start + this.shortest);
    }
    // Rounded outwards: the engine refuses a loop that is a sample short of half a second.
    const from = Math.floor((Number(this.start.value) / STEPS) * this.samples);
    const to = Math.ceil((Number(this.end.value) / STEPS) * this.samples);
    this.engine.send("loop", { start: from, end: to });
    this.changed([from, to]);
    this.label();
    this.draw();
  }

  startHere() {
    this.start.value = Math.round((this.position / this.samples) * STEPS);
    this.set(this.start);
  }

  endHere() {
    this.end.value = Math.round((this.position / this.samples) * STEPS);
    this.set(this.end);
  }

  seek(event) {
    const box = this.canvas.getBoundingClientRect();
    const share = Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
    const position = Math.round(share * this.samples);
    this.engine.send("seek", { position });
    this.changed(position, "seek");
  }

  at(position) {
    this.position = position;
    document.querySelector("#position").textContent = `${(position / this.rate).toFixed(1)} s`;
    this.draw();
  }

  label() {
    for (const input of [this.start, this.end]) {
      input.setAttribute("aria-valuetext", `${((Number(input.value) / STEPS) * (this.samples / this.rate)).toFixed(1)} s`);
    }
  }

  /* As many pixels as the screen has for it; bars of three at least, so that they don't shimmer on a telephone. */
  fit() {
    const dense = Math.max(1, devicePixelRatio);
    const [width, height] = [this.canvas.clientWidth, this.canvas.clientHeight].map((size) => Math.round(size * dense));
    if (width && height && this.canvas.width !== width) Object.assign(this.canvas, { width, height });
    return dense;
  }

  draw() {
    const dense = this.fit();
    const { width, height } = this.canvas;
    const pen = this.canvas.getContext("2d");
    const style = getComputedStyle(this.canvas);
    const colour = (name) => style.getPropertyValue(name);
    const line = 2 * dense;
    const from = (Number(this.start.value) / STEPS) * width;
    const to = (Number(this.end.value) / STEPS) * width;
    const count = this.outline.length;
    const together = Math.ceil((3 * dense * count) / width);
    pen.clearRect(0, 0, width, height);
    for (let i = 0; i < count; i += together) {
      const x = (i / count) * width;
      pen.fillStyle = colour(x >= from && x <= to ? "--accent" : "--line");
      const tall = Math.max(line, Math.sqrt(Math.max(...this.outline.slice(i, i + together))) * height);
      pen.fillRect(x, (height - tall) / 2, (together / count) * width - dense, tall);
    }
    // The ends, down from the one handle and up from the other.
    pen.fillStyle = colour("--accent");
    pen.fillRect(Math.min(from, width - line), 0, line, height);
    pen.fillRect(Math.max(0, to - line), 0, line, height);
    pen.fillStyle = colour("--ink");
    pen.fillRect((this.position / this.samples) * width - dense, 0, line, height);
  }
}
