// Finds a text in the lines that are held; what comes later is looked at when it comes.

import { pattern } from "./text.js";

export class Search {
  #seen = 0;  // number of the first line that was not looked at
  hits = [];  // numbers, rising
  hit = null;

  start(wanted, lines) {
    this.hit = pattern(wanted);
    this.hits = [];
    this.#seen = lines.first;
    this.goOn(lines);
  }

  goOn(lines) {
    if (this.hit === null) return;
    for (let number = Math.max(this.#seen, lines.first); number < lines.end; number++) {
      if (lines.at(number).matches(this.hit)) this.hits.push(number);
    }
    this.#seen = lines.end;
    const kept = this.hits.findIndex((number) => number >= lines.first);
    if (kept !== 0) this.hits.splice(0, kept < 0 ? this.hits.length : kept);
  }

  /** The hit before (-1) or after (1) a line; round the end. Null: there is none. */
  from(number, step) {
    if (this.hits.length === 0) return null;
    const after = this.hits.findIndex((hit) => (step > 0 ? hit > number : hit >= number));
    const count = this.hits.length;
    const at = step > 0 ? (after < 0 ? 0 : after) : (after < 0 ? count : after) - 1;
    return this.hits[(at + count) % count];
  }
}
