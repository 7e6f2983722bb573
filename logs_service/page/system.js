// The third view: the shop as a whole, lit up by what passes, with what its services say of themselves. All of it comes
// from Kafka by way of the hub; no service is asked.

import { Connection } from "./connection.js";
import { Line } from "./line.js";
import { ARROWS, arrowsOf, SERVICES, TOPICS } from "./map.js";
import { Picture } from "./picture.js";
import { Rates, told } from "./rates.js";
import { Reports, troubles } from "./reports.js";
import { Tables } from "./tables.js";
import { clock, make, visible } from "./text.js";

const REPORTS = "metrics";
const OF_THE_PAST = 50;  // reports: of every service one, and of its replicas
const REDRAW = 250;  // milliseconds: numbers that change more often can't be read

export class System {
  #connections = [];
  #timer = 0;
  #reports = new Reports();
  #rates = new Rates();
  #away = 0;  // since when there is no connection

  constructor(view, { accessToken }) {
    Object.assign(this, { view, accessToken, banner: view.querySelector(".banner"), note: view.querySelector(".hint") });
    this.picture = new Picture(view.querySelector("svg"));
    const [services, arrows] = view.querySelectorAll("table");
    this.tables = new Tables({ services, arrows });
  }

  get open() { return this.#connections.length > 0; }

  /** Costs nothing while it is not looked at. `filtered`: the lines that come are not all. */
  show(shown, filtered = false) {
    this.note.hidden = !filtered;
    if (shown === this.open) return;
    clearInterval(this.#timer);
    for (const connection of this.#connections) connection.close();
    this.#connections = shown ? this.#connect() : [];
    if (!shown) return;
    this.#reports.begin(Date.now());
    this.#rates.clear();
    this.#draw();
    this.#timer = setInterval(() => this.#draw(), REDRAW);
  }

  /** A line or a record that passes. */
  pass(line) {
    if (!this.open) return;
    const now = this.#reports.kafkaTime(Date.now());
    const time = Date.parse(line.received);
    for (const name of arrowsOf(line.topic, line.shown)) {
      if (this.#rates.count(name, time, now)) this.picture.light(name);
    }
  }

  #connect() {
    const { accessToken } = this;
    const of = (topic, last, heard, told) =>
      new Connection(`/topics/${topic}`, {}, { last, heard, told, accessToken });
    const records = (message) => { if (message.line !== undefined) this.pass(new Line(message)); };
    const reports = (message) => {
      if (message.line !== undefined) this.#reports.take(message, new Line(message).fields, Date.now());
    };
    const state = (state) => { this.#away = state === "live" ? 0 : this.#away || Date.now(); };
    return [of(REPORTS, OF_THE_PAST, reports, state), ...TOPICS.map((topic) => of(topic, 1, records))];
  }

  #draw() {
    const now = Date.now(), kafkaTime = this.#reports.kafkaTime(now);
    for (const { name } of ARROWS) {
      const rate = this.#rates.of(name, kafkaTime);
      this.picture.rate(name, rate > 0 ? told(rate) : "");
      this.tables.rate(name, told(rate));
    }
    const instances = SERVICES.flatMap((service) => this.#service(service, this.#reports.of(service, now)));
    this.tables.show(instances);
    this.#tell(this.#words(now));
  }

  /** The rows of a service; and its box, which sums them up. */
  #service(service, instances) {
    const state = ["silent", "not ready", "ready"].find((one) => instances.some((other) => other.state === one));
    this.picture.service(service, state ?? "no report yet", summary(instances));
    if (instances.length === 0) return [[service, { state: "no report yet" }]];
    return instances.map((one) => [instances.length > 1 ? `${service} ${one.instance}` : service, figures(one)]);
  }

  #words(now) {
    if (this.#away) return [awayWords(this.#away)];
    const found = troubles(SERVICES, this.#reports, now);
    if (found.length >= SERVICES.length) found.unshift("No service is ready, or none can be heard: is Kafka away?");
    if (found.length > 0) return found;
    const known = SERVICES.every((service) => this.#reports.of(service, now).length > 0);
    return [known ? `All ${SERVICES.length} services are ready.` : "Waiting for the services to report."];
  }

  #tell(sentences) {
    const words = sentences.join("\n");
    if (words === this.said) return;
    this.said = words;
    this.banner.dataset.well = String(words.startsWith("All "));
    this.banner.replaceChildren(...sentences.map((sentence) => make("p", "", visible(sentence.slice(0, 300)))));
  }
}

const awayWords = (since) => `Not connected to the hub since ${clock(since, false).slice(0, 8)}: this is how it was then.`;
const sum = (numbers) => numbers.reduce((one, other) => one + other, 0);
const whole = (number) => number?.toLocaleString("en");

/** Lag is each instance's own; an outbox is the whole service's, whoever counts it. */
function summary(instances) {
  const lags = instances.flatMap(({ lag }) => lag.map(([, offsets]) => offsets));
  const pending = instances.map((one) => one.pending).filter((one) => one !== undefined);
  const clients = instances.map((one) => one.clients).filter((one) => one !== undefined);
  return [
    lags.length > 0 ? `lag ${whole(sum(lags))}` : "",
    pending.length > 0 ? `outbox ${whole(Math.max(...pending))}` : "",
    clients.length > 0 ? `${whole(sum(clients))} watching` : "",
  ].filter(Boolean).join(", ");
}

function figures({ state, lag, pending, handled, published, dead_letters, clients, ring_fill }) {
  return {
    state,
    lag: lag.map(([topic, offsets]) => `${topic} ${whole(offsets)}`).join(", ") || undefined,
    pending: whole(pending),
    handled: whole(handled),
    published: whole(published),
    letters: whole(dead_letters),
    watched: clients === undefined ? undefined : `${whole(clients)}, ring ${Math.round(100 * (ring_fill ?? 0))} % full`,
  };
}
