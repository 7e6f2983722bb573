// Dead letters, newest first, with the reasons.

import { ask } from "./api.js";
import { badge, el, number, visible } from "./dom.js";
import { opened } from "./message.js";

export async function letters(_, query, signal) {
  const list = el("ol", { class: "letters" });
  const said = el("span", { role: "status" });
  const further = el("button", { type: "button", hidden: true }, "Go on");
  let next = null;
  const on = async () => {
    const page = await ask(["dead-letters"], { contains: query.get("contains"), before: next }, signal);
    list.append(...page.dead_letters.map(letter));
    next = page.next;
    further.hidden = next === null;
    said.textContent = list.children.length || next ? `${number(list.children.length)} shown.` : "There are none: everything could be handled.";
  };
  further.addEventListener("click", () => on().catch((error) => signal.aborted || (said.textContent = error.message)));
  await on();
  return [el("h1", {}, "Dead letters"), el("p", { class: "quiet" }, "What a service could not handle, as it was. ",
    el("code", {}, "./shop dlq"), " sends it again or drops it."), list, el("p", { class: "bar" }, said, further)];
}

function letter({ reason, service, source, resolution, message }) {
  const from = source?.match(/^(.*):(\d+):(\d+)$/);
  return el("li", {},
    el("p", { class: "reason" }, resolution ? [badge(resolution), " ", visible(message.key ?? "")] : visible(reason ?? "no reason is given")),
    el("p", { class: "quiet" }, message.time, " · ", service ? visible(service) : message.topic,
      from && [" · from ", el("a", { href: `#/topics/${encodeURIComponent(from[1])}/${from[2]}/${from[3]}` }, visible(source))]),
    el("details", { class: "fold" }, el("summary", {}, "The record"), opened(message)));
}
