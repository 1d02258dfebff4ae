// What every chart needs: round ticks, scales, a frame with axes that are named with their units.

const LARGEST = 1e300;

function ticks(low, high, most) {
  const span = high - low || 1;
  const rough = span / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= rough);
  if (!(low + step > low && high + step > high)) return []; // numbers so large that they hold no such step
  const found = [];
  for (let tick = Math.ceil(low / step - 1e-9) * step; tick <= high + step * 1e-9; tick += step) {
    found.push(Math.abs(tick) < step * 1e-9 ? 0 : tick);
  }
  return found;
}

function extent(values, room = 0.06) {
  const finite = values.filter((value) => Number.isFinite(value) && Math.abs(value) < LARGEST);
  let low = finite.reduce((one, other) => Math.min(one, other), Infinity);
  let high = finite.reduce((one, other) => Math.max(one, other), -Infinity);
  if (!finite.length) [low, high] = [0, 1];
  if (low === high) {
    const around = Math.max(0.5, Math.abs(low) * 1e-3);
    [low, high] = [low - around, high + around];
  }
  return [low - (high - low) * room, high + (high - low) * room];
}

function scale([low, high], [from, to]) {
  const place = (value) => from + ((value - low) / (high - low)) * (to - from);
  place.inverse = (pixel) => low + ((pixel - from) / (to - from)) * (high - low);
  return place;
}

// Axes of a panel; `box` is {left, top, right, bottom} in pixels of the drawing.
function axes(box, x, y, { xTicks = null, yTicks, xLabel = "", yLabel = "" }) {
  const parts = [svg("rect", { class: "panel", x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top })];
  for (const tick of yTicks) {
    const at = y(tick);
    parts.push(svg("line", { class: "grid", x1: box.left, x2: box.right, y1: at, y2: at }));
    parts.push(svg("text", { class: "tick", x: box.left - 6, y: at + 3.5, "text-anchor": "end" }, shown(tick)));
  }
  for (const tick of xTicks || []) {
    const at = x(tick);
    parts.push(svg("line", { class: "grid", x1: at, x2: at, y1: box.top, y2: box.bottom }));
    parts.push(svg("text", { class: "tick", x: at, y: box.bottom + 15, "text-anchor": "middle" }, shown(tick)));
  }
  const middle = (box.top + box.bottom) / 2;
  if (yLabel) parts.push(upright(yLabel, middle, Math.floor((box.bottom - box.top) / 6.4)));
  if (xLabel) parts.push(svg("text", { class: "label", x: (box.left + box.right) / 2, y: box.bottom + 33, "text-anchor": "middle" }, xLabel));
  return svg("g", { class: "axes" }, parts);
}

// The name of an upright axis; its unit stands on a second line where one is too short.
function upright(label, middle, most) {
  const unit = label.length > most ? label.match(/ (\([^()]*\))$/)?.[1] : null;
  const cut = (text) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
  const lines = unit ? [cut(label.slice(0, -unit.length - 1)), cut(unit)] : [cut(label)];
  return svg("g", {}, lines.map((text, i) => svg("text", { class: "label", x: 11 + 13 * i, y: middle, transform: `rotate(-90 ${11 + 13 * i} ${middle})`, "text-anchor": "middle" }, text)), svg("title", {}, label));
}

// A place in a drawing; what is far outside, or no number, stands out of sight.
function pixel(value) {
  return (Number.isFinite(value) ? Math.min(1e6, Math.max(-1e6, value)) : -1e6).toFixed(1);
}

// Many equal dots as one element: thousands of them stay fast.
function dots(points, className) {
  return svg("path", { class: className, d: points.map(([x, y]) => `M${pixel(x)} ${pixel(y)}h0`).join("") });
}

function line(points, className, attributes = {}) {
  const d = points.map(([x, y], i) => `${i ? "L" : "M"}${pixel(x)} ${pixel(y)}`).join("");
  return svg("path", { class: className, d, ...attributes });
}

// A line that keeps each value until the next one.
function stairs(points, until, className, attributes = {}) {
  if (!points.length) return null;
  const d = points.map(([x, y], i) => (i ? `H${pixel(x)}V${pixel(y)}` : `M${pixel(x)} ${pixel(y)}`)).join("");
  return svg("path", { class: className, d: `${d}H${pixel(until)}`, ...attributes });
}

function drawing(width, height, attributes, ...children) {
  return svg("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, width, height, ...attributes }, ...children);
}

// Colours that people with any colour vision tell apart (Okabe and Ito); dark and light pages have their own shades.
const SERIES = 8;
