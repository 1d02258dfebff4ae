// Evaluations by their number: a damaged log may lack some, so that the number is not the place in the list.

function numberRows(run) {
  run.places = new Map(run.rows.map((row, place) => [row.number, place]));
}

function rowOf(run, number) {
  return run.rows[run.places.get(number)] ?? null;
}

function rowsOf(run, numbers) {
  return numbers.map((number) => rowOf(run, number)).filter(Boolean);
}

// The number of the evaluation that stands so many places on, or of the first or last one.
function numberBeside(run, number, change) {
  const place = (run.places.get(number) ?? 0) + change;
  return run.rows[Math.min(run.rows.length - 1, Math.max(0, place))]?.number ?? null;
}

function lastNumber(run) {
  return Math.max(0, ...run.rows.slice(-1).map((row) => row.number));
}
