// Several runs side by side: a table, and the best loss so far of each over the evaluations.

function comparison(page) {
  const runs = page.runs;
  const places = new Map(runs.map((run, i) => [run.name, i]));
  const differing = [...new Set(page.comparison.flatMap((row) => Object.keys(row.differs)))];
  const oneMeasure = new Set(page.comparison.map((row) => row.measuredBy)).size === 1;
  const rows = page.comparison.map((row) => {
    const place = places.get(row.run);
    return [
      el("span", {}, el("span", { class: `swatch s${place % SERIES}` }), " ", el("a", { href: `#run${place}` }, row.run)),
      shown(row.loss), row.goals[1] ? `${row.goals[0]} of ${row.goals[1]}` : "–", shown(row.evaluations, 7),
      shown(row.spent.calls || 0, 7), clock(row.spent.cpu_seconds || 0), row.engine, row.state === "ended" ? row.reason : `${row.state} ${row.reason}`.trim(),
    ];
  });
  const chart = el("div", { class: "figure" });
  drawnToWidth(chart, (width) => chart.replaceChildren(overlay(runs, width)));
  return section("comparison", `${runs.length} runs side by side`,
    oneMeasure ? "All are measured by the same objective and protocol, so their losses can be compared. Lower is better."
      : "They are not all measured by the same objective and protocol: losses of different ones cannot be compared.",
    plainTable(["run", "best loss", "goals met", "evaluations", "calls", "CPU time", "engine", "why it ended"], rows, { numeric: [1, 2, 3, 4, 5] }),
    chart,
    differing.length ? el("details", {}, el("summary", {}, `In what they differ (${counted(differing.length, "setting")})`),
      plainTable(["setting", ...page.comparison.map((row) => row.run)],
        differing.map((name) => [name, ...page.comparison.map((row) => dataText(row.differs[name]))]))) : null);
}

function bestSoFar(run) {
  let best = Infinity;
  const found = [];
  for (const row of run.rows) {
    if (row.loss !== null && row.loss < best) {
      best = row.loss;
      found.push([row.number, best]);
    }
  }
  return found;
}

function overlay(runs, width) {
  const height = 300;
  const box = { left: 62, top: 10, right: width - 14, bottom: height - 42 };
  const curves = runs.map(bestSoFar);
  const last = Math.max(1, ...runs.map(lastNumber));
  const losses = curves.flat().map(([, loss]) => loss);
  const [low, high] = extent(losses);
  const x = scale([0, last], [box.left, box.right]);
  const y = scale([low, high], [box.bottom, box.top]);
  return drawing(width, height, { role: "img", "aria-label": "Best loss so far of each run over the number of evaluations" },
    axes(box, x, y, { xTicks: ticks(0, last, width / 90).filter(Number.isInteger), yTicks: ticks(low, high, 6), xLabel: "evaluations", yLabel: "best loss so far" }),
    curves.map((curve, i) => stairs(curve.map(([n, loss]) => [x(n), y(loss)]), x(Math.max(1, lastNumber(runs[i]))), `series s${i % SERIES}${i >= SERIES ? " dashed" : ""}`)));
}
