// All evaluations as a table that can be sorted and filtered; rows are made in portions, so that thousands open at once.

const PORTION = 120;
const ON_PAPER = 3; // quantities that have room on a sheet beside the other columns

function evaluationsTable({ run, page, selected, id }) {
  const columns = columnsOf(run, page);
  const state = { sort: 0, down: false, text: "", which: "all", every: false };
  const made = new Map();
  const body = el("tbody");
  const said = el("p", { class: "readout", role: "status" });
  const heads = columns.map((column, i) => headOf(column, i, state, () => renew()));
  const table = el("table", { class: "evaluations" }, el("thead", {}, el("tr", {}, heads)), body);
  const rowOf = (row) => {
    if (!made.has(row.number)) made.set(row.number, tableRow(run, row, columns, selected));
    return made.get(row.number);
  };
  let turn = 0;
  let rest = [];
  const portion = (size) => body.append(...rest.splice(0, size).map(rowOf));
  const later = (mine, size) => {
    if (mine !== turn || !rest.length) return;
    portion(size);
    setTimeout(later, 0, mine, 2 * size); // the browser lays out the whole table after each portion
  };
  const renew = () => {
    turn += 1;
    heads.forEach((head, i) => columns[i].of && head.setAttribute("aria-sort", i === state.sort ? (state.down ? "descending" : "ascending") : "none"));
    rest = ordered(run, columns[state.sort], state);
    said.textContent = rest.length === run.rows.length ? counted(rest.length, "evaluation") : `${rest.length} of ${counted(run.rows.length, "evaluation")}`;
    body.replaceChildren();
    portion(PORTION);
    setTimeout(later, 0, turn, PORTION);
  };
  renew();
  window.addEventListener("beforeprint", () => portion(rest.length));
  selected.watch((now) => {
    for (const [number, row] of made) row.toggleAttribute("data-chosen", number === now);
  });
  return section(id, "Evaluations", "Every candidate that was measured in full. A heading sorts, a number shows the evaluation in full.",
    tools(run, state, table, renew), said,
    columns.some((column) => column.crowd) ? el("p", { class: "note only-paper" }, `On paper the first ${ON_PAPER} of ${run.quantities.filter((quantity) => quantity.goal).length} quantities with goals have room here.`) : null,
    el("div", { class: "scroll tall", tabindex: 0, role: "region", "aria-label": "Table of evaluations" }, table));
}

function tools(run, state, table, renew) {
  const choices = [["all", "all"], ["best", "new bests"], ["met", "every goal met"], ["failed", "failed"]];
  return el("div", { class: "tools" },
    el("label", {}, "Filter ", el("input", { type: "search", placeholder: "text, step 3, >= …", oninput: (event) => { state.text = event.target.value; renew(); }, class: "filter", "aria-label": "Filter the evaluations by text" })),
    el("label", {}, "Show ", el("select", { onchange: (event) => { state.which = event.target.value; renew(); } }, choices.map(([value, text]) => el("option", { value }, text)))),
    run.quantities.some((quantity) => !quantity.goal) ? el("label", {}, el("input", { type: "checkbox", onchange: (event) => table.toggleAttribute("data-every", event.target.checked) }), " every quantity") : null);
}

function columnsOf(run, page) {
  const judged = run.quantities.filter((quantity) => quantity.goal);
  const quantities = run.quantities.map((quantity, i) => ({
    name: withUnit(quantity.name, quantity.unit && `(${quantity.unit})`), goal: goalText(quantity.goal, ""), numeric: true, more: !quantity.goal, crowd: judged.indexOf(quantity) >= ON_PAPER,
    of: (row) => row.values[i], cell: (row) => (quantity.goal ? judgedCell(row, i) : shown(row.values[i])),
  }));
  const pictured = run.rows.some((row) => row.picture !== null);
  return [
    { name: "number", numeric: true, of: (row) => row.number, cell: null },
    { name: "step", look: "step", numeric: true, of: (row) => row.step, cell: (row) => shown(row.step) },
    pictured ? { name: "picture", of: null, cell: (row) => (row.picture === null ? "" : el("img", { src: page.images[row.picture], alt: "", class: "paper small", loading: "lazy" })) } : null,
    { name: "candidate", of: (row) => nameOf(run, row.candidate), cell: (row) => el("code", {}, nameOf(run, row.candidate)) },
    { name: "loss", numeric: true, of: (row) => row.loss, cell: (row) => (row.failure ? el("span", { class: "missed" }, "failed") : row.best ? el("strong", {}, `★ ${shown(row.loss)}`) : shown(row.loss)) },
    ...quantities,
    { name: "goals met", numeric: true, of: (row) => (row.failure ? null : row.met[0]), cell: (row) => (row.met[1] ? `${row.met[0]}/${row.met[1]}` : "–") },
    { name: "parent", numeric: true, of: (row) => row.parent, cell: (row) => shown(row.parent) },
    { name: "because", look: "because", of: (row) => row.because.join(", "), cell: (row) => row.because.join(", ") },
    run.rows.some((row) => row.failure) ? { name: "reason of failure", of: (row) => row.failure || "", cell: (row) => row.failure || "" } : null,
    { name: "CPU (s)", numeric: true, more: true, of: (row) => row.cpu, cell: (row) => (row.cached ? "cached" : shown(row.cpu, 3)) },
  ].filter(Boolean);
}

// Beside its colour a missed goal has a cross.
function judgedCell(row, place) {
  const value = shown(row.values[place]);
  if (row.values[place] === null) return value;
  return row.missed.includes(place) ? el("span", { class: "missed" }, "✗ ", value) : el("span", { class: "met" }, value);
}

function lookOf(column) {
  return [column.numeric && "number", column.more && "more", column.crowd && "crowd", column.look].filter(Boolean).join(" ") || null;
}

function headOf(column, place, state, renew) {
  const sort = () => {
    state.down = state.sort === place ? !state.down : false;
    state.sort = place;
    renew();
  };
  // Chromium leaves buttons out where a heading is repeated on the next sheet: the name stands beside it for paper.
  const name = column.of ? [button(column.name, sort, { class: "sorter" }), el("span", { class: "only-paper", "aria-hidden": "true" }, column.name)] : column.name;
  return el("th", { scope: "col", class: lookOf(column) }, name, column.goal ? el("small", {}, column.goal) : null);
}

function tableRow(run, row, columns, selected) {
  const show = () => {
    selected.set(row.number);
    reveal(run.detailId);
  };
  const cells = columns.map((column) => el("td", { class: lookOf(column) },
    column.cell ? column.cell(row) : button(String(row.number), show, { class: "link", "aria-label": `Show evaluation ${row.number}` })));
  return el("tr", { "data-chosen": row.number === selected.value, "data-number": row.number }, cells);
}

function ordered(run, column, state) {
  const words = state.text.toLowerCase().split(/\s+/).filter(Boolean);
  const chosen = run.rows.filter((row) => fits(row, state.which) && words.every((word) => textOf(run, row).includes(word)));
  const sign = state.down ? -1 : 1;
  return chosen.sort((a, b) => {
    const [one, other] = [column.of(a), column.of(b)];
    if (one === null || other === null) return (one === null) - (other === null) || a.number - b.number;
    const apart = typeof one === "number" ? one - other : one.localeCompare(other, "en");
    return sign * apart || a.number - b.number;
  });
}

function fits(row, which) {
  if (which === "best") return row.best;
  if (which === "met") return row.failure === null && row.met[1] > 0 && row.met[0] === row.met[1];
  return which === "all" || row.failure !== null;
}

const searched = new WeakMap();

function textOf(run, row) {
  if (!searched.has(row)) {
    searched.set(row, [`#${row.number}`, `step ${row.step}`, ...run.candidates[row.candidate], ...row.because, row.failure || "", row.best ? "best" : ""].join(" ").toLowerCase());
  }
  return searched.get(row);
}
