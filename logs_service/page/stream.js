// The list of lines. Only the rows that can be seen are elements; each is used again for another line, by its number.

import { clock, fill, make, visible } from "./text.js";

const ROW_TEXT = 400;  // characters; more than the widest window shows
const AROUND = 4;  // rows above and below what is seen, so that a quick scroll shows no hole
// While the end is followed the rows move and the list stays, but for this often: a list that scrolls costs a second
// frame, in which it tells that it has.
const SCROLLS_EVERY = 250;  // milliseconds

export class Stream {
  #pool = [];
  #due = false;
  #top = 0;  // where we are among the lines, in pixels
  #place = 0;  // where the list is scrolled to; the same but for what it has not been moved yet
  #moved = 0;  // when it was moved
  #later = 0;
  #height = 0;
  #row = 24;

  /** `choose` gets the number of a line that was opened, `story` a correlation id, `drawn` is called after each frame. */
  constructor({ list, space, choose, story, drawn }) {
    Object.assign(this, { list, space, choose, story, drawn, lines: null, follow: true, active: null, hit: null, utc: false });
    list.addEventListener("scroll", () => this.#scrolled());
    list.addEventListener("wheel", ({ deltaY }) => { if (deltaY < 0) this.stay(); }, { passive: true });
    list.addEventListener("keydown", (event) => this.#key(event));
    list.addEventListener("click", (event) => this.#click(event));
    new ResizeObserver(() => this.#measure()).observe(list);
  }

  show(lines) {
    this.lines = lines;
    this.redraw();
  }

  /** However many lines come, at most once a frame; a hidden tab has no frames, and nothing to do. */
  drawSoon() {
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => this.#draw());
  }

  /** The rows themselves have changed: other colours, another clock. */
  redraw() {
    for (const row of this.#pool) row.number = -1;
    this.drawSoon();
  }

  stay() {
    if (this.list.scrollHeight <= this.list.clientHeight) return;
    this.follow = false;
    this.drawSoon();
  }

  toEnd() {
    this.follow = true;
    this.drawSoon();
  }

  activate(number) {
    const { first, end } = this.lines;
    if (end === first) return;
    this.active = Math.min(Math.max(number, first), end - 1);
    this.follow = this.follow && this.active === end - 1;
    this.#bringIntoView(this.active);
    this.redraw();
  }

  #measure() {
    this.#height = this.list.clientHeight;
    this.#row = parseFloat(getComputedStyle(this.list).getPropertyValue("--row"));
    this.#fit();
    this.redraw();
  }

  #fit() {
    const wanted = Math.ceil(this.#height / this.#row) + 2 * AROUND;
    while (this.#pool.length < wanted) this.#pool.push(new Row(this.space));
    for (const row of this.#pool.splice(wanted)) row.element.remove();
  }

  /** Lines that went at the front take their height with them: what is being read stays where it is. */
  #draw() {
    this.#due = false;
    if (this.lines === null || this.#pool.length === 0) return;
    const { first, length } = this.lines;
    const gone = (first - (this.drawnFirst ?? first)) * this.#row;
    this.drawnFirst = first;
    const end = Math.max(0, length * this.#row - this.#height);
    this.#top = this.follow ? end : Math.min(Math.max(0, this.#top - gone), end);
    if (!this.follow || this.#place === 0 || performance.now() - this.#moved > SCROLLS_EVERY) this.#scroll();
    else this.#later ||= setTimeout(() => this.#catchUp(), SCROLLS_EVERY);
    this.#fillRows(first + Math.floor(this.#top / this.#row) - AROUND);
    this.list.setAttribute("aria-activedescendant", this.#idOfActive());
    this.drawn();
  }

  #scroll() {
    this.#moved = performance.now();
    this.space.style.height = `${this.lines.length * this.#row}px`;
    if (this.#top !== this.#place) this.list.scrollTop = this.#place = this.#top;
  }

  #catchUp() {
    this.#later = 0;
    this.drawSoon();
  }

  #fillRows(from) {
    const { first, end } = this.lines;
    for (let number = from; number < from + this.#pool.length; number++) {
      const row = this.#pool[((number % this.#pool.length) + this.#pool.length) % this.#pool.length];
      if (number < first || number >= end) row.hide();
      else row.show(number, (number - first) * this.#row - this.#top + this.#place, this);
    }
  }

  #idOfActive() {
    return this.active !== null && this.active >= this.lines.first && this.active < this.lines.end ? `row-${this.active}` : "";
  }

  /** Up: the reader wants to read. Down to the end: to follow again. */
  #scrolled() {
    const place = this.list.scrollTop, moved = place - this.#place;
    if (Math.abs(moved) < 1) return;
    this.#place = place;
    this.#top += moved;
    const atEnd = this.list.scrollHeight - place - this.#height < this.#row;
    this.follow = moved > 0 ? atEnd : false;
    this.drawSoon();
  }

  #bringIntoView(number) {
    const above = (number - this.lines.first) * this.#row;
    this.#top = Math.max(Math.min(this.#top, above), above + this.#row - this.#height);
  }

  #key(event) {
    const page = Math.max(1, Math.floor(this.#height / this.#row) - 1);
    const at = this.active ?? this.lines.end;
    const { first, end } = this.lines;
    const steps = {
      ArrowUp: at - 1, ArrowDown: at + 1, PageUp: at - page, PageDown: at + page, Home: first, End: end,
    };
    if (event.key in steps) this.activate(steps[event.key]);
    else if (event.key === "Enter" && this.#idOfActive()) this.choose(this.active);
    else return;
    if (event.key === "End") this.toEnd();
    event.preventDefault();
  }

  #click({ target }) {
    const element = target.closest("[role=option]");
    if (element === null) return;
    const number = Number(element.id.slice("row-".length));
    if (target.matches(".story")) this.story(this.lines.at(number).shown.correlation);
    else {
      this.activate(number);
      this.choose(number);
    }
  }
}

class Row {
  number = -1;

  constructor(parent) {
    this.element = make("div", "row");
    this.element.setAttribute("role", "option");
    this.cells = ["time", "level", "service", "message", "story"].map((name) => make("span", name));
    this.element.append(...this.cells);
    this.element.hidden = true;
    parent.append(this.element);
  }

  hide() {
    if (this.element.hidden) return;
    this.number = -1;
    for (const cell of this.cells) cell.textContent = "";
    this.element.hidden = true;
    this.element.removeAttribute("id");
  }

  show(number, top, stream) {
    this.element.style.transform = `translateY(${top}px)`;
    if (number === this.number) return;
    this.number = number;
    this.element.hidden = false;
    this.element.id = `row-${number}`;
    this.element.setAttribute("aria-selected", String(number === stream.active));
    const line = stream.lines.at(number);
    if (line.gap) this.#tell(line);
    else this.#write(line, line.shown, stream);
  }

  #tell(gap) {
    this.element.className = "row gap";
    this.cells.forEach((cell) => fill(cell, cell.className === "message" ? gap.text : "", null));
  }

  #write(line, shown, { hit, utc }) {
    const found = hit !== null && line.matches(hit) ? " hit" : "";
    this.element.className = `row ${shown.level} ${colourOf(shown.service)}${found}`;
    const texts = [clock(shown.time, utc), shown.level, shown.service, shown.message, shown.correlation.slice(0, 8)];
    this.cells.forEach((cell, at) => fill(cell, visible(texts[at].slice(0, ROW_TEXT)), hit));
  }
}

/** One of six, always the same for a service; with this factor those of the shop differ. */
export function colourOf(service) {
  let sum = 0;
  for (const character of service) sum = (sum * 24 + character.codePointAt(0)) % 997;
  return service ? `colour-${sum % 6}` : "";
}
