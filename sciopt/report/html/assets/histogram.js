// Cumulative dose-volume histograms: a legend that switches structures on and off, and every value at a chosen dose.

function histogramExhibit(each) {
  const hidden = new Set();
  const figure = el("div", { class: "figure" });
  const readout = el("p", { class: "readout", role: "status" }, "Point at a dose, or use the arrow keys, to read the volumes there.");
  const state = { dose: null, width: 0 };
  const draw = () => state.width && figure.replaceChildren(histogramDrawing(each, hidden, state, readout));
  drawnToWidth(figure, (width) => {
    state.width = width;
    draw();
  });
  const keys = each.curves.map((curve) => {
    const swatch = el("span", { class: "swatch" });
    swatch.style.backgroundColor = curveColour(curve.colour);
    const made = button([swatch, ` ${curve.name}`], () => {
      if (!hidden.delete(curve.name)) hidden.add(curve.name);
      made.setAttribute("aria-pressed", !hidden.has(curve.name));
      draw();
    }, { "aria-pressed": true, class: "legend" });
    return made;
  });
  const said = [each.curves.some((curve) => curve.before.length) ? "Solid: this plan; dashed: the start." : "", each.marks.length ? "Triangles are goals, filled where they are met; they point to where the curve should be." : ""].filter(Boolean).join(" ");
  return el("div", {}, el("div", { class: "tools", role: "group", "aria-label": "Structures" }, keys), figure, readout, said ? el("p", { class: "note" }, said) : null);
}

// Black is the ink of the page, which is light on a dark one.
function curveColour(text) {
  return /^(#0{3}|#0{6}|black)$/i.test(text) ? "currentColor" : colourOf(text);
}

function histogramDrawing(each, hidden, state, readout) {
  const width = state.width;
  const height = Math.min(430, Math.max(270, width * 0.5));
  const box = { left: 56, right: width - 14, top: 10, bottom: height - 42 };
  const most = each.dose.length ? each.dose[each.dose.length - 1] : 1;
  const x = scale([0, most], [box.left, box.right]);
  const y = scale([0, 100], [box.bottom, box.top]);
  const points = (percent) => percent.slice(0, each.dose.length).map((value, i) => [x(each.dose[i]), y(value)]);
  const drawn = each.curves.filter((curve) => !hidden.has(curve.name));
  const rule = svg("line", { class: "chosen", y1: box.top, y2: box.bottom, x1: -9, x2: -9 });
  const choose = (dose) => {
    state.dose = Math.min(most, Math.max(0, dose));
    rule.setAttribute("x1", x(state.dose));
    rule.setAttribute("x2", x(state.dose));
    readout.textContent = readAt(each, drawn, state.dose);
    made.setAttribute("aria-valuenow", shown(state.dose, 3));
    made.setAttribute("aria-valuetext", readout.textContent);
  };
  const point = (event) => {
    const frame = made.getBoundingClientRect();
    const dose = x.inverse(((event.clientX - frame.left) / frame.width) * width);
    if (dose >= 0 && dose <= most) choose(dose);
  };
  const made = drawing(width, height, {
    tabindex: 0, role: "slider", "aria-label": "Dose at which the volumes are read, in Gy", "aria-valuemin": 0, "aria-valuemax": shown(most), "aria-valuenow": 0,
    onpointermove: point, onclick: point,
    onkeydown: (event) => {
      const change = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -Infinity, End: Infinity }[event.key];
      if (change === undefined) return;
      event.preventDefault();
      choose((state.dose ?? 0) + change);
    },
  },
  axes(box, x, y, { xTicks: ticks(0, most, width / 80), yTicks: [0, 20, 40, 60, 80, 100], xLabel: "dose (Gy)", yLabel: "volume (%)" }),
  drawn.filter((curve) => curve.before.length).map((curve) => line(points(curve.before), "curve before", { stroke: curveColour(curve.colour) })),
  drawn.map((curve) => line(points(curve.percent), "curve", { stroke: curveColour(curve.colour) })),
  each.marks.map((mark) => goalMark(mark, x, y)), rule);
  if (state.dose !== null) choose(state.dose);
  return made;
}

// A triangle at the goal: along the dose where a dose is limited, along the volume where a volume is.
function goalMark(mark, x, y) {
  const [cx, cy] = [x(mark.dose), y(mark.percent)].map((place) => Number(pixel(place)));
  const wanted = mark.sense === "<=" ? -1 : 1;
  const [dx, dy] = mark.inDose ? [wanted, 0] : [0, -wanted];
  const tip = [cx + dx * 8, cy + dy * 8];
  const [left, right] = [[cx + dy * 5, cy + dx * 5], [cx - dy * 5, cy - dx * 5]];
  const colour = curveColour(mark.colour);
  return svg("path", { class: "mark", d: `M${tip.join(" ")}L${left.join(" ")}L${right.join(" ")}Z`, stroke: colour, fill: mark.met ? colour : "var(--panel)" },
    svg("title", {}, `${mark.label}: ${mark.met ? "met" : "missed"}`));
}

function readAt(each, drawn, dose) {
  const at = (percent) => {
    const after = each.dose.findIndex((value) => value >= dose);
    if (after <= 0) return percent[Math.max(0, after === 0 ? 0 : percent.length - 1)];
    const part = (dose - each.dose[after - 1]) / (each.dose[after] - each.dose[after - 1]);
    return percent[after - 1] + part * (percent[after] - percent[after - 1]);
  };
  const volume = (percent) => `${Number.isFinite(at(percent)) ? at(percent).toFixed(1) : "–"} %`;
  const said = drawn.map((curve) => `${curve.name} ${volume(curve.percent)}${curve.before.length ? ` (start ${volume(curve.before)})` : ""}`);
  return `At ${dose.toFixed(1)} Gy: ${said.join(", ") || "no structure is shown"}.`;
}
