// One evaluation in full: what was measured, what its text said, what was expected of it, and its exhibits.

function evaluationDetail({ run, page, selected, id }) {
  const range = el("input", { type: "range", min: 1, max: Math.max(1, run.rows.length), "aria-label": "Evaluation", oninput: (event) => selected.set(run.rows[Number(event.target.value) - 1].number) });
  const title = el("h3", { "aria-live": "polite" });
  const body = el("div", { class: "detail" });
  const to = (change) => selected.set(numberBeside(run, selected.value, change));
  const showing = run.rows.filter((row) => run.exhibits[row.number]);
  const draw = () => {
    releaseViewers(body);
    const row = rowOf(run, selected.value);
    range.value = run.places.get(row.number) + 1;
    range.setAttribute("aria-valuetext", `evaluation ${row.number}`);
    refill(title, detailTitle(run, row));
    refill(body, detailParts(run, page, row, selected));
  };
  selected.watch(draw);
  draw();
  return section(id, "One evaluation", null,
    el("div", { class: "tools" }, button("← Previous", () => to(-1)), range, button("Next →", () => to(1)),
      showing.length ? el("label", {}, "With pictures ", el("select", { onchange: (event) => selected.set(Number(event.target.value)), class: "showing" },
        showing.map((row) => el("option", { value: row.number, selected: row.number === selected.value }, `${row.number}${row.number === run.best ? ", the best" : row.step === 0 ? ", the start" : ""}`)))) : null),
    title, el("p", { class: "note only-paper" }, "Of the evaluations, the one that was chosen on the screen stands here in full."), body);
}

function detailTitle(run, row) {
  const badge = row.number === run.best ? "best" : row.best ? "a new best then" : null;
  return [`Evaluation ${row.number}`, badge ? [" ", el("span", { class: "badge" }, badge)] : null];
}

function detailParts(run, page, row, selected) {
  const words = run.details[row.number];
  const parent = row.parent ? button(`evaluation ${row.parent}`, () => selected.set(row.parent), { class: "link" }) : null;
  return [
    el("p", { class: "value" }, el("code", {}, nameOf(run, row.candidate))),
    row.failure ? el("p", { class: "warning" }, `It failed: ${row.failure}`) : null,
    el("p", { class: "from" }, row.step === 0 ? "It was given as the start." : ["Measured in step ", String(row.step), parent ? [", from ", parent] : null, row.because.length ? `, because of ${row.because.join(", ")}` : null, "."]),
    el("div", { class: "columns" },
      el("div", {}, row.picture !== null ? el("img", { class: "paper big", src: page.images[row.picture], alt: `Drawing of evaluation ${row.number}` }) : null,
        row.terms.length ? plainTable(["term of the loss", "value"], [...row.terms.map(([name, value]) => [name, shown(value)]), [el("strong", {}, "loss"), el("strong", {}, shown(row.loss))]], { numeric: [1] }) : null,
        row.followed.length ? followedTable(row) : null),
      measurementsTable(run, row)),
    ...(run.exhibits[row.number] || []).map((each) => exhibit(each, page, run)),
    words ? wordsOf(run, row, words) : null,
    rawValue(run, row),
  ];
}

function measurementsTable(run, row) {
  const rows = run.quantities.map((quantity, i) => [quantity, i]).filter(([, i]) => row.values[i] !== null)
    .map(([quantity, i]) => [quantity.name, withUnit(shown(row.values[i]), quantity.unit), goalText(quantity.goal, quantity.unit), quantity.goal ? stateCell(row, i) : ""]);
  return rows.length ? plainTable(["measured", "value", "goal", "state"], rows, { numeric: [1] }) : el("div");
}

function followedTable(row) {
  const rows = row.followed.map((each) => [each.finding, signed(each.expected.loss ?? null), signed(row.realised.loss ?? null), each.sameEdit ? "the edit as advised" : "a variant"]);
  return plainTable(["finding followed", "loss expected", "loss realised", "edit"], rows, { caption: "What was expected, and what came of it", numeric: [1, 2] });
}

function wordsOf(run, row, words) {
  if (!words.notes.length && !words.findings.length) return null;
  return el("details", { class: "words", open: words.findings.length > 0 && words.findings.length < 4 },
    el("summary", {}, `What was said of it: ${counted(words.findings.length, "finding")}`),
    words.notes.length ? definitions(words.notes, "notes") : null,
    words.findings.map((finding) => el("article", { class: "finding" },
      el("h4", {}, `${finding.id} ${finding.kind}: ${finding.subject}`),
      finding.observation ? el("p", {}, finding.observation) : null,
      finding.advice ? el("p", {}, el("em", {}, "Try: "), finding.advice) : null,
      finding.edit !== null ? el("p", {}, el("em", {}, "Edit: "), el("code", {}, nameOf(run, finding.edit))) : null,
      finding.expected.length ? el("p", { class: "expected" }, "Expected: ", finding.expected.map((e) => `${e.quantity} ${withUnit(signed(e.change), e.unit)} (${e.basis}${e.uncertainty === null ? "" : ` ± ${shown(e.uncertainty, 2)}`})`).join("; ")) : null)));
}

// The whole text of a candidate that is shown in short elsewhere, such as a plan.
function rawValue(run, row) {
  const [value, short] = run.candidates[row.candidate];
  if (!short) return null;
  let text = value;
  try {
    text = JSON.stringify(JSON.parse(value), null, 1);
  } catch {
    text = value;
  }
  return el("details", { class: "words" }, el("summary", {}, "The candidate in full"), el("pre", {}, text));
}
