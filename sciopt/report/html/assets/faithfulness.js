// Whether what findings expected came true: by kind of finding and how it was known, and as points.

function faithfulnessPart({ run, id }) {
  const all = run.faithfulness;
  if (!all.rows.length) return section(id, "Faithfulness", null, el("p", {}, "No finding with an expected effect was followed, so there is nothing to hold against what came of it."));
  const place = el("div");
  const state = { quantity: all.quantities[0], same: all.rows.some((row) => row.sameEdit && row.quantity === all.quantities[0]) };
  const draw = () => place.replaceChildren(faithTable(all, state));
  draw();
  const figure = el("div", { class: "figure square" });
  drawnToWidth(figure, (width) => figure.replaceChildren(scatter(all.points, Math.min(width, 440))));
  const unitOf = (name) => run.quantities.find((quantity) => quantity.name === name)?.unit || "";
  return section(id, "Faithfulness", "Every expected effect against what the full measurement then showed. Error is the root mean square of expected less realised, bias their mean, in the unit of the quantity.",
    el("div", { class: "tools" },
      el("label", {}, "Quantity ", el("select", { onchange: (event) => { state.quantity = event.target.value; draw(); } }, all.quantities.map((name) => el("option", { value: name }, withUnit(name, unitOf(name) && `(${unitOf(name)})`))))),
      el("label", {}, "Edits ", el("select", { onchange: (event) => { state.same = event.target.value === "same"; draw(); } }, el("option", { value: "same", selected: state.same }, "made as advised"), el("option", { value: "other", selected: !state.same }, "others that follow the finding")))),
    el("div", { class: "columns faithful" }, place, el("figure", {}, figure, el("figcaption", { class: "note" }, `Changes of the loss: filled where the edit was made as advised.${all.all > all.points.length ? ` The first ${all.points.length} of ${all.all} are drawn.` : ""}`))));
}

function faithTable(all, state) {
  const rows = all.rows.filter((row) => row.quantity === state.quantity && row.sameEdit === state.same).map(({ cells: [kind, basis, pairs, agrees, rank, error, bias] }) =>
    [kind, basis, shown(pairs, 7), `${Math.round(agrees * 100)} %`, rank === null ? "–" : withMinus(rank.toFixed(2)), shown(error, 3), signed(bias)]);
  return rows.length ? plainTable(["finding", "basis", "pairs", "sign agrees", "rank correlation", "error", "bias"], rows, { numeric: [2, 3, 4, 5, 6] }) : el("p", {}, "There is no such edit.");
}

function scatter(points, width) {
  const height = width * 0.86;
  const box = { left: 60, right: width - 12, top: 8, bottom: height - 42 };
  const [low, high] = extent([0, ...points.flatMap(([expected, realised]) => [expected, realised])]);
  const x = scale([low, high], [box.left, box.right]);
  const y = scale([low, high], [box.bottom, box.top]);
  const at = ([expected, realised]) => [x(expected), y(realised)];
  return drawing(width, height, { role: "img", "aria-label": "Expected against realised changes of the loss" },
    axes(box, x, y, { xTicks: ticks(low, high, 5), yTicks: ticks(low, high, 5), xLabel: "change of the loss expected", yLabel: "realised" }),
    line([[x(low), y(low)], [x(high), y(high)]], "diagonal"),
    svg("line", { class: "zero", x1: x(0), x2: x(0), y1: box.top, y2: box.bottom }), svg("line", { class: "zero", x1: box.left, x2: box.right, y1: y(0), y2: y(0) }),
    points.filter((point) => !point[2]).map((point) => circleOf(at(point), "point hollow", point)),
    points.filter((point) => point[2]).map((point) => circleOf(at(point), "point", point)));
}

function circleOf([cx, cy], className, [expected, realised, , kind]) {
  return svg("circle", { class: className, cx: pixel(cx), cy: pixel(cy), r: 3.2 }, svg("title", {}, `${kind}: expected ${signed(expected)}, realised ${signed(realised)}`));
}
