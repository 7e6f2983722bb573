// Puts the page together: connection → lines → views, and what a reader can press.

import { Chart } from "./chart.js";
import { Connection } from "./connection.js";
import { Detail } from "./detail.js";
import { FilterBar } from "./filterbar.js";
import { filtersOf, fragmentOf, isFiltered, queryOf, storyOf, viewOf, withValue } from "./filters.js";
import { Finder } from "./finder.js";
import { Gap, Line } from "./line.js";
import { Lines } from "./lines.js";
import { Shop } from "./shop.js";
import { Story } from "./story.js";
import { Stream } from "./stream.js";
import { System } from "./system.js";
import { Tabs } from "./tabs.js";
import { Words } from "./words.js";

const AT_FIRST = 1000;  // lines of the past that a new visitor gets

const byId = (id) => document.getElementById(id);
const settings = await (await fetch("/live/settings.json")).json();
const held = new Lines();
const words = new Words(byId("state"), byId("said"));
const chart = new Chart(byId("rate").querySelector("path"), byId("rate").querySelector("span"));
const accessToken = () => (settings.requireToken ? shop.token : "");
const shop = new Shop(byId("shop"), settings, {
  loggedIn,
  story: openStory,
});
let filters, connection = null;
let begun = 0;  // number of the first line under these filters
let seen = 0;  // number behind the last line that was shown

const stream = new Stream({ list: byId("rows"), space: byId("space"), choose, story: openStory, drawn });
const detail = new Detail({
  panel: byId("detail"),
  filter: (field, value) => ask(withValue(filters, field, value)),
  story: openStory,
  closed: () => byId("rows").focus(),
});
const finder = new Finder({
  box: byId("search"), previous: byId("previous"), next: byId("next"), hits: byId("hits"), stream,
});
const bar = new FilterBar({
  form: byId("add-filter"), chips: byId("chips"), offered: byId("seen"), held: () => held, changed: ask,
});
const story = new Story(byId("story"), { accessToken, newest: openNewest });
const system = new System(byId("system"), { accessToken });
const tabs = new Tabs(byId("tabs"), (name) => {
  if (name === "story" && !story.correlation) story.showNone();
  system.show(name === "system", filters && isFiltered(filters));
  if (filters) writeAddress();
});

/** Other filters: another connection, and what was here is gone. */
function ask(wanted) {
  filters = wanted;
  pause(false);
  held.clear();
  begun = held.first;
  chart.clear();
  bar.show(filters);
  finder.start();
  stream.active = null;
  stream.toEnd();
  writeAddress();
  connect();
}

/** Where lines are shown to who has a token only: go on where it was, with the token. */
function loggedIn() {
  if (!settings.requireToken) return;
  connection.open();
  writeAddress();
}

function connect() {
  connection?.close();
  const told = (state, wait) => words.told(state, wait);
  connection = new Connection("/", queryOf(filters), { last: AT_FIRST, heard, told, accessToken });
}

function heard(message) {
  if (message.line !== undefined) {
    const line = new Line(message);
    chart.count(message.time);
    held.add(line);
    system.pass(line);
  } else if (message.notice === "lost") held.add(new Gap(message));
  stream.drawSoon();
}

function drawn() {
  finder.tell();
  if (stream.follow && !words.paused) seen = held.end;
  const fresh = held.end - seen;
  byId("new").hidden = fresh === 0;
  byId("new").textContent = `${fresh.toLocaleString("en")} new`;
  byId("empty").hidden = stream.lines.length > 0;
  const bound = held.first > begun ? ", the older ones are gone" : "";
  byId("count").textContent = `${held.length.toLocaleString("en")} lines here${bound}`;
}

function pause(on) {
  if (on === words.paused) return;
  byId("pause").setAttribute("aria-pressed", String(on));
  byId("pause").textContent = on ? "Go on" : "Pause";
  words.pause(on);
  stream.show(on ? held.frozen() : held);
}

function choose(number) {
  detail.show(stream.lines.at(number));
}

function openStory(correlation) {
  if (!correlation) return;
  story.open(correlation, held);
  tabs.show("story");
  byId("tab-story").focus();
}

function openNewest() {
  const newest = [...held].reverse().find((line) => !line.gap && line.shown.correlation);
  openStory(newest?.shown.correlation);
}

/** The address is the link: whoever opens it sees the same. */
function writeAddress() {
  const fragment = fragmentOf(filters, shownView());
  history.replaceState(null, "", `${location.pathname}${fragment ? `#${fragment}` : ""}`);
  const query = new URLSearchParams(queryOf(filters));
  if (accessToken()) query.set("access_token", accessToken());
  byId("download").href = `/download?${query}`;
}

/** What is shown, if it is not the stream. */
function shownView() {
  const chosen = (name) => byId(`tab-${name}`).getAttribute("aria-selected") === "true";
  if (chosen("system")) return { view: "system" };
  return chosen("story") && story.correlation ? { story: story.correlation } : {};
}

function readAddress() {
  const fragment = location.hash;
  ask(filtersOf(fragment));
  const chosen = storyOf(fragment);
  if (chosen) openStory(chosen);
  else if (viewOf(fragment) === "system") tabs.show("system");
}

async function copyLink() {
  try {
    await navigator.clipboard.writeText(location.href);
    words.say("The link is copied.");
    byId("link").textContent = "Copied";
    setTimeout(() => { byId("link").textContent = "Copy link"; }, 1500);
  } catch {
    words.say("Copy the address of this page: it is the link.");
  }
}

function toggleShop(open = byId("shop").hidden) {
  byId("shop").hidden = !open;
  byId("open-shop").setAttribute("aria-expanded", String(open));
  (open ? byId("shop").elements.username : byId("open-shop")).focus();
}

byId("pause").addEventListener("click", () => pause(!words.paused));
byId("new").addEventListener("click", () => {
  pause(false);
  stream.toEnd();
  byId("rows").focus();
});
byId("clock").addEventListener("click", ({ target }) => {
  stream.utc = !stream.utc;
  target.setAttribute("aria-pressed", String(stream.utc));
  stream.redraw();
});
byId("link").addEventListener("click", copyLink);
byId("open-shop").addEventListener("click", () => toggleShop());
byId("shop").addEventListener("keydown", ({ key }) => { if (key === "Escape") toggleShop(false); });
byId("rows").addEventListener("keydown", ({ key }) => { if (key === "Escape" && !byId("detail").hidden) detail.close(); });
addEventListener("online", () => connection.retry());
addEventListener("hashchange", readAddress);

stream.show(held);
readAddress();
