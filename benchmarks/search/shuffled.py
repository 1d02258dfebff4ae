"""The control of the gradient: an objective whose findings are those of another molecule, all words and no truth.

The donor is drawn, independently of the molecule, from a bank of unrelated ones that were measured on the same target
by the same protocol. (Earlier molecules of the same run would not do: they are relatives, and what is said of them
is partly true.) Loss, measurements and history stay true, as in the arm that reads numbers only.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence

import numpy as np
from rdkit import Chem

from sciopt.bench import Bench, estimate_one, measure
from sciopt.cache import Cache
from sciopt.errors import InvalidValue
from sciopt.objective import Estimate, Evaluation, Finding, Note, Objective, PlainObjective
from sciopt.objectives.molecule.edits.basic import parse, readable
from sciopt.objectives.molecule.edits.move import Sampler
from sciopt.objectives.molecule.edits.moves import moves
from sciopt.probing import sharpened
from sciopt.records import digest

_OWN_NOTES = ("Numbered atoms", "Docked form")
"""What the molecule itself is called; all other notes are observations, and the donor's."""
_ATOMS = re.compile(r"\b([Aa]tom)s? (\d+(?:(?:, | and )\d+)*)\b(?!\.\d)")
_WORD = re.compile(r"[A-Za-z\[][A-Za-z0-9@+\-\[\]()=#/\\]{4,}")
_SMALLEST = 5  # heavy atoms of a SMILES in a text that is taken for a molecule, not for a group's name
_FRAGMENTS = 6
_TRIES = 400


class ShuffledFindings(PlainObjective):
    """Measures as `objective` does, through the `cache` that other arms share, and tells another molecule's findings.

    Nothing is probed here: a probe would measure the edits and so make the findings true. The donors' effects are
    those that the same probes gave for the donors; they are not counted in the run's cost.
    """

    def __init__(self, objective: Objective, *, bank: Sequence[str], seed: int, cache: Cache) -> None:
        self._inner = objective
        self._bank = tuple(objective.variants(objective.canonical(text))[0] for text in bank)
        self._seed = seed
        self._cache = cache
        self.kind = objective.kind
        self.rules = tuple(objective.rules)
        self.stages = tuple(objective.stages)
        self.repeats = tuple(objective.repeats)
        self.references = tuple(objective.references)
        told = digest({"bank": list(self._bank), "seed": seed})
        self.protocol = {**objective.protocol, "findings": f"of other molecules {told}"}

    def canonical(self, text: str) -> str:
        """As the objective."""
        return self._inner.canonical(text)

    def variants(self, value: str) -> tuple[str, ...]:
        """As the objective."""
        return self._inner.variants(value)

    def admit(self, value: str) -> None:
        """As the objective."""
        self._inner.admit(value)

    def evaluate(self, value: str) -> Evaluation:
        """The true evaluation with findings and observations of a donor; the same for a seed and a value."""
        own, _ = measure(self._inner, self._cache, value)
        if own.failure is not None:
            return own
        rng = np.random.default_rng(int(digest({"value": value, "seed": self._seed})[:16], 16))
        donor = self._donor(value, rng)
        return own if donor is None else transplanted(own, donor, objective=self._inner, rng=rng)

    def _donor(self, value: str, rng: np.random.Generator) -> Evaluation | None:
        others = [each for each in self._bank if each != value]
        for i in rng.permutation(len(others)):
            found, _ = measure(self._inner, self._cache, others[int(i)])
            if found.failure is None and found.findings:
                return sharpened(Bench(self._inner, cache=self._cache), found).evaluation
        return None

    def screen(self, values: Sequence[str], near: Evaluation, *, stage: str) -> list[Estimate]:
        """As the objective; a paid stage through the shared cache."""
        if any(stage == each.name and each.paid for each in (*self.stages, *self.repeats)):
            return [estimate_one(self._inner, self._cache, value, near, stage)[0] for value in values]
        return self._inner.screen(values, near, stage=stage)

    def close(self) -> None:
        """As the objective."""
        self._inner.close()


def transplanted(own: Evaluation, donor: Evaluation, *, objective: Objective, rng: np.random.Generator) -> Evaluation:
    """`own` with the findings and the observing notes of `donor`, made to speak of the atoms and edits of `own`.

    Atom numbers are shifted by a drawn number and folded into the range of the molecule; each molecule that is named
    becomes an admitted edit of this one with a like change in size. Words and expected effects stay as they were.
    """
    tongue = _Tongue(own.value, donor.value, objective=objective, rng=rng)
    named = tuple(note for note in own.notes if note.name in _OWN_NOTES)
    seen = tuple(Note(n.name, tongue.text(n.text)) for n in donor.notes if n.name not in _OWN_NOTES)
    findings = tuple(tongue.finding(finding) for finding in donor.findings)
    return dataclasses.replace(own, notes=(*named, *seen), findings=findings)


class _Tongue:
    """Says what was said of one molecule of another: the same edit is the same edit throughout."""

    def __init__(self, value: str, donor: str, *, objective: Objective, rng: np.random.Generator) -> None:
        self._mol = readable(value)
        self._donor_size = readable(donor).GetNumHeavyAtoms()
        self._objective = objective
        self._rng = rng
        self._shift = int(rng.integers(self._mol.GetNumAtoms()))
        self._edits: dict[str, str | None] = {donor: value}

    def finding(self, finding: Finding) -> Finding:
        edit = None if finding.edit is None else self._edit(finding.edit)
        return dataclasses.replace(
            finding,
            subject=self.text(finding.subject),
            observation=self.text(finding.observation),
            advice=self.text(finding.advice),
            edit=edit,
        )

    def text(self, text: str) -> str:
        """A text with its atoms and molecules exchanged."""
        return _ATOMS.sub(self._atoms, _WORD.sub(self._word, text))

    def _atoms(self, match: re.Match[str]) -> str:
        size = self._mol.GetNumAtoms()
        folded = ((int(n) - 1 + self._shift) % size + 1 for n in re.findall(r"\d+", match[2]))
        numbers = list(dict.fromkeys(folded))
        return f"{match[1]}{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"

    def _word(self, match: re.Match[str]) -> str:
        word = match[0]
        bare = word.rstrip(")") if word.count(")") > word.count("(") else word
        mol = parse(bare)
        if mol is None or mol.GetNumHeavyAtoms() < _SMALLEST:
            return word
        return (self._edit(bare) or "another edit") + word[len(bare) :]

    def _edit(self, said: str) -> str | None:
        """The edit of this molecule that stands for a molecule that was named; None where none is admitted."""
        key = str(Chem.MolToSmiles(readable(said)))
        if key not in self._edits:
            grown = readable(said).GetNumHeavyAtoms() - self._donor_size
            taken = {edit for edit in self._edits.values() if edit is not None}
            self._edits[key] = next((edit for edit in self._drawn(grown) if edit not in taken), None)
        return self._edits[key]

    def _drawn(self, grown: int) -> Iterator[str]:
        """Admitted edits in random order, those first whose change in size is nearest to `grown` heavy atoms."""
        found = moves(self._mol, sampler=Sampler(self._rng, _FRAGMENTS))
        shuffled = [found[int(i)] for i in self._rng.permutation(len(found))]
        for move in sorted(shuffled, key=lambda move: abs(move.grown - grown))[:_TRIES]:
            smiles = move.make()
            if smiles is not None:
                try:
                    value = self._objective.canonical(smiles)
                    self._objective.admit(value)
                except InvalidValue:
                    continue
                variants = self._objective.variants(value)
                yield variants[int(self._rng.integers(len(variants)))]
