// How often something happens, by name, over the last seconds.

export const WINDOW = 5;  // seconds: long enough to be read, short enough to be now

export class Rates {
  #counts = new Map();  // name → second → how often

  /** `time` in milliseconds; `now` too. What is older than the window is of the past. */
  count(name, time, now) {
    if (!(time > now - WINDOW * 1000)) return false;
    const second = Math.floor(time / 1000), counts = this.#counts.get(name) ?? new Map();
    this.#counts.set(name, counts.set(second, (counts.get(second) ?? 0) + 1));
    return true;
  }

  /** A second. */
  of(name, now) {
    const counts = this.#counts.get(name) ?? new Map();
    const oldest = Math.floor(now / 1000) - WINDOW;
    for (const second of counts.keys()) if (second <= oldest) counts.delete(second);
    return [...counts.values()].reduce((sum, often) => sum + often, 0) / WINDOW;
  }

  clear() {
    this.#counts.clear();
  }
}

export function told(rate) {
  return `${rate.toLocaleString("en", { maximumFractionDigits: rate < 10 ? 1 : 0 })}/s`;
}
