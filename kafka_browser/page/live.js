// New messages as they come. A pause keeps what is shown; what comes meanwhile waits, as much as would be shown.

import { address } from "./api.js";
import { el, number } from "./dom.js";
import { row } from "./rows.js";

const MOST = 500; // messages: more nobody reads, and the page would grow for ever
const ANEW = 2000; // milliseconds; a browser gives up by itself after an answer that is none

export function live(section, name, filter, signal) {
  const list = el("ol", { class: "messages" });
  const said = el("span", { role: "status" }, "Connecting …");
  const pause = el("button", { type: "button", "aria-pressed": "false" }, "Pause");
  let waiting = [];
  let missed = 0;
  const paused = () => pause.getAttribute("aria-pressed") === "true";
  const tell = () => {
    const left = missed ? `, of which ${number(missed)} were dropped` : "";
    said.textContent = paused() ? `Paused; ${number(waiting.length + missed)} new${left}.` : "Live: new messages come on top.";
  };
  const show = (messages) => {
    list.prepend(...messages.map(row).reverse());
    while (list.children.length > MOST) list.lastElementChild.remove();
  };
  pause.addEventListener("click", () => {
    pause.setAttribute("aria-pressed", String(!paused()));
    if (!paused()) {
      show(waiting);
      [waiting, missed] = [[], 0];
    }
    tell();
  });
  const take = (message) => {
    if (!paused()) return show([message]);
    waiting.push(message);
    if (waiting.length > MOST) {
      waiting.shift();
      missed += 1;
    }
    tell();
  };
  follow(address(["topics", name, "live"], filter), take, tell, said, signal);
  section.append(el("p", { class: "bar" }, said, pause), list);
}

function follow(url, take, ready, said, signal) {
  if (signal.aborted) return;
  const events = new EventSource(url);
  const close = () => events.close();
  signal.addEventListener("abort", close);
  events.addEventListener("ready", ready);
  events.addEventListener("message", (event) => take(JSON.parse(event.data)));
  events.addEventListener("error", () => {
    said.textContent = "Not connected; trying again …";
    if (events.readyState !== EventSource.CLOSED) return;
    signal.removeEventListener("abort", close);
    setTimeout(() => follow(url, take, ready, said, signal), ANEW);
  });
}
