// Consumer groups: who is in them, and how far behind.

import { again } from "./again.js";
import { ask } from "./api.js";
import { badge, el, num, number, table } from "./dom.js";

const MEANING = "Lag in offsets: of a transaction one is its marker, so an idle group may stay one behind on each partition.";

async function kept(signal, look) {
  const shown = el("div");
  const again_ = async () => shown.replaceChildren(...(await look()));
  await again_();
  again(signal, async () => {
    if (!shown.contains(document.activeElement)) await again_();
  });
  return shown;
}

export async function groups(_, __, signal) {
  const shown = await kept(signal, async () => {
    const found = await ask(["groups"], {}, signal);
    if (!found.length) return [el("p", { class: "quiet" }, "There are no consumer groups yet.")];
    return [table(MEANING, ["Group", "State", "Members", "Lag"], found.map((one) => [
      el("a", { href: `#/groups/${encodeURIComponent(one.name)}` }, one.name), one.state, num(number(one.members)), lag(one)]))];
  });
  return [el("h1", {}, "Consumer groups"), shown];
}

export async function group([name], _, signal) {
  const shown = await kept(signal, async () => {
    const found = await ask(["groups", name], {}, signal);
    return [
      el("p", {}, found.ledger && badge("ledger"), found.ledger ? " Its commits name what an outbox has sent; they are no place in a topic."
        : `${found.state}, members: ${number(found.members)}. ${MEANING}`),
      table("", ["Topic", "Partition", "Committed", "End", "Lag", "Member"], found.partitions.map((one) => [
        el("a", { href: `#/topics/${encodeURIComponent(one.topic)}` }, one.topic), num(number(one.partition)), num(number(one.committed)),
        num(one.end == null ? "gone" : number(one.end)), num(one.lag == null ? "–" : number(one.lag)), one.member ?? "–"])),
    ];
  });
  return [el("p", { class: "crumb" }, el("a", { href: "#/groups" }, "Groups")), el("h1", {}, name), shown];
}

const lag = (one) => (one.ledger ? badge("ledger") : num(number(one.lag)));
