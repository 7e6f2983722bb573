// What the services have last said of themselves, and what that means: ready, not ready, or silent.

import { clock } from "./text.js";

export const PATIENCE = 3;  // intervals without a report until a service counts as silent
const USUAL = 5;  // seconds between two reports, of who has not said it
const FORGET = 60_000;  // an instance that went away while others of its service go on

export class Reports {
  #instances = new Map();  // by service and instance
  #apart = Infinity;  // how far the clock of this machine is ahead of Kafka's: the least that a report ever took
  #asked = 0;

  /** From now on they should come. */
  begin(now) {
    this.#asked = now;
    this.#instances.clear();
    this.#apart = Infinity;
  }

  /** A report as it is on the topic; `time` is when Kafka got it. */
  take({ time }, fields, now) {
    const at = Date.parse(time);
    if (typeof fields.service !== "string" || Number.isNaN(at)) return;
    this.#apart = Math.min(this.#apart, now - at);
    this.#instances.set(`${fields.service}@${fields.instance}`, { at, ...clean(fields) });
  }

  /** Kafka's clock. Not a number as long as no report has told it. */
  kafkaTime(now) {
    return this.#apart === Infinity ? NaN : now - this.#apart;
  }

  /** Those of a service, each with its state; one that never reported: none. */
  of(service, now) {
    const there = [...this.#instances.values()].filter((one) => one.service === service);
    const states = there.map((one) => ({ ...one, state: this.#state(one, now) }));
    const going = states.some(({ state }) => state !== "silent");
    return states.filter(({ state, at }) => state !== "silent" || !going || this.kafkaTime(now) - at < FORGET);
  }

  /** Whether who has not reported yet had the time to. */
  waitedLongEnough(now) {
    return now - this.#asked > PATIENCE * USUAL * 1000;
  }

  #state({ at, every, missing }, now) {
    if (this.kafkaTime(now) - at > PATIENCE * every * 1000) return "silent";
    return missing.length > 0 ? "not ready" : "ready";
  }
}

/** The banner: a sentence for each service that is not as it should be. Empty: all is well, or nothing is known yet. */
export function troubles(services, reports, now) {
  return services.flatMap((service) => {
    const instances = reports.of(service, now);
    if (instances.length === 0) return reports.waitedLongEnough(now) ? [`${service} has not reported.`] : [];
    return instances.flatMap((one) => sentence(one, instances.length > 1));
  });
}

function sentence({ service, instance, state, at, missing }, several) {
  const who = several ? `${service} (${instance})` : service;
  if (state === "silent") return [`${who} is silent: its last report is of ${seconds(at)}.`];
  return missing.map(({ name, reason, since }) => `${who} is not ready since ${seconds(since)}: ${name} (${reason}).`);
}

function seconds(time) {
  return clock(time, false).slice(0, 8);
}

/** Whatever lies on the topic: only what is as it should be goes on. */
function clean({ service, instance, every, not_ready, lag, ...figures }) {
  const missing = Array.isArray(not_ready) ? not_ready.filter((one) => one !== null && typeof one === "object") : [];
  const known = Object.fromEntries(Object.entries(figures).filter(([, value]) => typeof value === "number"));
  const behind = lag !== null && typeof lag === "object" ? Object.entries(lag).filter(([, offsets]) => offsets >= 0) : [];
  return { service, instance: String(instance), every: every > 0 ? every : USUAL, missing, lag: behind, ...known };
}
