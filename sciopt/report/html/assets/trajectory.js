// The loss and the goals over the evaluations; a click, or the arrow keys, choose the evaluation that is shown in full.

const MOST_PANELS = 5;

function trajectory({ run, selected, id }) {
  const figure = el("div", { class: "figure" });
  const readout = el("p", { class: "readout" });
  const panels = panelsOf(run);
  let marks = [];
  const say = () => {
    const row = rowOf(run, selected.value);
    readout.textContent = row ? sentence(run, row) : "";
    for (const mark of marks) mark(row);
  };
  drawnToWidth(figure, (width) => {
    const made = trajectoryDrawing(run, panels, width, selected);
    marks = made.marks;
    figure.replaceChildren(made.drawing);
    say();
  });
  selected.watch(say);
  return section(id, "Trajectory", "Each dot is an evaluation; the line is what the best so far has; the dashed line is the goal. Click a dot, or use the arrow keys, to choose an evaluation.",
    el("div", { class: "key", "aria-hidden": "true" },
      el("span", {}, el("span", { class: "dot each" }), "evaluation"), el("span", {}, el("span", { class: "dot best" }), "new best"),
      el("span", {}, el("span", { class: "dash" }), "goal"), el("span", {}, el("span", { class: "bar" }), "failed")),
    figure, readout);
}

function panelsOf(run) {
  const judged = run.quantities.map((quantity, i) => ({ ...quantity, place: i })).filter((quantity) => quantity.goal);
  const loss = { label: "loss", of: (row) => row.loss, goal: null };
  if (judged.length > MOST_PANELS - 1) {
    const total = Math.max(...run.rows.map((row) => row.met[1]));
    return [loss, { label: `goals met of ${total}`, of: (row) => (row.loss === null ? null : row.met[0]), goal: { sense: ">=", limit: total }, whole: true }];
  }
  return [loss, ...judged.map((q) => ({ label: q.unit ? `${q.name} (${q.unit})` : q.name, of: (row) => row.values[q.place], goal: q.goal }))];
}

function sentence(run, row) {
  if (!row) return "";
  const said = row.failure ? `failed: ${row.failure}` : `loss ${shown(row.loss)}${row.met[1] ? `, ${row.met[0]} of ${row.met[1]} goals met` : ""}${row.best ? ", a new best" : ""}`;
  return `Evaluation ${row.number}: ${said}. ${nameOf(run, row.candidate)}`;
}

function trajectoryDrawing(run, panels, width, selected) {
  const each = width < 500 ? 118 : 138;
  const height = each * panels.length + 44;
  const last = Math.max(2, lastNumber(run));
  const right = width - 12;
  const x = scale([1 - last * 0.012, last + last * 0.012], [72, right]);
  const marks = [];
  const groups = panels.map((panel, i) => {
    const box = { left: 72, right, top: each * i + 8, bottom: each * (i + 1) - 6 };
    const isLast = i === panels.length - 1;
    const { group, mark } = onePanel(run, panel, box, x, isLast ? ticks(1, last, width / 90).filter(Number.isInteger) : null);
    marks.push(mark);
    return group;
  });
  const move = (event) => {
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -Infinity, End: Infinity }[event.key];
    if (steps === undefined) return;
    event.preventDefault();
    selected.set(numberBeside(run, selected.value, steps));
  };
  const made = drawing(width, height, {
    tabindex: 0, role: "slider", "aria-label": "Evaluation in the trajectory", "aria-valuemin": run.rows[0].number, "aria-valuemax": lastNumber(run), onkeydown: move,
    onclick: (event) => selected.set(nearest(run, x, made, event)),
  }, groups);
  marks.push((row) => {
    made.setAttribute("aria-valuenow", selected.value);
    made.setAttribute("aria-valuetext", sentence(run, row));
  });
  return { drawing: made, marks };
}

function nearest(run, x, drawn, event) {
  const frame = drawn.getBoundingClientRect();
  const pixel = ((event.clientX - frame.left) / frame.width) * drawn.viewBox.baseVal.width;
  const wanted = x.inverse(pixel);
  return run.rows.reduce((one, other) => (Math.abs(other.number - wanted) < Math.abs(one.number - wanted) ? other : one)).number;
}

function onePanel(run, panel, box, x, xTicks) {
  const measured = run.rows.filter((row) => row.loss !== null && Number.isFinite(panel.of(row)) && panel.of(row) !== null);
  const levels = measured.map(panel.of);
  const [low, high] = extent(panel.goal ? [...levels, panel.goal.limit] : levels, 0.1);
  const y = scale([low, high], [box.bottom, box.top]);
  const bests = measured.filter((row) => row.best);
  const at = (row) => [x(row.number), y(panel.of(row))];
  const ring = svg("circle", { class: "chosen", r: 6 });
  const rule = svg("line", { class: "chosen", y1: box.top, y2: box.bottom });
  const group = svg("g", {},
    axes(box, x, y, { xTicks, yTicks: ticks(low, high, 4).filter((tick) => !panel.whole || Number.isInteger(tick)), yLabel: panel.label, xLabel: xTicks ? "evaluations" : "" }),
    panel.goal ? svg("line", { class: "goal", x1: box.left, x2: box.right, y1: pixel(y(panel.goal.limit)), y2: pixel(y(panel.goal.limit)) }) : null,
    rule,
    svg("path", { class: "failures", d: run.rows.filter((row) => row.loss === null).map((row) => `M${x(row.number).toFixed(1)} ${box.bottom - 2}v-7`).join("") }),
    dots(measured.filter((row) => !row.best).map(at), "dots each"),
    stairs(bests.map(at), x(lastNumber(run)), "steps"),
    dots(bests.map(at), "dots best"), ring);
  const mark = (row) => {
    const level = row ? panel.of(row) : null;
    rule.setAttribute("x1", row ? x(row.number) : -9);
    rule.setAttribute("x2", row ? x(row.number) : -9);
    ring.setAttribute("visibility", Number.isFinite(level) && level !== null ? "visible" : "hidden");
    if (Number.isFinite(level) && level !== null) {
      ring.setAttribute("cx", pixel(x(row.number)));
      ring.setAttribute("cy", pixel(y(level)));
    }
  };
  return { group, mark };
}
