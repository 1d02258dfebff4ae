// Elements without markup: whatever comes from a run becomes text or an attribute, never HTML.
"use strict";

const SVG = "http://www.w3.org/2000/svg";

function el(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || (value === false && !name.startsWith("aria-"))) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true && !name.startsWith("aria-") ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
}

// Replace what is inside an element; what is null or false is left out.
function refill(element, ...children) {
  element.replaceChildren();
  fill(element, {}, children);
}

function button(text, onclick, attributes = {}) {
  return el("button", { type: "button", onclick, ...attributes }, text);
}

// A title, an optional sentence, and the content: every part of the page looks so.
function section(id, title, lead, ...content) {
  return el("section", { id, "aria-labelledby": `${id}-title` },
    el("h2", { id: `${id}-title`, tabindex: -1 }, title), lead ? el("p", { class: "lead" }, lead) : null, ...content);
}

function definitions(pairs, look = "facts") {
  return el("dl", { class: look }, pairs.filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

// A table of cells; a cell is a text, a number as text, an element, or {text, class}.
function plainTable(columns, rows, { caption = null, numeric = [] } = {}) {
  const cellClass = (place) => (numeric.includes(place) ? "number" : null);
  const look = (cell, place) => cellClass(place) ?? (typeof cell === "string" && cell.length < 17 ? "state" : null);
  return el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": caption || columns.filter(Boolean).join(", ") },
    el("table", {},
      caption ? el("caption", {}, caption) : null,
      el("thead", {}, el("tr", {}, columns.map((name, i) => el("th", { scope: "col", class: cellClass(i) }, name)))),
      el("tbody", {}, rows.map((row) => el("tr", {}, row.map((cell, i) => el("td", { class: look(cell, i) }, cell)))))));
}

// One value that several parts of the page follow.
function shared(value) {
  const watchers = [];
  return {
    get value() { return value; },
    set(next, source = null) {
      if (next === value) return;
      value = next;
      for (const watcher of watchers) watcher(next, source);
    },
    watch(watcher) { watchers.push(watcher); },
  };
}

// A colour from a run, only where it is one; an attribute could not do harm, but could look so.
function colourOf(text, otherwise = "currentColor") {
  return /^(#[0-9a-f]{3,8}|[a-z]{3,20})$/i.test(text) ? text : otherwise;
}

// Work that can wait until a part is looked at, and that is done at once before the page is printed.
const waiting = new Set();

function whenSeen(element, work) {
  const once = () => {
    if (!waiting.delete(once)) return;
    observer.disconnect();
    work();
  };
  const observer = new IntersectionObserver((entries) => entries.some((e) => e.isIntersecting) && once(),
    { rootMargin: "300px" });
  waiting.add(once);
  observer.observe(element);
}

function finishWaiting() {
  for (const work of [...waiting]) work();
}

// Draw into an element now, and again when it gets another width.
function drawnToWidth(element, draw) {
  let width = 0;
  new ResizeObserver(() => {
    const now = Math.round(element.clientWidth);
    if (now > 0 && now !== width) {
      width = now;
      draw(width);
    }
  }).observe(element);
}
