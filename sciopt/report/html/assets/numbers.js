// Numbers as people write them: four significant digits, a true minus sign, money and time in words.

function shown(value, digits = 4) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (typeof value !== "number") return String(value);
  return withMinus(String(Number(value.toPrecision(digits))));
}

function signed(value) {
  if (value === null || value === undefined) return "–";
  const text = shown(value, 3);
  return value >= 0 ? `+${text}` : text;
}

function withMinus(text) {
  return text.replace("-", "\u2212").replace("e\u2212", "e-").replace("e+", "e");
}

function withUnit(text, unit) {
  return unit ? `${text} ${unit}` : text;
}

function goalText(goal, unit) {
  return goal ? withUnit(`${goal.sense === "<=" ? "≤" : "≥"} ${shown(goal.limit)}`, unit) : "";
}

function whole(count) {
  return Number.isFinite(count) ? Math.round(count).toLocaleString("en") : "–";
}

function counted(count, one, many = `${one}s`) {
  return `${whole(count)} ${count === 1 ? one : many}`;
}

function money(dollars) {
  if (!Number.isFinite(dollars)) return "–";
  return dollars >= 1 ? `$${dollars.toFixed(2)}` : `$${dollars.toFixed(4)}`;
}

function clock(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  const all = Math.round(seconds);
  if (all >= 3600) return `${Math.floor(all / 3600)} h ${String(Math.floor((all % 3600) / 60)).padStart(2, "0")} min`;
  return all >= 60 ? `${Math.floor(all / 60)} min ${String(all % 60).padStart(2, "0")} s` : `${all} s`;
}
