// The search box: how many hits there are, and the way from one to the next.

import { Search } from "./search.js";

const PAUSE = 120;  // milliseconds after the last key; a search looks at all that is held

export class Finder {
  #search = new Search();
  #timer = 0;

  constructor({ box, previous, next, hits, stream }) {
    Object.assign(this, { box, previous, next, hits, stream });
    box.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.start(), PAUSE);
    });
    box.addEventListener("keydown", (event) => this.#key(event));
    previous.addEventListener("click", () => this.#go(-1));
    next.addEventListener("click", () => this.#go(1));
  }

  start() {
    this.#search.start(this.box.value.trim(), this.stream.lines);
    this.stream.hit = this.#search.hit;
    this.stream.redraw();
  }

  /** After each frame. */
  tell() {
    this.#search.goOn(this.stream.lines);
    const found = this.#search.hits.length;
    this.previous.disabled = this.next.disabled = found === 0;
    const text = this.#search.hit === null ? "" : `${found.toLocaleString("en")} ${found === 1 ? "line" : "lines"}`;
    if (this.hits.textContent !== text) this.hits.textContent = text;
  }

  #key(event) {
    if (event.key === "Enter") this.#go(event.shiftKey ? 1 : -1);  // from the newest backwards
    if (event.key === "Escape" && this.box.value) {
      this.box.value = "";
      this.start();
      event.stopPropagation();
    }
  }

  #go(step) {
    const { active, lines } = this.stream;
    const found = this.#search.from(active ?? lines.end, step);
    if (found !== null) this.stream.activate(found);
  }
}
