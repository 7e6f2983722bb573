// The address names the view: #/topics, #/topics/NAME?contains=…, #/topics/NAME/PARTITION/OFFSET, #/groups, …

import { el } from "./dom.js";
import { groups, group } from "./groups.js";
import { letters } from "./letters.js";
import { single } from "./message.js";
import { topic } from "./topic.js";
import { topics } from "./topics.js";

const VIEWS = [
  [/^\/topics$/, topics],
  [/^\/topics\/([^/]+)$/, topic],
  [/^\/topics\/([^/]+)\/(\d+)\/(\d+)$/, single],
  [/^\/groups$/, groups],
  [/^\/groups\/([^/]+)$/, group],
  [/^\/dead-letters$/, letters],
];

const main = document.getElementById("view");
let leaving = new AbortController();

async function show(first) {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const [path, query = ""] = (location.hash.slice(1) || "/topics").split("?");
  mark(path);
  const slow = setTimeout(() => main.replaceChildren(el("p", { role: "status", class: "quiet" }, "Asking Kafka …")), 150);
  try {
    const view = await view_of(path, new URLSearchParams(query), signal);
    if (signal.aborted) return;
    main.replaceChildren(...view);
  } catch (error) {
    if (signal.aborted) return;
    main.replaceChildren(
      el("h1", {}, "This can’t be shown"),
      el("p", { role: "alert" }, error.message),
      el("button", { onclick: () => show(false) }, "Try again"));
  } finally {
    clearTimeout(slow);
  }
  const heading = main.querySelector("h1");
  document.title = `${heading?.textContent ?? ""} - Kafka browser`;
  if (!first) main.focus({ preventScroll: true });
  scrollTo(0, 0);
}

async function view_of(path, query, signal) {
  for (const [pattern, view] of VIEWS) {
    const found = pattern.exec(path);
    if (found) return view(found.slice(1).map(decodeURIComponent), query, signal);
  }
  throw new Error("There is no such view.");
}

function mark(path) {
  for (const link of document.querySelectorAll("nav a")) {
    if (path.startsWith(link.hash.slice(1))) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

addEventListener("hashchange", () => show(false));
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address names the view
  main.focus();
});
show(true);
