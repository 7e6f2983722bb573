// Messages in a list: one line each, which opens.

import { badge, el, visible } from "./dom.js";
import { opened } from "./message.js";

const PREVIEW = 200; // characters

export function row(message) {
  const node = el("details", { class: "message" },
    el("summary", {},
      el("span", { class: "time" }, (message.time ?? "").replace("T", " ").replace("Z", "")),
      el("span", { class: "place" }, `${message.partition}:${message.offset}`),
      el("span", { class: "key" }, message.key == null ? "" : visible(message.key.slice(0, 80))),
      el("span", { class: "preview" }, preview(message))));
  node.addEventListener("toggle", () => {
    if (node.open && !node.querySelector(".opened")) node.append(opened(message));
  });
  return el("li", {}, node);
}

function preview(message) {
  if (message.tombstone) return badge("tombstone", "warn");
  if (message.value_base64) return [badge("binary"), " ", message.value.slice(0, 60)];
  return visible(message.value.slice(0, PREVIEW)).replace(/\s+/g, " ");
}
