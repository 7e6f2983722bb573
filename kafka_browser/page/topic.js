// One topic: what it is, and its messages, as they were or as they come.

import { ask } from "./api.js";
import { badge, el, num, number, rounded, size, table } from "./dom.js";
import { live } from "./live.js";
import { row } from "./rows.js";

const FIRST = ["cleanup.policy", "retention.ms", "retention.bytes", "max.message.bytes", "min.insync.replicas", "segment.bytes"];

export async function topic([name], query, signal) {
  const messages = el("section", { "aria-label": "Messages" });
  const searched = query.get("live") ? null : search(messages, name, query, signal);
  const [about] = await Promise.all([ask(["topics", name], {}, signal), searched]);
  if (query.get("live")) live(messages, name, filter(query), signal);
  return [
    el("p", { class: "crumb" }, el("a", { href: "#/topics" }, "Topics")),
    el("h1", {}, name, about.internal && badge("internal")),
    el("p", { class: "quiet" }, `${number(about.records)} offsets on ${number(about.partitions)} partitions, ${size(about.bytes)}, cleanup by ${about.settings["cleanup.policy"] ?? "?"}`),
    folded(`Partitions (${about.partitions})`, table("", ["Partition", "First", "Next", "Size", "Leader"],
      about.partition_list.map((one) => [...[one.partition, one.first, one.next].map(number), size(one.bytes), number(one.leader)].map(num)))),
    folded("Settings", table("", ["Setting", "Value"], settings(about.settings))),
    form(name, about, query),
    messages,
  ];
}

const folded = (title, content) => el("details", { class: "fold" }, el("summary", {}, title), content);

function settings(all) {
  const names = [...FIRST.filter((name) => name in all), ...Object.keys(all).filter((name) => !FIRST.includes(name))];
  return names.map((name) => [name, el("code", {}, all[name])]);
}

const filter = (query) => Object.fromEntries(["partition", "key", "contains"].map((name) => [name, query.get(name)]));

function form(name, about, query) {
  const from = query.has("live") ? "live" : query.has("offset") ? "offset" : query.has("time") ? "time" : "newest";
  const option = (value, text, chosen) => el("option", { value, selected: value === chosen }, text);
  const choice = el("select", { name: "from" },
    [["newest", "newest first"], ["offset", "from offset"], ["time", "from time"], ["live", "live"]].map(([value, text]) => option(value, text, from)));
  const offset = el("input", { name: "offset", type: "number", min: 0, value: query.get("offset") ?? "0" });
  const time = el("input", { name: "time", type: "datetime-local", step: 1, value: local(query.get("time")) });
  const partition = el("select", { name: "partition" }, option("", "all", query.get("partition") ?? ""),
    about.partition_list.map((one) => option(String(one.partition), String(one.partition), query.get("partition"))));
  const fields = [label("From", choice), label("Offset", offset), label("Time", time), label("Partition", partition),
    label("Key", el("input", { name: "key", value: query.get("key") ?? "", autocomplete: "off" })),
    label("Contains", el("input", { name: "contains", type: "search", value: query.get("contains") ?? "", autocomplete: "off" }))];
  const fit = () => [offset, time].forEach((one) => (one.parentElement.hidden = one.name !== choice.value));
  choice.addEventListener("change", fit);
  fit();
  return el("form", { role: "search", onsubmit: (event) => {
    event.preventDefault();
    const before = location.hash;
    location.hash = `/topics/${encodeURIComponent(name)}?${wish(new FormData(event.target))}`;
    if (location.hash === before) dispatchEvent(new HashChangeEvent("hashchange"));
  } }, fields, el("button", { type: "submit" }, "Show"));
}

const label = (text, input) => el("label", {}, el("span", {}, text), input);

function wish(data) {
  const query = new URLSearchParams();
  const from = data.get("from");
  if (from === "offset") query.set("offset", data.get("offset") || "0");
  if (from === "time" && data.get("time")) query.set("time", new Date(data.get("time")).toISOString());
  if (from === "live") query.set("live", "1");
  for (const name of ["partition", "key", "contains"]) if (data.get(name)) query.set(name, data.get(name));
  return query;
}

function local(time) {
  if (!time || Number.isNaN(Date.parse(time))) return "";
  const moment = new Date(time);
  return new Date(moment - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

async function search(section, name, query, signal) {
  const list = el("ol", { class: "messages" });
  const said = el("span", { role: "status" });
  const further = el("button", { type: "button", hidden: true }, "Go on");
  const oldestFirst = query.has("offset") || query.has("time");
  let searched = 0;
  let of = null;
  let next = null;
  const on = async () => {
    const place = next === null ? { offset: query.get("offset"), time: query.get("time") } : { [oldestFirst ? "after" : "before"]: next };
    const page = await ask(["topics", name, "messages"], { ...filter(query), ...place }, signal);
    list.append(...page.messages.map(row));
    [searched, of, next] = [searched + page.searched, of ?? page.of, page.next];
    further.hidden = next === null;
    said.textContent = `${number(list.children.length)} message${list.children.length === 1 ? "" : "s"}; searched ${rounded(searched)} of ${rounded(Math.max(of, searched))} offsets.`;
  };
  further.addEventListener("click", async () => {
    further.disabled = true;
    try {
      await on();
    } catch (error) {
      if (!signal.aborted) said.textContent = error.message;
    }
    further.disabled = false;
  });
  await on();
  section.append(list, el("p", { class: "bar" }, said, further));
}
