// Docked poses in three dimensions, by 3Dmol.js: the viewer is made when it is first looked at, and let go of afterwards.

const viewers = new WeakMap();

function posesExhibit(each, page) {
  const stage = el("div", { class: "stage", role: "application", "aria-roledescription": "view in three dimensions", "aria-label": `${each.title}: the arrow keys turn, plus and minus zoom`, tabindex: 0 });
  const said = el("p", { class: "readout", role: "status" });
  const state = { pose: 0, weights: each.weights.length > 0, surface: false, pocket: true, labels: true };
  const show = () => drawPose(stage, each, page, state, said);
  const toggle = (name, text) => {
    const made = button(text, () => { state[name] = !state[name]; made.setAttribute("aria-pressed", state[name]); show(); }, { "aria-pressed": state[name] });
    return made;
  };
  const next = (change) => { state.pose = (state.pose + change + each.poses.length) % each.poses.length; show(); };
  whenSeen(stage, show);
  stage.addEventListener("keydown", (event) => turnByKey(stage, event));
  return el("div", {}, el("div", { class: "tools" },
    button("Reset view", () => resetView(stage)),
    each.poses.length > 1 ? [button("← Pose", () => next(-1)), button("Pose →", () => next(1))] : null,
    each.weights.length ? toggle("weights", "Colour by contribution") : null,
    each.contacts.length ? toggle("labels", "Contacts") : null,
    toggle("pocket", "Residues"), toggle("surface", "Surface")), stage, said,
    el("p", { class: "note only-screen" }, "Drag or use the arrow keys to turn; scroll, or use + and −, to zoom."));
}

function turnByKey(stage, event) {
  const turn = { ArrowLeft: ["y", -10], ArrowRight: ["y", 10], ArrowUp: ["x", -10], ArrowDown: ["x", 10] }[event.key];
  const zoom = { "+": 1.15, "=": 1.15, "-": 1 / 1.15 }[event.key];
  const viewer = viewers.get(stage);
  if (!(turn || zoom) || !viewer || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  if (turn) viewer.rotate(turn[1], turn[0]);
  else viewer.zoom(zoom);
}

function resetView(stage) {
  const viewer = viewers.get(stage);
  if (!viewer) return;
  viewer.setView(viewer.firstView);
}

function viewerOf(stage) {
  if (viewers.has(stage)) return viewers.get(stage);
  const canvas = document.createElement("canvas");
  const drawable = typeof $3Dmol !== "undefined" && (canvas.getContext("webgl2") || canvas.getContext("webgl"));
  let viewer = null;
  if (drawable) {
    drawable.getExtension("WEBGL_lose_context")?.loseContext();
    $3Dmol.setSyncSurface(true); // without workers, which the page's policy does not allow
    viewer = $3Dmol.createViewer(stage, { backgroundAlpha: 0, antialias: true });
  }
  viewers.set(stage, viewer);
  return viewer;
}

function drawPose(stage, each, page, state, said) {
  const viewer = viewerOf(stage);
  if (!viewer) {
    stage.replaceChildren(el("p", { class: "instead" }, "This browser draws no 3D (WebGL is switched off or missing): the poses are in the run's folder as best.sdf, for a program such as PyMOL."));
    return;
  }
  const kept = viewer.firstView ? viewer.getView() : null;
  viewer.removeAllModels();
  viewer.removeAllShapes();
  viewer.removeAllLabels();
  viewer.removeAllSurfaces();
  const pocket = viewer.addModel(page.texts[each.pocket], "pdb");
  const ligand = viewer.addModel(page.texts[each.poses[state.pose]], "sdf");
  drawLigand(ligand, each, state);
  drawPocket(viewer, pocket, state);
  if (state.pose === 0 && state.labels) each.contacts.forEach((contact) => drawContact(viewer, contact));
  if (state.surface) viewer.addSurface($3Dmol.SurfaceType.VDW, { opacity: 0.8, color: "#b9c9d6" }, { model: pocket.getID() });
  if (kept) viewer.setView(kept);
  else {
    viewer.zoomTo({ model: ligand.getID() });
    viewer.zoom(0.85);
    viewer.firstView = viewer.getView();
  }
  viewer.render();
  said.textContent = `Pose ${state.pose + 1} of ${each.poses.length}${state.pose === 0 ? ", the best" : ", without contacts: they are those of the best"}. ${state.weights && state.pose === 0 && each.weights.length ? "Blue atoms lower the score, orange ones raise it." : ""}`.trim();

}

// Sticks, those of hydrogens thin; coloured by the elements, or by what each atom adds to the score.
function drawLigand(ligand, each, state) {
  let colours = { colorscheme: "cyanCarbon" };
  if (state.weights && state.pose === 0 && each.weights.length) {
    const largest = Math.max(...each.weights.map((weight) => Math.abs(weight ?? 0)), 1e-6);
    colours = { colorfunc: (atom) => (atom.elem === "H" ? "#d8d8d8" : weightColour(each.weights[atom.index], largest)) };
  }
  ligand.setStyle({}, { stick: { radius: 0.17, ...colours } });
  ligand.setStyle({ elem: "H" }, { stick: { radius: 0.07, ...colours } });
}

// Blue helps the score (negative, kcal/mol), orange costs; white is nothing.
function weightColour(weight, largest) {
  if (weight === undefined || weight === null) return "#c8c8c8";
  const part = Math.min(1, Math.abs(weight) / largest);
  const [r, g, b] = weight < 0 ? [0, 114, 178] : [213, 94, 0];
  const mix = (channel) => Math.round(235 + (channel - 235) * part);
  return `rgb(${mix(r)},${mix(g)},${mix(b)})`;
}

function drawPocket(viewer, pocket, state) {
  pocket.setStyle({}, state.pocket ? { stick: { radius: 0.07, colorscheme: "grayCarbon" } } : {});
  if (!state.pocket) return;
  const named = new Set();
  for (const atom of pocket.selectedAtoms({})) {
    const name = `${atom.resn}${atom.resi}${atom.chain}`;
    if (named.has(name) || (atom.atom !== "CA" && atom.atom !== "C")) continue;
    named.add(name);
    viewer.addLabel(`${atom.resn}${atom.resi}`, labelStyle({ x: atom.x, y: atom.y, z: atom.z }));
  }
}

function drawContact(viewer, contact) {
  const at = ([x, y, z]) => ({ x, y, z });
  const [start, end] = [at(contact.start), at(contact.end)];
  viewer.addCylinder({ start, end, radius: 0.06, dashed: true, dashLength: 0.22, gapLength: 0.16, color: colourOf(contact.colour, "#888888") });
  viewer.addLabel(contact.label, labelStyle({ x: (start.x + end.x) / 2, y: (start.y + end.y) / 2, z: (start.z + end.z) / 2 }, true));
}

function labelStyle(position, strong = false) {
  return { position, fontSize: 11, fontColor: "#000000", backgroundColor: "#ffffff", backgroundOpacity: strong ? 0.9 : 0.65, borderThickness: 0, inFront: true, padding: 1 };
}

// Let go of what the viewers in a part of the page hold: a browser has few drawing contexts.
function releaseViewers(element) {
  for (const stage of element.querySelectorAll(".stage")) {
    const viewer = viewers.get(stage);
    if (!viewer) continue;
    stage.querySelectorAll("canvas").forEach((canvas) => (canvas.getContext("webgl2") || canvas.getContext("webgl"))?.getExtension("WEBGL_lose_context")?.loseContext());
    viewers.delete(stage);
  }
}

// A canvas is empty on paper: each view stands there as a picture.
function picturesForPrint() {
  for (const stage of document.querySelectorAll(".stage")) {
    const viewer = viewers.get(stage);
    stage.parentElement.querySelector(".on-paper")?.remove();
    if (viewer) stage.after(el("img", { class: "on-paper", src: viewer.pngURI(), alt: "The pose as it is turned now" }));
  }
}
