// Elements and texts. Whatever a message holds becomes a text node, never markup.

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return node;
}

// Characters that can't be seen, or turn the writing, as \uXXXX. Line ends and tabs stay.
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

export function visible(text) {
  return text.replace(UNSEEN, (one) => "\\u" + one.charCodeAt(0).toString(16).padStart(4, "0"));
}

const whole = new Intl.NumberFormat("en");
const tenth = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const short = new Intl.NumberFormat("en", { notation: "compact", compactDisplay: "long", maximumFractionDigits: 1 });

export const number = (value) => whole.format(value);
export const size = (bytes) => {
  const power = bytes < 1024 ? 0 : Math.min(4, Math.floor(Math.log2(bytes) / 10));
  return `${tenth.format(bytes / 1024 ** power)} ${["bytes", "KiB", "MiB", "GiB", "TiB"][power]}`;
};
export const rounded = (value) => (value < 1_000_000 ? whole.format(value) : short.format(value));

export function table(caption, heads, rows) {
  const cell = (content, index) =>
    el(index === 0 ? "th" : "td", { scope: index === 0 ? "row" : null, "data-head": heads[index] }, content);
  return el("table", {},
    el("caption", {}, caption),
    el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col" }, head)))),
    el("tbody", {}, rows.map((row) => el("tr", {}, row.map(cell)))));
}

export const num = (text) => el("span", { class: "num" }, text);
export const badge = (text, kind = "") => el("span", { class: `badge ${kind}` }, text);
