"""The twenty amino acids atom by atom: bonds, the names they go by in other programs, and their modified relatives."""

from __future__ import annotations

BACKBONE = ("N-CA", "CA-C", "C=O", "CA-CB")

_SIDE_CHAINS = {
    "ALA": "",
    "ARG": "CB-CG CG-CD CD-NE NE-CZ CZ-NH1 CZ=NH2",
    "ASN": "CB-CG CG=OD1 CG-ND2",
    "ASP": "CB-CG CG=OD1 CG-OD2",
    "CYS": "CB-SG",
    "GLN": "CB-CG CG-CD CD=OE1 CD-NE2",
    "GLU": "CB-CG CG-CD CD=OE1 CD-OE2",
    "GLY": "",
    "HIS": "CB-CG CG=CD2 CD2-NE2 NE2-CE1 CE1=ND1 ND1-CG",
    "ILE": "CB-CG1 CB-CG2 CG1-CD1",
    "LEU": "CB-CG CG-CD1 CG-CD2",
    "LYS": "CB-CG CG-CD CD-CE CE-NZ",
    "MET": "CB-CG CG-SD SD-CE",
    "PHE": "CB-CG CG=CD1 CD1-CE1 CE1=CZ CZ-CE2 CE2=CD2 CD2-CG",
    "PRO": "CB-CG CG-CD CD-N",
    "SER": "CB-OG",
    "THR": "CB-OG1 CB-CG2",
    "TRP": "CB-CG CG=CD1 CD1-NE1 NE1-CE2 CE2=CD2 CD2-CG CE2-CZ2 CZ2=CH2 CH2-CZ3 CZ3=CE3 CE3-CD2",
    "TYR": "CB-CG CG=CD1 CD1-CE1 CE1=CZ CZ-CE2 CE2=CD2 CD2-CG CZ-OH",
    "VAL": "CB-CG1 CB-CG2",
}
"""The bonds of the side chains by atom names of the PDB; `=` is a double bond. Histidine has its hydrogen on NE2."""

BONDS: dict[str, tuple[str, ...]] = {
    name: (*(b for b in BACKBONE if name != "GLY" or "CB" not in b), *side.split())
    for name, side in _SIDE_CHAINS.items()
}
"""All bonds within a residue of each amino acid."""

ATOMS: dict[str, frozenset[str]] = {
    name: frozenset(atom for bond in bonds for atom in bond.replace("=", "-").split("-"))
    for name, bonds in BONDS.items()
}
"""The heavy atoms of a complete residue; the last of a chain has OXT as well."""

# fmt: off
SAME_AS = {
    "HID": "HIS", "HIE": "HIS", "HIP": "HIS", "HSD": "HIS", "HSE": "HIS", "HSP": "HIS", "CYX": "CYS", "CYM": "CYS",
    "ASH": "ASP", "GLH": "GLU", "LYN": "LYS",
}
"""Names that force fields give to states of the twenty."""
POLAR_HYDROGENS = {
    "HID": {"HD1"}, "HSD": {"HD1"}, "HIE": {"HE2"}, "HSE": {"HE2"}, "HIP": {"HD1", "HE2"}, "HSP": {"HD1", "HE2"},
    "ASH": {"HD2"}, "GLH": {"HE2"},
}
"""The hydrogens that such a name stands for."""
# fmt: on

SELENIUM = {"MSE": "MET", "SEC": "CYS"}
"""Residues with selenium, which Vina does not know, and the ones with sulfur in its place."""
