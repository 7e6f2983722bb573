// Lines a second over the last minute, by the time at which Kafka got them: what is read again later counts where it was.

const SECONDS = 60;

export class Chart {
  #counts = new Map();  // second → lines

  /** `path` is drawn in a box of 120 × 24. */
  constructor(path, words) {
    Object.assign(this, { path, words });
    setInterval(() => this.#draw(), 1000);
  }

  count(time) {
    const now = Date.now(), second = Math.floor(Math.min(Date.parse(time), now) / 1000);
    if (second > now / 1000 - SECONDS) this.#counts.set(second, (this.#counts.get(second) ?? 0) + 1);
  }

  clear() {
    this.#counts.clear();
    this.#draw();
  }

  #draw() {
    const now = Math.floor(Date.now() / 1000) - 1;  // the second that is over
    for (const second of this.#counts.keys()) if (second <= now - SECONDS) this.#counts.delete(second);
    const rates = Array.from({ length: SECONDS }, (_, at) => this.#counts.get(now - SECONDS + 1 + at) ?? 0);
    const most = Math.max(4, ...rates);
    const points = rates.map((rate, at) => `${(at * 120) / (SECONDS - 1)},${(23 - (22 * rate) / most).toFixed(1)}`);
    this.path.setAttribute("d", `M0,24 L${points.join(" L")} L120,24 Z`);
    this.words.textContent = `${rates.at(-1).toLocaleString("en")} lines/s`;
    this.words.title = `at most ${Math.max(...rates)} in a second of the last minute`;
  }
}
