// A message opened: key, headers, and the value as a tree or as it is.

import { ask } from "./api.js";
import { badge, el, number, table, visible } from "./dom.js";

const DEEPEST = 40; // levels of a tree; what is deeper is shown as text
const OPEN = 3; // levels that are open at first

export const place = (message) => `#/topics/${encodeURIComponent(message.topic)}/${message.partition}/${message.offset}`;

export async function single([topic, partition, offset], _, signal) {
  const message = await ask(["topics", topic, "messages", partition, offset], {}, signal);
  return [
    el("p", { class: "crumb" }, el("a", { href: `#/topics/${encodeURIComponent(topic)}` }, topic)),
    el("h1", {}, `${topic}, partition ${partition}, offset ${offset}`),
    opened(message),
  ];
}

export function opened(message) {
  return el("div", { class: "opened" },
    el("dl", {},
      fact("Time", message.time ?? `${message.timestamp} ms`),
      fact("Key", message.key == null ? badge("none") : [el("code", {}, visible(message.key)), message.key_base64 && badge("base64")]),
      fact("Size", `${number(message.size)} bytes`)),
    message.headers.length > 0 && table("Headers", ["Name", "Value"], message.headers.map((one) => [
      el("code", {}, visible(one.name)), [el("code", {}, visible(one.value)), one.base64 && badge("base64")]])),
    value(message),
    el("p", { class: "quiet" }, message.cut && "It is large and was cut here. ", el("a", { href: place(message) }, message.cut ? "Show all of it" : "Link to this message")));
}

const fact = (name, content) => el("div", {}, el("dt", {}, name), el("dd", {}, content));

function value(message) {
  if (message.tombstone) return el("p", {}, badge("tombstone", "warn"), " No value: this key was deleted.");
  const raw = () => el("pre", { tabindex: "0", "aria-label": "Value" }, visible(message.value));
  if (message.value_base64) return el("div", {}, badge("not text: base64", "warn"), raw());
  const parsed = message.cut ? undefined : parse(message.value);
  if (parsed === undefined) return raw();
  const shown = el("div", {}, tree(parsed.json));
  const choose = el("button", { type: "button", class: "small", "aria-pressed": "false", onclick: () => {
    const pressed = choose.getAttribute("aria-pressed") !== "true";
    choose.setAttribute("aria-pressed", String(pressed));
    shown.replaceChildren(pressed ? raw() : tree(parsed.json));
  } }, "Raw");
  return el("div", { class: "value" }, el("div", { class: "bar" }, el("span", { class: "label" }, "Value"), choose), shown);
}

function parse(text) {
  try {
    const json = JSON.parse(text);
    return json !== null && typeof json === "object" ? { json } : undefined;
  } catch {
    return undefined;
  }
}

function tree(json) {
  return el("ul", { class: "tree" }, entries(json, 0));
}

function entries(json, depth) {
  return Object.entries(json).map(([name, part]) => el("li", {}, branch(name, part, depth)));
}

function branch(name, part, depth) {
  const label = el("span", { class: "name" }, visible(name));
  if (part === null || typeof part !== "object" || depth > DEEPEST) {
    return [label, ": ", el("span", { class: `is-${part === null ? "null" : typeof part}` }, visible(JSON.stringify(part)))];
  }
  const count = Object.keys(part).length;
  const size = el("span", { class: "quiet" }, Array.isArray(part) ? ` [${count}]` : ` {${count}}`);
  return el("details", { open: depth < OPEN }, el("summary", {}, label, size), el("ul", {}, entries(part, depth + 1)));
}
