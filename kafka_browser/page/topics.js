// Every topic.

import { again } from "./again.js";
import { ask } from "./api.js";
import { badge, el, num, number, size, table } from "./dom.js";

export async function topics(_, __, signal) {
  const shown = el("div");
  const look = async () => {
    const found = await ask(["topics"], {}, signal);
    const focused = document.activeElement?.getAttribute?.("href");
    shown.replaceChildren(found.length ? listing(found) : el("p", { class: "quiet" }, "There are no topics yet."));
    if (focused) [...shown.querySelectorAll("a")].find((one) => one.getAttribute("href") === focused)?.focus();
  };
  await look();
  again(signal, look);
  return [el("h1", {}, "Topics"), shown];
}

function listing(found) {
  const rows = [...found].sort((one, other) => one.internal - other.internal).map((topic) => [
    [el("a", { href: `#/topics/${encodeURIComponent(topic.name)}` }, topic.name), topic.internal && badge("internal")],
    num(number(topic.partitions)),
    num(number(topic.records)),
    num(size(topic.bytes)),
    num(topic.rate ? `${number(topic.rate)}/s` : "–"),
  ]);
  return table("Offsets count: of a transaction one is its marker, and no record.", ["Topic", "Partitions", "Offsets", "Size", "Rate"], rows);
}
