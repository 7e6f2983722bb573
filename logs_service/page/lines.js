// The lines that are held: numbered in the order of their arrival, bounded; the oldest go.

export const MOST_LINES = 50_000;
export const MOST_CHARACTERS = 32 * 1024 * 1024;  // a browser keeps a character in one byte, or in two

export class Lines {
  #held = [];
  #head = 0;  // of #held: what is before it is gone
  #characters = 0;
  first = 0;  // number of the oldest that is held

  constructor(mostLines = MOST_LINES, mostCharacters = MOST_CHARACTERS) {
    this.mostLines = mostLines;
    this.mostCharacters = mostCharacters;
  }

  get length() { return this.#held.length - this.#head; }
  get end() { return this.first + this.length; }

  at(number) { return this.#held[this.#head + number - this.first]; }

  add(line) {
    this.#held.push(line);
    this.#characters += line.text.length;
    while (this.length > this.mostLines || (this.#characters > this.mostCharacters && this.length > 1)) this.#drop();
    return this.end - 1;
  }

  #drop() {
    this.#characters -= this.#held[this.#head].text.length;
    this.#held[this.#head++] = undefined;
    this.first += 1;
    if (this.#head < 8192) return;  // to move the others up for each one that goes would be slow
    this.#held.splice(0, this.#head);
    this.#head = 0;
  }

  clear() {
    this.first = this.end;
    this.#held = [];
    this.#head = this.#characters = 0;
  }

  /** What there is now, whatever comes after. Costs references, not the lines again. */
  frozen() {
    const copy = new Lines(this.mostLines, this.mostCharacters);
    copy.#held = this.#held.slice(this.#head);
    copy.first = this.first;
    return copy;
  }

  *[Symbol.iterator]() {
    for (let number = this.first; number < this.end; number++) yield this.at(number);
  }
}
