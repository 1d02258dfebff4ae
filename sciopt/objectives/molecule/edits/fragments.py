"""The pieces that edits build with: groups, rings, linkers, cores, and what a chemist knows about each of them.

A fragment is a SMILES that bonds by its first atom; a core is a SMILES with two places, [*:1] and [*:2].
"""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass

from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

from sciopt.objectives.molecule.edits.basic import fragment_mol

SMALL = ("F", "Cl", "C", "O", "N", "C#N", "OC", "CC", "CO", "C(F)F", "C(F)(F)F", "NC", "CN")
MEDIUM = (
    "C(=O)N", "NC(C)=O", "S(C)(=O)=O", "S(N)(=O)=O", "C1CC1", "C(C)C", "C(=O)NC", "C(=O)N(C)C", "NS(C)(=O)=O", "N(C)C",
    "C(=O)O", "C(C)(C)O", "OCC", "OC(F)(F)F", "OC(F)F", "C(C)(C)C", "CC#N", "CCO", "CCN", "NC(N)=O", "C(C)=O", "CN(C)C",
    "COC", "CCOC", "OCCO", "CCC", "NCCO", "CC(=O)N", "CC(=O)O", "C1COC1", "CS(C)(=O)=O", "C(C)O", "NC(=O)OC",
    "C(=O)OC", "NC(=O)NC", "S(=O)(=O)NC", "CNC(C)=O", "C1(C)CC1", "CC(F)(F)F", "N1CCC1", "N1CC(O)C1",
)  # fmt: skip
AROMATIC_RINGS = (
    "c1ccccc1", "c1ccncc1", "c1cccnc1", "c1ccccn1", "c1ccc(F)cc1", "c1cccc(F)c1", "c1ccc(Cl)cc1", "c1ccc(O)cc1",
    "c1ccc(OC)cc1", "c1ccc(C#N)cc1", "c1cn[nH]c1", "c1cnn(C)c1", "c1cc[nH]n1", "c1ncc[nH]1", "c1cccs1", "c1ccsc1",
    "c1cncs1", "c1nccs1", "c1ccco1", "c1cnco1", "c1cnoc1", "c1cncnc1", "c1ncccn1", "c1cnccn1", "c1nnc(C)o1",
    "c1noc(C)n1", "c1cc[nH]c(=O)c1", "c1ccc2[nH]ccc2c1", "c1ccc2[nH]ncc2c1", "c1ccc2ncccc2c1", "c1ccc2OCOc2c1",
)  # fmt: skip
NITROGEN_AROMATICS = ("n1cccn1", "n1ccnc1", "n1cncn1")
NITROGEN_AROMATICS_ALONE = ("[nH]1cccn1", "[nH]1ccnc1", "[nH]1cncn1", "[nH]1ccc2ccccc12")
SATURATED_RINGS = (
    "C1CCCC1",
    "C1CCCCC1",
    "C1CCNCC1",
    "C1CCOCC1",
    "C1CCN(C)CC1",
    "C1CCOC1",
    "C1CCNC1",
    "C1CCC1",
)
NITROGEN_RINGS = (
    "N1CCOCC1", "N1CCCC1", "N1CCCCC1", "N1CCNCC1", "N1CCN(C)CC1", "N1CCC(O)CC1", "N1CCC(F)(F)C1", "N1CCOC1=O",
    "N1CCCC1=O", "N1CCC(C(N)=O)CC1",
)  # fmt: skip
LINKERS_TO_CARBON = (
    "O", "C", "N", "CC", "OC", "NC", "CO", "CN", "C(=O)N", "NC(=O)", "C(=O)NC", "NC(=O)C", "CNC(=O)", "S(=O)(=O)N",
    "NS(=O)(=O)", "NC(=O)N", "S(=O)(=O)", "C(=O)", "N(C)C(=O)", "C(=O)N(C)", "CC(=O)N",
)  # fmt: skip
LINKERS_TO_NITROGEN = ("C", "CC", "C(=O)", "S(=O)(=O)", "OCC", "CC(=O)", "NC(=O)C")

RINGS = AROMATIC_RINGS + NITROGEN_AROMATICS_ALONE + SATURATED_RINGS + NITROGEN_RINGS
LINKED = tuple(
    linker + ring
    for linkers, rings in (
        (LINKERS_TO_CARBON, (*AROMATIC_RINGS[:23], *SATURATED_RINGS, "C1CC1")),
        (LINKERS_TO_NITROGEN, NITROGEN_RINGS),
        (("C", "CC"), NITROGEN_AROMATICS),
    )
    for linker, ring in itertools.product(linkers, rings)
)
GROWTH: dict[str, tuple[str, ...]] = {
    "grow small group": SMALL,
    "grow group": MEDIUM,
    "grow ring": RINGS,
    "grow linked ring": LINKED,
}
"""By kind of edit, everything that can be put in place of a hydrogen."""

LINKER_CORES = (
    "[*:1]C[*:2]", "[*:1]O[*:2]", "[*:1]N[*:2]", "[*:1]S[*:2]", "[*:1]CC[*:2]", "[*:1]OC[*:2]", "[*:1]NC[*:2]",
    "[*:1]C(=O)[*:2]", "[*:1]S(=O)(=O)[*:2]", "[*:1]C(=O)N[*:2]", "[*:1]C(=O)N(C)[*:2]", "[*:1]S(=O)(=O)N[*:2]",
    "[*:1]C(=O)NC[*:2]", "[*:1]CC(=O)N[*:2]", "[*:1]NC(=O)N[*:2]", "[*:1]C(=O)O[*:2]", "[*:1]CCO[*:2]",
    "[*:1]CNC[*:2]", "[*:1]C(O)C[*:2]", "[*:1]C(C)O[*:2]", "[*:1]S(=O)(=O)NC[*:2]",
    "[*:1]CCC[*:2]",
    "[*:1]c1nnc([*:2])o1", "[*:1]c1noc([*:2])n1", "[*:1]c1nnn([*:2])c1", "[*:1]c1nc([*:2])cs1", "[*:1]c1cc([*:2])on1",
)  # fmt: skip
"""What can stand between two parts: chains, amides and their like, and the azoles that replace an ester or amide."""

RING_CORES = (
    "[*:1]c1ccc([*:2])cc1", "[*:1]c1cccc([*:2])c1", "[*:1]c1ccc([*:2])nc1", "[*:1]c1cncc([*:2])c1",
    "[*:1]c1cc([*:2])ccn1",
    "[*:1]c1cnc([*:2])nc1", "[*:1]c1ccnc([*:2])n1", "[*:1]c1cnn([*:2])c1", "[*:1]c1cc([*:2])[nH]n1",
    "[*:1]c1ccc([*:2])s1",
    "[*:1]c1csc([*:2])c1", "[*:1]c1cnc([*:2])s1", "[*:1]c1ccc([*:2])o1", "[*:1]c1cnc([*:2])o1", "[*:1]c1cn([*:2])cn1",
    "[*:1]c1nnc([*:2])s1", "[*:1]C1CCN([*:2])CC1", "[*:1]N1CCN([*:2])CC1", "[*:1]C1CCC([*:2])CC1",
    "[*:1]C1CCN([*:2])C1",
    "[*:1]C1CN([*:2])C1", "[*:1]C1CCCN([*:2])C1", "[*:1]c1ccc2[nH]c([*:2])cc2c1", "[*:1]c1ccc2[nH]nc([*:2])c2c1",
    "[*:1]c1ccc2c(c1)CCN([*:2])C2", "[*:1]c1cnc2[nH]cc([*:2])c2c1", "[*:1]c1ncnc2[nH]c([*:2])cc12",
    "[*:1]c1ccc2nc([*:2])sc2c1",
    "[*:1]c1ccc2nc([*:2])[nH]c2c1", "[*:1]c1ccc2cc([*:2])ccc2c1", "[*:1]c1ccc2ncnc([*:2])c2c1", "[*:1]C1CC1[*:2]",
)  # fmt: skip

BIOISOSTERES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("carboxylic acid", "[CX3:1](=O)[OX2H]",
        ("C(=O)N", "S(N)(=O)=O", "c1noc(=O)[nH]1", "C(=O)NS(C)(=O)=O")),
    ("ester", "[CX3:1](=O)[OX2][CX4;H3]", ("C(=O)NC", "c1nnc(C)o1", "c1noc(C)n1", "C(C)=O", "C#N", "c1cnco1")),
    ("methyl amide", "[CX3:1](=O)[NX3;H1][CX4;H3]", ("NC(C)=O", "S(=O)(=O)NC", "c1ncc[nH]1", "c1nnc(C)o1")),
    ("acetamide", "[NX3;H1:1][CX3](=O)[CX4;H3]", ("C(=O)NC", "NS(C)(=O)=O", "NC(=O)OC", "Nc1ncccn1", "OCC")),
    ("primary amide", "[CX3:1](=O)[NX3;H2]", ("C#N", "C(=O)NC", "S(N)(=O)=O", "c1nc[nH]n1", "C(=O)O", "CN")),
    ("hydroxyl", "[OX2H:1]", ("F", "N", "OC", "CO", "NS(C)(=O)=O", "C(F)F")),
    ("methoxy", "[OX2:1][CX4;H3]", ("OC(F)F", "C(F)F", "CC", "F", "Cl", "OC(F)(F)F", "NC", "S(C)(=O)=O")),
    ("methyl", "[CX4;H3:1]", ("Cl", "C(F)(F)F", "F", "C1CC1", "Br")),
    ("halogen", "[F,Cl,Br:1]", ("C", "C(F)(F)F", "C#N", "F", "Cl", "C1CC1")),
    ("trifluoromethyl", "[CX4:1](F)(F)F", ("Cl", "C(F)F", "C1CC1", "C(C)(C)C", "S(C)(=O)=O", "OC(F)(F)F")),
    ("tert-butyl", "[CX4:1]([CH3])([CH3])[CH3]", ("C(F)(F)F", "C1(C)CC1", "C(C)C", "C1COC1", "C1(C#N)CC1")),
    ("phenyl", "[c:1]1[cH][cH][cH][cH][cH]1",
        ("c1ccncc1", "c1cccnc1", "c1ccccn1", "c1cccs1", "c1ccsc1", "C1CCCCC1", "c1cnccn1")),
    ("primary amine", "[NX3;H2;!$(N-[#6,#16]=[O,N]):1]", ("NC", "O", "NC(C)=O", "CN", "N(C)C")),
    ("nitrile", "[CX2:1]#[NX1]", ("C(N)=O", "Cl", "C(F)(F)F", "c1ncc[nH]1")),
    ("piperidine", "[NX3:1]1[CH2][CH2][CH2][CH2][CH2]1",
        ("N1CCOCC1", "N1CCNCC1", "N1CCCC1", "C1CCOCC1", "N1CCC(F)(F)CC1")),
    ("morpholine", "[NX3:1]1[CH2][CH2]O[CH2][CH2]1",
        ("N1CCCCC1", "N1CCN(C)CC1", "C1CCOCC1", "N1CCC(O)CC1", "N1CCC(F)C1")),
)  # fmt: skip
"""Terminal groups (name, pattern whose :1 atom bonds to the rest) and what medicinal chemists put in their place."""


@dataclass(frozen=True)
class Character:
    """What a fragment brings, counted on the fragment with a hydrogen at its first atom."""

    heavy_atoms: int
    donors: int
    acceptors: int
    aromatic_rings: int
    rotatable_bonds: int
    log_p: float
    polar_area: float
    basic: bool
    acidic: bool

    @property
    def hydrophobic(self) -> bool:
        """Whether it would rather leave water."""
        return self.log_p > 0.5 and self.polar_area < 15.0


_BASIC = "[NX3;!a;!$(N-[#6,#16]=[O,N,S]);!$(N-a)]"
_ACIDIC = "[$([CX3](=O)[OX2H]),$(C(=O)NS(=O)=O)]"


@functools.lru_cache(maxsize=2048)
def character(fragment: str) -> Character:
    """What a fragment brings; logP is Crippen's, the polar area in Å²."""
    mol = fragment_mol(fragment)
    return Character(
        heavy_atoms=mol.GetNumHeavyAtoms(),
        donors=rdMolDescriptors.CalcNumHBD(mol),
        acceptors=rdMolDescriptors.CalcNumHBA(mol),
        aromatic_rings=rdMolDescriptors.CalcNumAromaticRings(mol),
        rotatable_bonds=rdMolDescriptors.CalcNumRotatableBonds(mol) + (mol.GetNumHeavyAtoms() > 1),
        log_p=float(rdMolDescriptors.CalcCrippenDescriptors(mol)[0]),
        polar_area=float(rdMolDescriptors.CalcTPSA(mol)),
        basic=mol.HasSubstructMatch(_pattern(_BASIC)),
        acidic=mol.HasSubstructMatch(_pattern(_ACIDIC)),
    )


@functools.lru_cache(maxsize=64)
def _pattern(smarts: str) -> Chem.Mol:
    return Chem.MolFromSmarts(smarts)
