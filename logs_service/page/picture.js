// The map as a drawing: boxes, pills and arrows that light up. It knows where things are, and nothing of what they mean.

import { ARROWS, PLACES } from "./map.js";
import { visible } from "./text.js";

const SVG = document.querySelector("svg").namespaceURI;
const LIT = 1200;  // milliseconds that an arrow stays lit
const PULSE = 700;
const still = matchMedia("(prefers-reduced-motion: reduce)");

export class Picture {
  #arrows = new Map();
  #boxes = new Map();

  constructor(svg) {
    const lowest = Math.max(...Object.values(PLACES).map((place) => place.y));
    svg.setAttribute("viewBox", `0 0 930 ${Math.max(450, lowest + 50)}`);
    for (const arrow of ARROWS) this.#arrows.set(arrow.name, new Arrow(svg, arrow));
    for (const [name, place] of Object.entries(PLACES)) this.#boxes.set(name, new Box(svg, name, place));
  }

  light(name) {
    this.#arrows.get(name)?.light();
  }

  rate(name, words) {
    this.#arrows.get(name).rate(words);
  }

  /** `state` in a word, and a line of figures. */
  service(name, state, figures) {
    this.#boxes.get(name).say(state, figures);
  }
}

class Arrow {
  #timer = 0;
  #pulsing = null;

  constructor(svg, { path, head: [toX, toY, turned], rate: [x, y, anchor], name }) {
    const point = { class: "point", d: "M-9,-4.5 L0,0 L-9,4.5 Z", transform: `translate(${toX},${toY}) rotate(${turned})` };
    this.group = draw("g", { class: "arrow", "data-arrow": name });
    this.pulse = draw("path", { class: "pulse", d: path, pathLength: 100 });
    this.number = draw("text", { class: "rate", x, y, "text-anchor": anchor });
    this.group.append(draw("path", { class: "way", d: path }), draw("path", point), this.pulse, this.number);
    svg.append(this.group);
  }

  rate(words) {
    if (this.number.textContent !== words) this.number.textContent = words;
  }

  light() {
    this.group.classList.add("lit");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.group.classList.remove("lit"), LIT);
    if (still.matches || this.#pulsing?.playState === "running") return;  // one at a time, however many lines pass
    const way = [{ strokeDashoffset: 8, opacity: 1 }, { strokeDashoffset: -92, opacity: 1 }];
    this.#pulsing = this.pulse.animate(way, { duration: PULSE, easing: "ease-in-out" });
  }
}

class Box {
  constructor(svg, name, { x, y, topic, service, words }) {
    const [width, height] = topic ? [15 + 8.4 * name.length, 36] : [service ? 168 : 120, service ? 68 : 56];
    this.group = draw("g", { class: topic ? "topic-pill" : "box", transform: `translate(${x},${y})`, "data-place": name });
    const radius = topic ? height / 2 : 8;
    const frame = draw("rect", { x: -width / 2, y: -height / 2, width, height, rx: radius });
    this.name = draw("text", { class: "place", y: service ? -12 : 5 }, words ?? name);
    this.group.append(frame, this.name);
    if (service) this.group.append(...[8, 25].map((at) => draw("text", { class: "figures", y: at })));
    svg.append(this.group);
  }

  say(...lines) {
    this.group.dataset.state = lines[0];
    for (const [at, text] of [...this.group.querySelectorAll(".figures")].entries()) {
      if (text.textContent !== lines[at]) text.textContent = visible(lines[at]);
    }
  }
}

function draw(tag, attributes = {}, text = "") {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text) element.textContent = text;
  return element;
}
