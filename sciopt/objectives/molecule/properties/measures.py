"""Measured properties of a molecule without a pose: synthetic accessibility, Lipinski's rule, and the usual numbers."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

from sciopt.objectives.molecule.edits.basic import readable
from sciopt.objectives.molecule.properties.logp import log_p
from sciopt.objectives.molecule.properties.qed import qed


@dataclass(frozen=True)
class Property:
    """One named number with its unit ("" where it has none)."""

    value: float
    unit: str = ""


@dataclass(frozen=True)
class Violation:
    """One limit of Lipinski's rule of five that a molecule exceeds."""

    name: str
    value: float
    limit: float


def sa_score(mol: Chem.Mol) -> float:
    """Synthetic accessibility from 1 (easy) to 10 (hard): Ertl and Schuffenhauer, J. Cheminf. 1:8 (2009)."""
    from rdkit.Contrib.SA_Score import sascorer  # reads its table of fragment scores at the first call

    return float(sascorer.calculateScore(mol))


@functools.lru_cache(maxsize=20_000)
def sa_score_of(smiles: str) -> float:
    """`sa_score` of a SMILES that RDKit reads, remembered."""
    return sa_score(readable(smiles))


def lipinski(mol: Chem.Mol) -> tuple[Violation, ...]:
    """The violations of the rule of five: Lipinski et al., Adv. Drug Deliv. Rev. 23, 3-25 (1997).

    >>> lipinski(Chem.MolFromSmiles("CC(=O)Oc1ccccc1C(=O)O"))
    ()
    """
    numbers = (
        ("molecular weight", rdMolDescriptors.CalcExactMolWt(mol), 500.0),
        ("logP", log_p(mol), 5.0),
        ("hydrogen-bond donors", rdMolDescriptors.CalcNumLipinskiHBD(mol), 5.0),
        ("hydrogen-bond acceptors", rdMolDescriptors.CalcNumLipinskiHBA(mol), 10.0),
    )
    return tuple(Violation(name, float(value), limit) for name, value, limit in numbers if value > limit)


def measure(mol: Chem.Mol) -> dict[str, Property]:
    """The usual numbers by name; QED and SA score among them."""
    return {
        "QED": Property(qed(mol)),
        "SA score": Property(sa_score(mol)),
        "molecular weight": Property(float(rdMolDescriptors._CalcMolWt(mol)), "g/mol"),
        "logP": Property(log_p(mol)),
        "polar surface area": Property(float(rdMolDescriptors.CalcTPSA(mol)), "Å²"),
        "hydrogen-bond donors": Property(float(rdMolDescriptors.CalcNumHBD(mol))),
        "hydrogen-bond acceptors": Property(float(rdMolDescriptors.CalcNumHBA(mol))),
        "rotatable bonds": Property(float(rdMolDescriptors.CalcNumRotatableBonds(mol))),
        "aromatic rings": Property(float(rdMolDescriptors.CalcNumAromaticRings(mol))),
        "heavy atoms": Property(float(mol.GetNumHeavyAtoms())),
        "Lipinski violations": Property(float(len(lipinski(mol)))),
    }
