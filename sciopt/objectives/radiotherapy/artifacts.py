"""What an evaluated plan leaves beside its numbers, as texts: its fluence and its histograms."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np

from sciopt.objectives.radiotherapy.dvh import Dvh
from sciopt.objectives.radiotherapy.plan import Plan
from sciopt.objectives.radiotherapy.treatment.treatment import Delivered, Treatment

FLUENCE, HISTOGRAMS = "fluence.json", "dvh.csv"
DVH_STEP_GY = 0.5


def fluence_text(plan: Plan, made: Delivered) -> str:
    """The fluence of all beams as JSON, so exactly that plans near it can start from it again."""
    data = {
        "gantry_deg": plan.gantry_deg,
        "scale": made.scale,
        "spacing_mm": made.spacing_mm,
        "fluence": [float(f"{f:.9g}") for f in made.fluence],
    }
    return json.dumps(data)


def delivered(treatment: Treatment, plan: Plan, text: str) -> Delivered:
    """The dose of a plan from the text of its fluence."""
    data = json.loads(text)
    fluence = np.asarray(data["fluence"], np.float32).astype(np.float64)  # nine digits name the single, not its double
    return treatment.report(plan, fluence, spacing_mm=data["spacing_mm"])


def histogram_text(histograms: Mapping[str, Dvh]) -> str:
    """Cumulative histograms as CSV: a row for each dose, a column in percent for each structure."""
    top = max(dvh.max_gy for dvh in histograms.values())
    axis = np.arange(0.0, top + DVH_STEP_GY, DVH_STEP_GY)
    curves = np.stack([axis, *(dvh.curve(axis) for dvh in histograms.values())], axis=1)
    lines = [",".join(["dose_gy", *histograms]), *(",".join(f"{v:.5g}" for v in row) for row in curves)]
    return "\n".join(lines) + "\n"
