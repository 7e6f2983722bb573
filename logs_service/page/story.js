// One request on its way through the services: a lane each, an arrow for each message, with the time since the one before.

import { Connection } from "./connection.js";
import { Line } from "./line.js";
import { clock, make, visible } from "./text.js";
import { colourOf } from "./stream.js";

const MOST_STEPS = 500;  // a request has some ten
const TOLD = "notifications_service";  // every log line was a notification first

// Who writes on a topic for whom; the records themselves say only what happened.
const ROUTES = {
  inventories: { from: "payments_service", to: "inventories_service", event: "stock requested" },
  stock: { from: "inventories_service", to: "payments_service", event: "stock" },
};

export class Story {
  #connections = [];
  #steps = new Map();  // by the place of the record: nothing is there twice
  #due = false;
  correlation = "";

  constructor(view, { accessToken, newest }) {
    Object.assign(this, { view, accessToken, newest });
  }

  /** `held`: the lines that are here already. */
  open(correlation, held) {
    this.close();
    this.correlation = correlation;
    for (const line of held) if (!line.gap && line.text.includes(correlation)) this.#add(line);
    this.#follow("/", correlation, true);
    for (const topic of Object.keys(ROUTES)) this.#follow(`/topics/${topic}`, correlation, false);
    this.#drawSoon();
  }

  close() {
    for (const connection of this.#connections) connection.close();
    this.#connections = [];
    this.#steps.clear();
    this.correlation = "";
  }

  showNone() {
    const choose = make("button", "", "The newest request");
    choose.addEventListener("click", () => this.newest());
    const what = "A story is one request on its way through the services. Choose a correlation id in a line, or: ";
    const told = make("p", "hint", what);
    told.append(choose);
    this.view.replaceChildren(told);
  }

  #follow(path, correlation, insist) {
    const heard = (message) => { if (message.line !== undefined) this.#add(new Line(message)); };
    const { accessToken } = this;
    const filters = { correlation_id: correlation };
    this.#connections.push(new Connection(path, filters, { last: MOST_STEPS, heard, insist, accessToken }));
  }

  #add(line) {
    const step = line.topic in ROUTES ? stepOfTopic(line) : stepOfLine(line, this.correlation);
    if (step === null || this.#steps.size >= MOST_STEPS) return;
    this.#steps.set(`${line.topic}/${line.partition}/${line.offset}`, step);
    this.#drawSoon();
  }

  #drawSoon() {
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      if (this.correlation) this.#draw([...this.#steps.values()].sort((one, other) => one.at - other.at));
    });
  }

  #draw(steps) {
    const lanes = [...new Set(steps.flatMap(({ from, to }) => [from, to]).filter((lane) => lane !== TOLD)), TOLD];
    const took = steps.length > 1 ? ` in ${duration(steps.at(-1).at - steps[0].at)}` : "";
    const told = `${steps.length} ${steps.length === 1 ? "step" : "steps"}${took}`;
    const title = make("h2", "", "One request");
    const list = make("ol", "steps");
    list.style.setProperty("--lanes", lanes.length);
    list.append(...steps.map((step, at) => row(step, steps[at - 1], lanes)));
    this.view.replaceChildren(title, make("p", "hint", visible(`${this.correlation}: ${told}`)), head(lanes), list);
  }
}

function stepOfLine(line, correlation) {
  const { time, service, event, message, correlation: own } = line.shown;
  if (own !== correlation) return null;
  return { at: Date.parse(time) || 0, time, from: service || "?", to: TOLD, topic: "notifications", event, message };
}

function stepOfTopic(line) {
  const { product, quantity, level, reason } = line.fields;
  const left = level === undefined ? "" : `, ${level} left`, why = reason ? ` (${reason})` : "";
  const message = product ? `${quantity ?? ""} × ${product}${left}${why}` : line.text.slice(0, 200);
  return { at: Date.parse(line.received), time: line.received, topic: line.topic, ...ROUTES[line.topic], message };
}

function head(lanes) {
  const heads = make("div", "lanes");
  heads.setAttribute("aria-hidden", "true");
  heads.style.setProperty("--lanes", lanes.length);
  const short = (lane) => visible(lane.replace(/_service$/, "").slice(0, 40));
  heads.append(make("span"), ...lanes.map((lane) => make("span", `lane ${colourOf(lane)}`, short(lane))));
  return heads;
}

/** An arrow for the eye, and the same in words. Time is the first column, lanes follow. */
function row(step, before, lanes) {
  const item = make("li");
  const [from, to] = [lanes.indexOf(step.from), lanes.indexOf(step.to)];
  const [left, right] = [Math.min(from, to), Math.max(from, to)];
  item.className = `${from < to ? "rightwards" : "leftwards"} ${colourOf(step.from)}`;
  item.style.setProperty("--left", left + 2);
  item.style.setProperty("--right", right + 3);
  item.style.setProperty("--span", right - left + 1);
  const since = before ? `+${duration(step.at - before.at)}` : clock(step.time, false);
  item.append(make("span", "since", since), make("i", "shaft"), told(step));
  return item;
}

function told({ event, from, to, topic, message }) {
  const words = make("div", "told");
  words.append(
    make("b", "", visible(event.slice(0, 100))),
    make("span", "unseen", visible(`, from ${from} to ${to}, on ${topic}: `.slice(0, 300))),
    make("span", "message", visible(message.slice(0, 300))),
    make("span", "topic", topic),
  );
  return words;
}

function duration(milliseconds) {
  return milliseconds < 10_000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}
