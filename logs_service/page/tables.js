// The numbers of the picture as tables: for whoever does not see it, and for whoever wants to compare.

import { ARROWS, PLACES } from "./map.js";
import { make, visible } from "./text.js";

const COLUMNS = {
  state: "State",
  lag: "Lag, in offsets",
  pending: "Outbox, in documents",
  handled: "Handled",
  published: "Published",
  letters: "Dead letters",
  watched: "Watching",
};
const UNKNOWN = "–";

export class Tables {
  #rows = new Map();  // by what stands in front

  constructor({ services, arrows }) {
    this.services = body(services, "Services", ["Service", ...Object.values(COLUMNS)]);
    this.arrows = body(arrows, "Arrows", ["From", "To", "Events a second"]);
    for (const { name, from, to } of ARROWS) this.#row(this.arrows, name, [place(from), place(to), ""]);
  }

  rate(name, words) {
    put(this.#rows.get(name), ["", "", words], 2);
  }

  /** One row an instance: [name, {state, lag, …}]. Rows that are no longer among them go. */
  show(instances) {
    const wanted = new Set(instances.map(([name]) => name));
    for (const row of [...this.services.rows]) if (!wanted.has(row.dataset.of)) this.#drop(row);
    for (const [name, figures] of instances) {
      const cells = Object.keys(COLUMNS).map((column) => figures[column] ?? UNKNOWN);
      put(this.#rows.get(name) ?? this.#row(this.services, name, [name, ...cells]), [name, ...cells], 1);
    }
  }

  #row(table, name, cells) {
    const row = make("tr");
    row.dataset.of = name;
    row.append(...cells.map((cell, at) => (at === 0 ? heading(cell, "row") : make("td", "", visible(cell)))));
    table.append(row);
    this.#rows.set(name, row);
    return row;
  }

  #drop(row) {
    this.#rows.delete(row.dataset.of);
    row.remove();
  }
}

/** Only what has changed: a screen reader that stands in a table is not to be thrown out of it. */
function put(row, cells, from) {
  for (let at = from; at < cells.length; at++) {
    const text = visible(cells[at]);
    if (row.cells[at].textContent !== text) row.cells[at].textContent = text;
  }
}

function body(table, caption, columns) {
  const head = make("thead"), row = make("tr"), rows = make("tbody");
  row.append(...columns.map((column) => heading(column, "col")));
  head.append(row);
  table.append(make("caption", "", caption), head, rows);
  return rows;
}

function heading(text, scope) {
  const cell = make("th", "", visible(text));
  cell.scope = scope;
  return cell;
}

function place(name) {
  return PLACES[name].words ?? name;
}
