// The views: one of them is shown. Arrow keys move between the tabs (ARIA Authoring Practices, “Tabs”).

export class Tabs {
  constructor(list, shown = () => {}) {
    this.tabs = [...list.querySelectorAll("[role=tab]")];
    this.shown = shown;
    for (const tab of this.tabs) tab.addEventListener("click", () => this.show(nameOf(tab)));
    list.addEventListener("keydown", (event) => this.#key(event));
  }

  show(name) {
    for (const tab of this.tabs) {
      const chosen = nameOf(tab) === name;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      document.getElementById(nameOf(tab)).hidden = !chosen;
    }
    this.shown(name);
  }

  #key(event) {
    const at = this.tabs.indexOf(document.activeElement), last = this.tabs.length - 1;
    const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    this.tabs[to].focus();
    this.show(nameOf(this.tabs[to]));
  }
}

function nameOf(tab) {
  return tab.getAttribute("aria-controls");
}
