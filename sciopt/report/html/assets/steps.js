// Each step: the text that the engine read, beside what it answered, what became of each proposal, and what came of it.

const FIRST_PROPOSALS = 20;
const NOT_FOLLOWED = "Not followed: known already, the same as another one, or behind those that were looked at.";

function stepsPart({ run, selected, id }) {
  if (!run.steps.length) return section(id, "Steps", null, el("p", {}, "The run made no step: the start alone was measured."));
  const chosen = shared(run.steps[0].step);
  const last = run.steps.length;
  const index = () => run.steps.findIndex((step) => step.step === chosen.value);
  const to = (place) => chosen.set(run.steps[Math.min(last - 1, Math.max(0, place))].step);
  const range = el("input", { type: "range", min: 1, max: last, value: 1, "aria-label": "Step", oninput: (event) => to(Number(event.target.value) - 1) });
  const title = el("h3", { class: "step-title", "aria-live": "polite" });
  const body = el("div", { class: "step" });
  const draw = () => {
    const step = run.steps[index()];
    range.value = index() + 1;
    refill(title, stepTitle(step));
    refill(body, stepBody(run, step, selected));
  };
  chosen.watch(draw);
  draw();
  run.chosenStep = chosen;
  return section(id, "Steps", "On the left the gradient as the engine read it: what was measured, and why. On the right what the engine made of it, and what that did.",
    el("div", { class: "tools" }, button("← Previous step", () => to(index() - 1)), range, button("Next step →", () => to(index() + 1)), button("Next gain", () => {
      const next = run.steps.findIndex((step, place) => place > index() && step.gained);
      if (next >= 0) to(next);
    })), title, el("p", { class: "note only-paper" }, "Of the steps, the one that was chosen on the screen stands here."), body);
}

function stepTitle(step) {
  const outcome = step.gained ? `a new best, loss ${shown(step.loss)}` : step.ended ? "no gain" : "not ended";
  return [`Step ${step.step}: ${outcome}`, step.gained ? [" ", el("span", { class: "badge" }, "new best")] : null];
}

function stepBody(run, step, selected) {
  const counts = definitions([
    ["Proposals", counted(step.proposed, "proposal")], ["Refused", step.refusedCount ? String(step.refusedCount) : null], ["Seen before", step.known ? String(step.known) : null],
    ["Measured in full", String(step.measured.length)], ["Cost", costText(step.usage) || null]]);
  const halted = step.halted.map((reason) => el("p", { class: "warning" }, `The engine gave no answer: ${reason}`));
  if (!step.requests) return [counts, ...halted, el("p", { class: "note" }, "The texts of this step are left out, to keep the file small."), measuredTable(run, step, selected)];
  const requests = step.requests.map((request, turn) => el("div", { class: "columns text" },
    el("div", {}, el("h4", {}, turn ? "What it was asked after refusals" : "What the engine read"), gradientText(request.text)),
    el("div", {}, turn === step.requests.length - 1 ? [el("h4", {}, "What came of it"), measuredTable(run, step, selected)] : null, el("h4", {}, "What the engine proposed"), answerParts(run, step, request, selected))));
  return [counts, ...halted, ...requests, probedPart(run, step)];
}

// The rendered gradient, line by line; headings and the heads of findings are set apart, and all of it is text.
function gradientText(text) {
  const lines = text.split("\n").map((each) => {
    const found = each.match(/^([A-Za-z][\w.-]*) \| /);
    const name = each.startsWith("#") ? "heading" : found ? "finding-head" : /^ {2}\w+:/.test(each) ? "said" : null;
    return el("span", { class: name, "data-finding": found ? found[1] : null }, `${each}\n`);
  });
  return el("pre", { class: "gradient", tabindex: 0, role: "region", "aria-label": "Text of the gradient" }, lines);
}

function answerParts(run, step, request, selected) {
  return [
    request.rejected.map((bad) => el("details", {}, el("summary", {}, `An answer that could not be read: ${bad.reason}`), el("pre", {}, bad.text))),
    request.answer ? el("details", {}, el("summary", {}, "The answer as it was"), el("pre", { class: "gradient" }, request.answer)) : null,
    request.stored ? el("p", { class: "note" }, "The answer was stored before, and not asked for again.") : null,
    request.proposals.length ? proposalsTable(run, step, request, selected) : el("p", {}, "It proposed nothing."),
  ];
}

function proposalsTable(run, step, request, selected) {
  const stages = step.screened.stages;
  const estimates = new Map(step.screened.candidates.map(([candidate, ...losses]) => [candidate, losses]));
  const measured = new Map(rowsOf(run, step.measured).map((row) => [row.candidate, row]));
  const known = (each, those) => [each.candidate, ...each.became].filter((candidate) => those.has(candidate));
  const rank = (each) => (known(each, measured).length ? 0 : each.refused ? 2 : known(each, estimates).length ? 1 : 3);
  const sorted = request.proposals.map((each, i) => [each, i]).sort(([a, i], [b, j]) => rank(a) - rank(b) || i - j).map(([each]) => each);
  const row = (each) => [
    el("code", { class: "short" }, nameOf(run, each.candidate)), becauseCell(each),
    outcomeCell(run, each, known(each, measured).map((candidate) => measured.get(candidate)), selected, known(each, estimates).length > 0),
    ...stages.map((_, i) => estimatesCell(known(each, estimates).map((candidate) => estimates.get(candidate)[i])))];
  const place = el("div");
  const draw = (many) => place.replaceChildren(
    plainTable(["proposal", "because of", "what became of it", ...stages.map((stage) => `loss by ${stage}`)], sorted.slice(0, many).map(row), { numeric: stages.map((_, i) => i + 3) }),
    ...(sorted.length > many ? [button(`Show all ${sorted.length} proposals`, () => draw(sorted.length), { class: "only-screen" }), el("p", { class: "note only-paper" }, `The first ${many} of ${sorted.length} proposals stand here.`)] : []),
    ...(sorted.some((each) => rank(each) === 3) ? [el("p", { class: "note" }, NOT_FOLLOWED)] : []));
  draw(FIRST_PROPOSALS);
  return place;
}

function becauseCell(each) {
  return each.because.map((name) => button(name, (event) => pointTo(event.target, name), { class: "link", "aria-label": `Show finding ${name} in the text` }));
}

// Bring a finding into view in the text that stands beside the table.
function pointTo(source, name) {
  const text = source.closest(".columns")?.querySelector("pre");
  const line = text && [...text.querySelectorAll("[data-finding]")].find((each) => each.dataset.finding === name);
  if (!line) return;
  text.querySelectorAll(".pointed").forEach((each) => each.classList.remove("pointed"));
  line.classList.add("pointed");
  text.scrollTop = line.offsetTop - 40;
  text.focus({ preventScroll: true });
}

function estimateCell(value) {
  return typeof value === "string" ? el("span", { class: "missed", title: value }, "failed") : shown(value);
}

// Two isomers of a proposal have an estimate each.
function estimatesCell(values) {
  return values.length ? values.map((value) => el("div", {}, estimateCell(value))) : "–";
}

function outcomeCell(run, each, rows, selected, estimated) {
  if (rows.length) return rows.map((row) => el("div", {}, showButton(run, row, selected), row.best ? el("strong", {}, " a new best") : ""));
  if (each.refused) return el("span", { class: "missed" }, `refused: ${each.refused}`);
  return estimated ? "estimated only" : "not followed";
}

function showButton(run, row, selected) {
  return button(`#${row.number}: ${row.failure ? "failed" : `loss ${shown(row.loss)}`}`, () => {
    selected.set(row.number);
    reveal(run.detailId);
  }, { class: "link" });
}

function measuredTable(run, step, selected) {
  if (!step.measured.length) return el("p", {}, "Nothing was measured in this step.");
  const rows = rowsOf(run, step.measured).map((row) => {
    const parent = rowOf(run, row.parent);
    const change = parent && parent.loss !== null && row.loss !== null ? row.loss - parent.loss : null;
    const expected = row.followed.find((each) => each.sameEdit) || row.followed.find((each) => each.finding === row.because[0]) || row.followed[0];
    return [[showButton(run, row, selected), row.best ? el("strong", {}, "new best") : null, el("br"), el("code", { class: "short" }, nameOf(run, row.candidate))], row.because.join(", "),
      expected ? `${signed(expected.expected.loss ?? null)}${expected.sameEdit ? "" : "*"}` : "–", signed(change)];
  });
  return [plainTable(["measured", "because of", "change of loss expected", "realised"], rows, { numeric: [2, 3] }),
    rows.some((row) => row[2].endsWith("*")) ? el("p", { class: "note" }, "* what the first finding expected of its own edit; another edit was made.") : null];
}

function probedPart(run, step) {
  const { stages, candidates } = step.probed;
  if (!candidates.length) return null;
  const lead = candidates.filter(([candidate]) => candidate === step.lead);
  const edits = candidates.filter(([candidate]) => candidate !== step.lead);
  const rows = [...lead, ...edits].map(([candidate, ...losses]) => [[el("code", { class: "short" }, nameOf(run, candidate)), candidate === step.lead ? " (without an edit)" : null], ...losses.map(estimateCell)]);
  return el("details", { class: "words" }, el("summary", {}, `Measured before it was asked: ${counted(edits.length, "edit")} by a cheaper method, so that expected effects are not guesses`),
    plainTable(["edit", ...stages.map((stage) => `loss by ${stage}`)], rows, { numeric: stages.map((_, i) => i + 1) }));
}
