// One line, whole: its JSON as a tree, and its place. A click on a value makes it a filter, on a correlation id a story.

import { canFilter } from "./filters.js";
import { button, make, size, visible } from "./text.js";

const CUT = 2000;  // characters of one value; the rest on demand
const MOST_MEMBERS = 100;  // of one object or array, at a time

export class Detail {
  /** `filter` gets (field, value), `story` a correlation id, `closed` is called when it goes. */
  constructor({ panel, filter, story, closed }) {
    Object.assign(this, { panel, filter, story, closed });
    panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
  }

  show(line) {
    const fields = line.fields;
    const title = make("h2", "", line.gap ? "Lines are missing" : "The line");
    const bar = make("div", "bar");
    bar.append(title, button("Close", () => this.close()));
    this.panel.replaceChildren(bar, ...(line.gap ? [make("p", "", line.text)] : this.#parts(line, fields)));
    this.panel.hidden = false;
    this.panel.scrollTop = 0;
    this.panel.focus({ preventScroll: true });
  }

  close() {
    this.panel.hidden = true;
    this.panel.replaceChildren();
    this.closed();
  }

  #parts(line, fields) {
    const { topic, partition, offset, received, token } = line;
    const known = Object.keys(fields).length > 0;
    return [
      known ? this.#members(fields, true) : paragraph(line.text),
      make("h3", "", "Where it stands"),
      this.#members({ topic, partition, offset, "in Kafka since": received, token }, false),
      make("h3", "", "As it was sent"),
      paragraph(line.text, "raw"),
    ];
  }

  #members(value, ours) {
    const list = make("ul", "tree"), entries = Object.entries(value);
    const more = (from) => {
      list.append(...entries.slice(from, from + MOST_MEMBERS).map(([name, member]) => this.#member(name, member, ours)));
      const next = from + MOST_MEMBERS;
      if (next >= entries.length) return;
      const item = make("li");
      item.append(button(`${entries.length - next} more`, () => { item.remove(); more(next); }));
      list.append(item);
    };
    more(0);
    return list;
  }

  #member(name, value, ours) {
    const item = make("li");
    if (value !== null && typeof value === "object") {
      item.append(this.#nested(name, value));
      return item;
    }
    item.append(make("span", "name", visible(name.slice(0, 200))), this.#value(name, value, ours));
    return item;
  }

  /** Made when it is opened: how deep it is makes no difference. */
  #nested(name, value) {
    const nested = make("details"), summary = make("summary");
    const count = Object.keys(value).length;
    summary.append(make("span", "name", visible(name.slice(0, 200))), Array.isArray(value) ? ` [${count}]` : ` {${count}}`);
    nested.append(summary);
    nested.addEventListener("toggle", () => nested.append(this.#members(value, false)), { once: true });
    return nested;
  }

  #value(name, value, ours) {
    if (typeof value !== "string") return make("span", "value", String(value));
    if (ours && name === "correlation_id" && value) return this.#action(`Story of ${value}`, value, () => this.story(value));
    if (ours && canFilter(name, value)) return this.#action(`Only ${name} ${value}`, value, () => this.filter(name, value));
    return paragraph(value, "value");
  }

  #action(title, value, act) {
    const made = button(visible(value.slice(0, 200)), act, "value");
    made.title = visible(title.slice(0, 220));
    return made;
  }
}

/** Text, cut if it is long, with a button that shows the rest. */
function paragraph(text, className = "") {
  const box = make("div", className), shown = make("span", "", visible(text.slice(0, CUT)));
  box.append(shown);
  if (text.length <= CUT) return box;
  const all = button(`Show all ${size(text.length)}`, () => {
    shown.textContent = visible(text);
    all.remove();
  });
  box.append("… ", all);
  return box;
}
