"""Variants, measured effects, finalists and known candidates: on a word whose findings promise what is not so."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

import sciopt
from sciopt.bench import Bench
from sciopt.budget import Budget
from sciopt.descent import Settings
from sciopt.log import LOG_NAME, read_log, stable
from sciopt.objective import Effect, Estimate, Evaluation, Finding, Reference, Stage
from sciopt.probing import mean_changes, sharpened
from sciopt.runs import faithfulness
from sciopt.runs.run import Run
from sciopt.search import Ending, optimize
from sciopt.testing import check_objective
from tests.core.toys import Letters, Speller


class Boasting(Letters):
    """Findings promise -5 for each of two edits: a z at the front, which is worth 1, and a b, which is worth nothing.

    A word with a w stands for two: with a u and with a v, and the u is worth half a point.
    """

    probes = tuple(Stage(f"look {n}", keep=1, paid=True) for n in (1, 2, 3))
    repeats = (Stage("again 1", keep=1, paid=True), Stage("again 2", keep=1, paid=True))
    references = (Reference("all of it", "zzzzzzzzzz", "the goal"),)

    def variants(self, value: str) -> tuple[str, ...]:
        return (value.replace("w", "u"), value.replace("w", "v")) if "w" in value else (value,)

    def evaluate(self, value: str) -> Evaluation:
        made = super().evaluate(value)
        if made.failure is not None:
            return made
        better = 0.5 * ("u" in value)
        term = dataclasses.replace(made.terms[0], value=made.loss - better)
        promises = tuple(
            Finding(
                f"F{n}", "promise", "the front", "it is free", "use it", f"{letter}{value}", (Effect("loss", -5.0),)
            )
            for n, letter in enumerate("zb", 1)
        )
        return dataclasses.replace(made, loss=term.value, terms=(term,), findings=promises)

    def screen(self, values: Sequence[str], near: Evaluation, *, stage: str) -> list[Estimate]:
        noise = {"look 1": 0.0, "look 2": 0.05, "look 3": -0.05, "again 1": 0.2, "again 2": -0.2}.get(stage, 0.0)
        self.screened += values
        return [Estimate(v, 10.0 - v.count("z") - 0.5 * ("u" in v) + noise * len(v)) for v in values]

    def levers(self, evaluation: Evaluation) -> tuple[str, ...]:
        modelled = [f for f in evaluation.findings if f.expected and f.expected[-1].basis == "model"]
        return tuple(f.edit for f in modelled if f.edit is not None)

    def sharpen(self, evaluation: Evaluation, probed: Mapping[str, Sequence[Estimate]]) -> Evaluation:
        parent = probed[evaluation.value]
        findings = []
        for finding in evaluation.findings:
            effects = mean_changes(probed[finding.edit], parent) if finding.edit in probed else finding.expected
            holds = effects[-1].change < -0.5
            findings.append(
                dataclasses.replace(finding, expected=effects if holds else (), edit=finding.edit if holds else None)
            )
        return dataclasses.replace(evaluation, findings=tuple(findings))


def test_the_toy_keeps_the_promises_of_the_seam() -> None:
    check_objective(Boasting(), valid=["abz", "w"], invalid=["A!"])


def test_a_measured_effect_replaces_the_promise_and_what_does_not_hold_is_told_as_tried() -> None:
    objective = Boasting()
    probed = sharpened(Bench(objective), objective.evaluate("abc"))
    kept, dropped = probed.evaluation.findings
    assert kept.edit == "zabc"
    assert kept.expected[-1] == Effect("loss", pytest.approx(-1.0), "", "measured")
    assert dropped.edit is None
    [attempt] = probed.attempts
    assert attempt.value == "babc"
    assert "look 1" in attempt.stage
    assert attempt.effects[-1].change == pytest.approx(0.0)


def test_the_engine_reads_measured_effects_and_the_cost_counts(tmp_path: Path) -> None:
    engine = Speller()
    found = optimize(
        Boasting(goal=99), "abc", engine=engine, budget=4, out=tmp_path / "run", ending=Ending(finalists=0)
    )
    first = engine.requests[0].text
    assert "loss -1 (measured)" in first
    assert "-5" not in first
    assert "babc" in first.partition("## Tried from here")[2]
    assert found.spent.quick >= 9
    plain = Settings(probing=False)
    assert optimize(Boasting(goal=99), "abc", engine=engine, budget=4, settings=plain).spent.quick == 0
    assert "loss -5 (model)" in engine.requests[-1].text


def test_probing_a_lead_twice_costs_once_also_by_backward_and_step() -> None:
    objective = Boasting(goal=99)
    word = sciopt.Variable("abc", kind="word")
    sciopt.ObjectiveLoss(objective)(word).backward()
    looked = len(objective.screened)
    assert looked == 9
    assert "(measured)" in word.gradient_text
    sciopt.TGD([word], Speller()).step()
    assert len(objective.screened) == looked


def test_each_variant_is_a_candidate_and_the_best_one_counts() -> None:
    objective = Boasting(goal=99)
    found = optimize(objective, "aw", engine=Speller(), budget=2, ending=Ending(finalists=0, references=False))
    assert [e.value for e in found.evaluations] == ["au", "av"]
    assert found.best.value == "au"
    assert float(sciopt.ObjectiveLoss(objective)(sciopt.Variable("aw", kind="word"))) == 9.5  # type: ignore[arg-type]
    with pytest.raises(sciopt.errors.InvalidInput, match="2 starts"):
        optimize(objective, "aw", engine=Speller(), budget=1)


def test_finalists_are_measured_again_and_known_ones_beside_them(tmp_path: Path) -> None:
    found = optimize(Boasting(goal=99), "abc", engine=Speller(), budget=6, out=tmp_path / "run")
    best = found.finalists[0]
    assert len(found.finalists) == 3
    assert best.value == found.best.value
    assert best.mean == pytest.approx(best.loss)
    assert best.spread == pytest.approx(math.sqrt(2 * (0.2 * len(best.value)) ** 2))
    assert found.spent.repeats == 6
    [(reference, measured)] = found.references
    assert (reference.name, measured.loss) == ("all of it", 0.0)
    assert len(found.evaluations) == 6
    assert Budget(evaluations=6).exhausted(found.spent)


def test_one_worker_or_three_measure_the_same_effects(tmp_path: Path) -> None:
    logs = []
    for workers in (1, 3):
        folder = tmp_path / str(workers)
        optimize(Boasting(goal=99), "abw", engine=Speller(), budget=7, out=folder, workers=workers)
        logs.append(list(stable(read_log(folder / LOG_NAME))))
    assert logs[0] == logs[1]


def test_a_run_that_was_cut_anywhere_ends_with_the_same_log(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    optimize(Boasting(goal=99), "abw", engine=Speller(), budget=7, out=whole)
    events = list(stable(read_log(whole / LOG_NAME)))
    lines = (whole / LOG_NAME).read_text(encoding="utf-8").splitlines(keepends=True)
    kinds = [event.kind for event in read_log(whole / LOG_NAME)]
    assert {"probed", "sharpened", "repeated", "reference"} <= set(kinds)
    for cut in range(1, len(lines)):
        folder = tmp_path / str(cut)
        folder.mkdir()
        (folder / LOG_NAME).write_text("".join(lines[:cut]), encoding="utf-8")
        objective = Boasting(goal=99)
        optimize(objective, "abw", engine=Speller(), budget=7, out=folder, cache=whole / "cache", resuming=True)
        assert list(stable(read_log(folder / LOG_NAME))) == events
        assert all("q" in value for value in objective.measured)  # failures are not cached


def test_faithfulness_holds_expected_against_realised_effects(tmp_path: Path) -> None:
    ending = Ending(finalists=0, references=False)
    for name, probing in (("measured", True), ("promised", False)):
        settings = Settings(probing=probing, screening=False)
        optimize(
            Boasting(goal=99), "abc", engine=Speller(), budget=5, out=tmp_path / name, settings=settings, ending=ending
        )
    honest = faithfulness.table(faithfulness.pairs([Run.load(tmp_path / "measured")]))
    boasts = faithfulness.table(faithfulness.pairs([Run.load(tmp_path / "promised")]))
    assert {row.basis for row in honest} == {"measured"}
    assert {row.basis for row in boasts} == {"model"}
    assert honest[0].error < 1e-9
    assert honest[0].sign_agreement == 1.0
    assert boasts[0].error > 3.9
    assert boasts[0].bias < -3.9
    path = faithfulness.write(faithfulness.pairs([Run.load(tmp_path / "measured")]), tmp_path / "table.csv")
    assert path.read_text(encoding="utf-8").startswith("kind,basis,quantity,same_edit,pairs")


def test_a_loop_in_pytorchs_manner_may_start_from_what_stands_for_several() -> None:
    word = sciopt.Variable("aw", kind="word")
    objective = Boasting(goal=99)
    loss = sciopt.ObjectiveLoss(objective)(word)
    loss.backward()
    optimizer = sciopt.TGD([word], Speller())
    made = optimizer.step()
    assert made
    assert word.value == "zau"


def test_what_the_loss_tried_is_told_to_the_engine_and_probing_can_be_left_out() -> None:
    objective, engine = Boasting(goal=99), Speller()
    word = sciopt.Variable("abc", kind="word")
    sciopt.ObjectiveLoss(objective)(word).backward()
    sciopt.TGD([word], engine).step()
    assert "babc" in engine.requests[0].text.partition("## Tried from here")[2]
    plain = Boasting(goal=99)
    word = sciopt.Variable("abc", kind="word")
    sciopt.ObjectiveLoss(plain, probing=False)(word).backward()
    sciopt.TGD([word], engine, probing=False).step()
    assert plain.screened == []


def test_nothing_is_told_of_edits_whose_parent_cannot_be_probed() -> None:
    class Broken(Boasting):
        def screen(self, values: Sequence[str], near: Evaluation, *, stage: str) -> list[Estimate]:
            made = super().screen(values, near, stage=stage)
            return [dataclasses.replace(e, failure="no") if e.value == near.value else e for e in made]

        def sharpen(self, evaluation: Evaluation, probed: Mapping[str, Sequence[Estimate]]) -> Evaluation:
            return evaluation

    objective = Broken()
    assert sharpened(Bench(objective), objective.evaluate("abc")).attempts == ()


def test_a_value_asked_twice_is_measured_once_and_given_twice() -> None:
    bench = Bench(Letters())
    found = [r.evaluation.value for r in bench.evaluate(["a", "a", "bbb"])]
    assert found == ["a", "a", "bbb"]
