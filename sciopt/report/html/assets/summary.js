// What a run was asked, what it found, and why it ended: the first thing that is read.

function summary({ run, page, id }) {
  const best = rowOf(run, run.best);
  const start = run.rows.find((row) => row.step === 0) ?? null;
  const asked = Object.fromEntries(run.provenance.specification);
  const target = asked["objective.target"] ?? asked["objective.case"] ?? asked["objective.case.name"] ?? Object.fromEntries(run.provenance.protocol).target ?? null;
  const facts = definitions([
    ["Best loss", best ? `${shown(best.loss)}${start && start !== best ? ` (start ${shown(start.loss)})` : ""}` : "nothing could be measured"],
    ["Goals met", best && best.met[1] ? `${best.met[0]} of ${best.met[1]}` : null],
    ["Found in", best ? (best.step ? `evaluation ${best.number}, step ${best.step}` : `evaluation ${best.number}, the start`) : null],
    ["Target", target === null ? null : dataText(target)],
    ["Engine", run.engine],
    ["Evaluations", `${run.rows.length}${asked["budget.evaluations"] ? ` (budget ${asked["budget.evaluations"]})` : ""}`],
    ["Ended", run.reason ?? "it has not ended"],
    ["Cost", costText(run.spent)],
    ["Begun", run.begun ? run.begun.replace("T", " ").replace("Z", " UTC") : null],
  ]);
  return section(id, "Summary", null,
    run.notice ? el("p", { class: "notice", role: "note" }, `${run.notice[0].toUpperCase()}${run.notice.slice(1)}.`) : null,
    run.damage ? el("p", { class: "warning", role: "note" }, `The log is damaged, and what can be read of it is shown: ${run.damage}.`) : null,
    facts,
    best ? el("div", { class: "pair" }, start && start !== best ? face(start, run, page, "Start") : null, face(best, run, page, "Best")) : null,
    best ? goalsTable(run, start, best) : null,
    run.finalists.some((each) => each.repeats.length) ? finalistsTable(run) : null,
    run.references.length ? referencesTable(run) : null,
    run.leftOut.length ? el("details", {}, el("summary", {}, "What this file leaves out"), el("ul", {}, run.leftOut.map((text) => el("li", {}, text)))) : null);
}

function costText(spent) {
  const said = [];
  if (spent.cpu_seconds) said.push(`${clock(spent.cpu_seconds)} of processor time`);
  if (spent.calls) said.push(counted(spent.calls, "call"), counted(spent.tokens, "token"));
  if (spent.dollars) said.push(money(spent.dollars));
  return said.join(", ") || null;
}

// A candidate with its small picture and its short form.
function face(row, run, page, name) {
  const [value, short] = run.candidates[row.candidate];
  return el("figure", { class: "face" },
    row.picture !== null ? el("img", { src: page.images[row.picture], alt: `Drawing of ${short || value}`, class: "paper" }) : null,
    el("figcaption", {}, el("strong", {}, `${name}: evaluation ${row.number}, loss ${shown(row.loss)}`), " ", el("code", {}, short || value)));
}

function goalsTable(run, start, best) {
  const rows = run.quantities.map((quantity, i) => [quantity, i]).filter(([quantity]) => quantity.goal).map(([quantity, i]) => [
    quantity.name, shown(start ? start.values[i] : null), shown(best.values[i]), goalText(quantity.goal, quantity.unit), stateCell(best, i), shown(quantity.goal.priority)]);
  if (!rows.length) return null;
  return plainTable(["quantity", "start", "best", "goal", "state", "priority"], rows, { caption: "Goals", numeric: [1, 2, 5] });
}

function stateCell(row, place) {
  if (row.values[place] === null) return "not measured";
  return row.missed.includes(place) ? el("span", { class: "missed state" }, "✗ missed") : el("span", { class: "met state" }, "✓ met");
}

function finalistsTable(run) {
  const rows = run.finalists.map((each) => [el("code", {}, nameOf(run, each.value)), shown(each.loss), each.repeats.map((loss) => shown(loss)).join(", "),
    each.mean === null ? "–" : `${shown(each.mean)}${each.spread === null ? "" : ` ± ${shown(each.spread, 2)}`}`]);
  return plainTable(["candidate", "loss in the search", "loss with other seeds", "mean ± standard deviation"], rows, { caption: "The best measured again with other seeds", numeric: [1, 3] });
}

function referencesTable(run) {
  const names = run.quantities.map((quantity, i) => [quantity, i]).filter(([quantity]) => quantity.goal).slice(0, 5);
  const rows = run.references.map((each) => [each.name, ...names.map(([, i]) => shown(each.values[i])), each.failure ? "failed" : shown(each.loss), el("code", {}, nameOf(run, each.candidate)), [each.source, each.failure ? el("div", { class: "missed" }, each.failure) : null]]);
  return plainTable(["known", ...names.map(([quantity]) => quantity.name), "loss", "candidate", "source"], rows, { caption: "Known ones, measured by the same protocol", numeric: names.map((_, i) => i + 1).concat(names.length + 1) });
}

function nameOf(run, candidate) {
  const [value, short] = run.candidates[candidate];
  return short || value;
}

// Plain data in words, for settings and versions.
function dataText(value) {
  if (value === null || value === undefined) return "none";
  if (value === true) return "yes";
  if (value === false) return "no";
  if (Array.isArray(value)) return value.map(dataText).join(", ") || "none";
  if (typeof value === "object") return Object.entries(value).map(([key, each]) => `${key} ${dataText(each)}`).join("; ") || "none";
  return String(value);
}
