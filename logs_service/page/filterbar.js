// The filters in force as chips, and the form that adds one.

import { button, make, visible } from "./text.js";
import { FIELDS, withoutValue, withValue } from "./filters.js";

const LOOKED_AT = 2000;  // of the newest lines, for values to offer
const MOST_OFFERED = 50;

export class FilterBar {
  /** `changed` gets the new filters, `held` gives the lines that are here. */
  constructor({ form, chips, offered, held, changed }) {
    Object.assign(this, { form, chips, offered, held, changed });
    form.addEventListener("submit", (event) => this.#submitted(event));
    form.elements.level.addEventListener("change", ({ target }) => changed(withValue(this.filters, "level", target.value)));
    form.elements.value.addEventListener("focus", () => this.#offer());
  }

  show(filters) {
    this.filters = filters;
    this.form.elements.level.value = filters.level === "debug" ? "" : filters.level;
    const chosen = FIELDS.flatMap((field) => filters[field].map((value) => this.#chip(field, value)));
    if (filters.level) chosen.push(this.#chip("level", filters.level));
    this.chips.replaceChildren(...chosen);
  }

  #chip(field, value) {
    const item = make("li");
    const text = visible(`${field}: ${value}`);
    const remove = button(`${text} ×`, () => {
      this.changed(withoutValue(this.filters, field, value));
      this.form.elements.value.focus();
    });
    remove.setAttribute("aria-label", `Remove the filter ${text}`);
    item.append(remove);
    return item;
  }

  #submitted(event) {
    event.preventDefault();
    const { field, value } = this.form.elements;
    if (value.value.trim() === "") return;
    this.changed(withValue(this.filters, field.value, value.value));
    value.value = "";
  }

  #offer() {
    const field = this.form.elements.field.value, held = this.held(), values = new Set();
    const oldest = Math.max(held.first, held.end - LOOKED_AT);
    for (let number = held.end - 1; number >= oldest && values.size < MOST_OFFERED; number--) {
      const line = held.at(number);
      const value = line.gap ? undefined : line.fields[field];
      if (typeof value === "string" && value.length <= 64) values.add(value);
    }
    this.offered.replaceChildren(...[...values].sort().map((value) => new Option(value, value)));
  }
}
