"""How like a lead a molecule is: Tanimoto's and Tversky's similarity of Morgan fingerprints."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, Literal, get_args

from rdkit import DataStructs
from rdkit.Chem import rdFingerprintGenerator

from sciopt.errors import InvalidInput, InvalidValue
from sciopt.objectives.molecule.edits.basic import readable
from sciopt.objectives.molecule.ligand.smiles import canonical_smiles

Measure = Literal["tanimoto", "tversky"]
MEASURES: tuple[str, ...] = get_args(Measure)
RADIUS, BITS = 2, 2048
LEAD_WEIGHT, OTHER_WEIGHT = 0.9, 0.1


@dataclass(frozen=True)
class Lead:
    """A molecule to stay near to: its canonical SMILES and how nearness is measured; `InvalidInput` for no molecule.

    Fingerprints are Morgan's of radius 2 and 2048 bits (Rogers and Hahn, J. Chem. Inf. Model. 2010, 50, 742). With c
    bits in common, a bits of the lead alone and b of the other molecule alone, "tanimoto" is c / (c + a + b), and
    "tversky" is c / (c + 0.9 a + 0.1 b) (Tversky, Psychol. Rev. 1977, 84, 327): what is missing of the lead weighs
    nine times what is added to it, so that growing costs little.
    """

    smiles: str
    measure: Measure = "tanimoto"

    def __post_init__(self) -> None:
        if self.measure not in MEASURES:
            raise InvalidInput(f"the measure {self.measure!r} of similarity is unknown: expected tanimoto or tversky")
        try:
            object.__setattr__(self, "smiles", canonical_smiles(self.smiles))
        except InvalidValue as error:
            raise InvalidInput(f"the lead {self.smiles!r} cannot be used: {error}") from error

    def similarity(self, smiles: str) -> float:
        """The similarity of a molecule to the lead, from 0 to 1.

        >>> Lead("CCO").similarity("CCO")
        1.0
        """
        return _similarity(self, smiles)

    def strange_atoms(self, smiles: str) -> tuple[int, ...]:
        """The atoms of a molecule whose surroundings within two bonds the lead does not have."""
        mol, lead = readable(smiles), _fingerprint(self.smiles)
        record = rdFingerprintGenerator.AdditionalOutput()
        record.AllocateAtomToBits()
        _generator().GetFingerprint(mol, additionalOutput=record)
        bits = record.GetAtomToBits()
        return tuple(i for i in range(mol.GetNumAtoms()) if not all(lead.GetBit(bit) for bit in bits[i]))


@functools.lru_cache(maxsize=20_000)
def _similarity(lead: Lead, smiles: str) -> float:
    ours, theirs = _fingerprint(lead.smiles), _fingerprint(smiles)
    if lead.measure == "tanimoto":
        return float(DataStructs.TanimotoSimilarity(ours, theirs))
    return float(DataStructs.TverskySimilarity(ours, theirs, LEAD_WEIGHT, OTHER_WEIGHT))


@functools.lru_cache(maxsize=1)
def _generator() -> Any:  # RDKit's stubs name no class for it
    return rdFingerprintGenerator.GetMorganGenerator(radius=RADIUS, fpSize=BITS)


@functools.lru_cache(maxsize=2048)
def _fingerprint(smiles: str) -> Any:
    return _generator().GetFingerprint(readable(smiles))
