// What a domain shows of an evaluation: each kind of exhibit by its own script, all in the same frame.

function exhibit(each, page, run) {
  const draw = { picture: pictureExhibit, table: tableExhibit, poses: posesExhibit, histogram: histogramExhibit, slices: slicesExhibit }[each.type];
  return el("section", { class: `exhibit ${each.type}`, "aria-label": each.title },
    el("h4", {}, each.title), draw(each, page, run), each.note ? el("p", { class: "note" }, each.note) : null);
}

function pictureExhibit(each, page) {
  return el("img", { class: "paper wide", src: page.images[each.image], alt: each.alt, loading: "lazy" });
}

function tableExhibit(each) {
  const isNumber = (text) => /^[\s+\-−±≤≥<>]*\d[\d.,]*(e[+-]?\d+)?( ?[%\w°/³²]{1,9})?$/.test(text) || text === "" || text === "-" || text === "–";
  const numeric = each.columns.map((_, i) => i).filter((i) => each.rows.length && each.rows.every((row) => isNumber(row[i] ?? "")) && each.rows.some((row) => (row[i] ?? "") !== ""));
  const rows = each.rows.map((row) => row.map((cell, i) => (numeric.includes(i) ? withMinus(cell) : cell)));
  return plainTable(each.columns, rows, { numeric });
}
