// Foreign text made harmless to look at: it only ever becomes text nodes, and what can't be seen is shown.

const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|\p{Cs}/gu;

/** Control characters as their pictures (␛), the rest of what is invisible or turns the line around as \u202e. */
export function visible(text) {
  return text.replace(UNSEEN, (character) => {
    const code = character.codePointAt(0);
    if (code < 0x20) return String.fromCodePoint(0x2400 + code);
    return code === 0x7f ? "␡" : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/** An element with a class and text. */
export function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.textContent = text;
  return element;
}

export function button(text, act, className = "") {
  const element = make("button", className, text);
  element.type = "button";
  element.addEventListener("click", act);
  return element;
}

/** What somebody searches for, as they typed it. Null: nothing. */
export function pattern(wanted) {
  return wanted ? new RegExp(wanted.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"), "giu") : null;
}

/** Fills an element with text in which the hits are marked. */
export function fill(element, text, hit) {
  if (hit === null) {
    if (element.childElementCount > 0 || element.textContent !== text) element.textContent = text;
    return;
  }
  const parts = [];
  let from = 0;
  hit.lastIndex = 0;
  for (const { 0: found, index } of text.matchAll(hit)) {
    parts.push(text.slice(from, index), make("mark", "", found));
    from = index + found.length;
  }
  element.replaceChildren(...parts, text.slice(from));
}

export function clock(time, utc) {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return String(time ?? "");
  if (utc) return date.toISOString().slice(11, 23);
  const two = (number, places = 2) => String(number).padStart(places, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${two(date.getMilliseconds(), 3)}`;
}

export function size(characters) {
  return `${Math.max(1, Math.round(characters / 1024)).toLocaleString("en")} KB`;
}
