"""Concrete edits for findings that only name a direction: fewer rotatable bonds, or one of QED's properties moved."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

import numpy as np
from rdkit import Chem

from sciopt.errors import InvalidValue
from sciopt.objective import Finding
from sciopt.objectives.molecule.edits.move import Focus, Move, Sampler
from sciopt.objectives.molecule.edits.moves import moves
from sciopt.objectives.molecule.findings.view import rotors
from sciopt.objectives.molecule.findings.words import atoms_of
from sciopt.objectives.molecule.properties.qed import property_values

ROTORS, PROPERTY = "rotor cost", "QED property"
_STIFFER = frozenset({"close ring", "delete atom", "exchange linker", "fuse ring", "prune"})
_DRAWN = 80  # edits that are made and weighed for one finding, about 1 ms each
_SAID = re.compile(r"rates .+ best: (raise|lower) it")

_PROTECTING = frozenset({"hydrogen bond", "kept substructure", "required hydrogen bond"})

Weigh = Callable[[str], float]
"""The change of the loss that is expected of an edit without docking it."""


def protected(findings: Iterable[Finding]) -> frozenset[int]:
    """The atoms (from 0) that findings ask to keep as they are."""
    kept = [f for f in findings if f.kind in _PROTECTING]
    return frozenset(atom for f in kept for atom in atoms_of(f.subject))


def concrete_edit(
    finding: Finding, mol: Chem.Mol, *, held: frozenset[int], admit: Callable[[str], None], weigh: Weigh
) -> str | None:
    """The admitted edit of least expected loss that does what the finding asks for; None where none was found.

    Deterministic. `held` are atoms that no edit may lose; `admit` raises `InvalidValue` for what may not be proposed.
    """
    if finding.kind == ROTORS:
        count = rotors(mol)
        return _best(_made(mol, held, _STIFFER), admit, weigh, lambda child: rotors(child) < count)
    said = _SAID.search(finding.observation) if finding.kind == PROPERTY else None
    if said is None:
        return None
    now = property_values(mol)[finding.subject]
    sign = 1.0 if said[1] == "raise" else -1.0
    return _best(
        _made(mol, held, None),
        admit,
        weigh,
        lambda child: sign * (property_values(child)[finding.subject] - now) > 0.0,
    )


def _made(mol: Chem.Mol, held: frozenset[int], kinds: frozenset[str] | None) -> Iterator[str]:
    """Up to `_DRAWN` edits of some kinds (None: of all), drawn evenly over the kinds with a fixed seed."""
    rng = np.random.default_rng(0)
    by_kind: dict[str, list[Move]] = {}
    for move in moves(mol, focus=Focus(kept=held), sampler=Sampler(rng, 6)):
        if kinds is None or move.kind in kinds:
            by_kind.setdefault(move.kind, []).append(move)
    share = -(-_DRAWN // max(1, len(by_kind)))
    for listed in by_kind.values():
        for i in rng.permutation(len(listed))[:share]:
            smiles = listed[int(i)].make()
            if smiles is not None:
                yield smiles


def _best(
    edits: Iterable[str], admit: Callable[[str], None], weigh: Weigh, fits: Callable[[Chem.Mol], bool]
) -> str | None:
    for _, smiles in sorted((weigh(smiles), smiles) for smiles in set(edits)):
        if fits(Chem.MolFromSmiles(smiles)):
            try:
                admit(smiles)
            except InvalidValue:
                continue
            return smiles
    return None
