// The page as a whole: its head, its contents, and the parts of each run, made when they are needed.

const PARTS = [
  { name: "summary", title: "Summary", make: summary },
  { name: "trajectory", title: "Trajectory", make: trajectory, measured: true },
  { name: "evaluations", title: "Evaluations", make: evaluationsTable, measured: true },
  { name: "evaluation", title: "One evaluation", make: evaluationDetail, measured: true },
  { name: "steps", title: "Steps", make: stepsPart },
  { name: "faithfulness", title: "Faithfulness", make: faithfulnessPart },
  { name: "cost", title: "Cost", make: costPart },
  { name: "provenance", title: "Provenance", make: provenancePart },
];

// Show a part of the page, and let the keyboard go on from there.
function reveal(id) {
  const part = document.getElementById(id);
  part.scrollIntoView({ block: "start" });
  part.querySelector("h2").focus({ preventScroll: true });
}

// The parts of a run that there is something to say in.
function partsOf(run) {
  return PARTS.filter((part) => run.rows.length || !part.measured);
}

// A part that cannot be drawn says so in its place, and keeps nobody from reading the others.
function partOf(part, context) {
  try {
    return part.make(context);
  } catch (error) {
    console.error(error);
    return section(context.id, part.title, null, el("p", { class: "warning", role: "note" }, `This part cannot be drawn: ${error.message}.`));
  }
}

function runParts(run, page, place) {
  numberRows(run);
  run.detailId = `run${place}-evaluation`;
  const selected = shared(run.best ?? run.rows[0]?.number ?? null);
  return partsOf(run).map((part) => partOf(part, { run, page, selected, id: `run${place}-${part.name}` }));
}

function contentsOf(run, place) {
  return el("ul", {}, partsOf(run).map((part) => el("li", {}, el("a", { href: `#run${place}-${part.name}` }, part.title))));
}

function onlyRun(page) {
  document.getElementById("contents").append(contentsOf(page.runs[0], 0));
  document.getElementById("main").append(...runParts(page.runs[0], page, 0));
}

function manyRuns(page) {
  const main = document.getElementById("main");
  main.append(comparison(page));
  const opened = page.runs.map((run, place) => {
    const box = el("details", { class: "run", id: `run${place}` }, el("summary", {}, el("h2", {}, el("span", { class: `swatch s${place % SERIES}` }), ` ${run.name}`)));
    const open = () => {
      if (box.childElementCount === 1) box.append(...runParts(run, page, place));
    };
    box.addEventListener("toggle", () => box.open && open());
    main.append(box);
    return () => { open(); box.open = true; };
  });
  window.addEventListener("beforeprint", () => opened.forEach((open) => open()));
  document.getElementById("contents").append(el("ul", {}, el("li", {}, el("a", { href: "#comparison" }, "Comparison")),
    page.runs.map((run, place) => el("li", {}, el("a", { href: `#run${place}`, onclick: opened[place] }, run.name)))));
  main.addEventListener("click", (event) => {
    const found = event.target.closest?.('a[href^="#run"]');
    if (found) opened[Number(found.getAttribute("href").slice(4))]?.();
  });
}

function head(page) {
  const modes = ["auto", "light", "dark"];
  const theme = el("select", { "aria-label": "Colours", onchange: () => { document.documentElement.dataset.theme = theme.value; } }, modes.map((mode) => el("option", { value: mode }, mode === "auto" ? "as the system" : mode)));
  document.getElementById("head").append(el("div", {}, el("p", { class: "kind" }, page.runs.length === 1 ? "Report of a sciopt run" : "Report of sciopt runs"), el("h1", {}, page.title)), el("label", { class: "theme" }, "Colours ", theme));
}

// On paper everything is told: what is folded is opened, what waits is drawn, and closed again afterwards.
function printing() {
  let folded = [];
  window.addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open], .quiet)")];
    folded.forEach((each) => { each.open = true; });
    finishWaiting();
    picturesForPrint();
  });
  window.addEventListener("afterprint", () => folded.forEach((each) => { each.open = false; }));
}

const page = JSON.parse(document.getElementById("data").textContent);
head(page);
if (page.runs.length === 1) onlyRun(page);
else manyRuns(page);
if (page.licence) document.body.append(el("footer", {}, el("details", { class: "quiet" }, el("summary", {}, "3D views by 3Dmol.js 2.5.5; its licence"), el("pre", {}, page.licence))));
printing();
// Charts are drawn in the first frame, when their width is known.
requestAnimationFrame(() => requestAnimationFrame(() => { document.documentElement.dataset.ready = ""; }));
