// Dose in space: stacks of slices, each with a slider that the arrow keys move, too.

function slicesExhibit(each, page) {
  const key = each.key.map(([name, colour]) => {
    const swatch = el("span", { class: "swatch" });
    swatch.style.backgroundColor = colourOf(colour, "#888888");
    return el("span", {}, swatch, ` ${name}`);
  });
  return el("div", {}, key.length ? el("div", { class: "key" }, key) : null,
    el("div", { class: "stacks" }, each.stacks.map((stack) => stackOf(stack, page))));
}

function stackOf(stack, page) {
  const last = stack.images.length - 1;
  const image = el("img", { class: "slice", alt: "" });
  const where = el("span", { class: "readout" });
  const range = el("input", { type: "range", min: 0, max: Math.max(0, last), step: 1, value: stack.first, "aria-label": `${stack.name} slice`, oninput: () => show() });
  const show = () => {
    const place = Number(range.value);
    const said = `${shown(stack.positions[place])} mm, slice ${place + 1} of ${last + 1}`;
    image.src = page.images[stack.images[place]];
    image.alt = `${stack.name} slice of the dose at ${said}`;
    where.textContent = said;
    range.setAttribute("aria-valuetext", said);
  };
  const move = (change) => {
    range.value = Number(range.value) + change;
    show();
  };
  image.addEventListener("click", () => range.focus());
  if (last < 0) return el("p", { class: "note" }, `${stack.name}: no slice`);
  show();
  return el("figure", { class: "stack" }, el("figcaption", {}, `${stack.name}, `, where), image,
    el("div", { class: "tools tight" }, button("−", () => move(-1), { "aria-label": `${stack.name}: one slice back` }), range, button("+", () => move(1), { "aria-label": `${stack.name}: one slice on` })));
}
