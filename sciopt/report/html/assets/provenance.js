// What it cost, and what a reader needs to make the run again.

function costPart({ run, id }) {
  const names = { evaluations: "evaluations in full", quick: "quick evaluations", repeats: "repeats of finalists", references: "known ones measured", cpu_seconds: "processor time", calls: "calls of the engine", tokens: "tokens", dollars: "US dollars, by list prices" };
  const write = { cpu_seconds: clock, dollars: money };
  const rows = Object.entries(names).filter(([name]) => run.spent[name]).map(([name, text]) => [text, (write[name] || whole)(run.spent[name])]);
  const asked = run.steps.filter((step) => step.usage.calls);
  return section(id, "Cost", null, rows.length ? plainTable(["what", "in all"], rows, { numeric: [1] }) : el("p", {}, "Nothing was counted."),
    asked.length ? el("details", {}, el("summary", {}, "Calls of the engine, step by step"),
      plainTable(["step", "calls", "tokens", "US dollars"], asked.map((step) => [String(step.step), whole(step.usage.calls), whole(step.usage.tokens), money(step.usage.dollars)]), { numeric: [0, 1, 2, 3] })) : null);
}

function provenancePart({ run, id }) {
  const from = run.provenance;
  const git = from.git ? `commit ${from.git.commit}${from.git.dirty ? ", with changes that are in no commit" : from.git.dirty === false ? ", without changes" : ""}` : null;
  const settings = (name, pairs) => (pairs.length ? el("details", {}, el("summary", {}, name), plainTable(["name", "value"], pairs.map(([key, value]) => [key, dataText(value)]))) : null);
  return section(id, "Provenance", null,
    definitions([
      ["Made again by", from.command ? el("code", {}, from.command) : "the program in Python that made its objective"], ["Checked by", el("code", {}, from.replay)],
      ["Log", `${from.log}, ${counted(from.events, "event")}, form ${from.schema ?? "unknown"}`], ["Begun", from.begun], ["Git", git],
      ["Machine", Object.entries(from.machine).map(([name, value]) => `${name} ${dataText(value)}`).join("; ")],
      ["Seeds", from.seeds.map(([name, value]) => `${name} ${dataText(value)}`).join("; ")]], "notes"),
    settings("What was asked for: the specification", from.specification), settings("What the numbers depend on: the protocol", from.protocol),
    settings("The engine", from.engine), settings("Versions", Object.entries(from.versions)),
    from.system ? el("details", {}, el("summary", {}, "What the engine is told first"), el("pre", { class: "gradient" }, from.system)) : null,
    from.files.length ? el("details", {}, el("summary", {}, "Files of the run and their SHA-256"), plainTable(["file", "SHA-256"], from.files.map(([name, hash]) => [name, el("code", {}, hash)]))) : null);
}
