"""A conformer as PDBQT by Meeko: the second preparation, with AutoDock's own atom types and torsion tree."""

from __future__ import annotations

import io
import warnings
from contextlib import redirect_stderr, redirect_stdout

from rdkit import Chem

from sciopt.errors import InvalidValue, ToolError


def meeko_pdbqt(block: str) -> str:
    """The PDBQT text that Meeko writes for an MDL mol block with all hydrogens, with Gasteiger charges.

    Rings are rigid, as they are in the other preparation: Meeko would cut rings from 7 atoms up and add atoms that no
    molecule has. `InvalidValue` with Meeko's reason where it cannot type the ligand, `ToolError` without Meeko.
    """
    try:
        from meeko import MoleculePreparation, PDBQTWriterLegacy
    except ImportError as error:
        raise ToolError(f"Meeko cannot be loaded ({error}): `pip install meeko==0.8.0 gemmi` brings it") from error
    mol = Chem.MolFromMolBlock(block, removeHs=False)  # RDKit's aromaticity: the minimiser leaves MMFF's behind
    said = io.StringIO()
    try:
        with warnings.catch_warnings(), redirect_stdout(said), redirect_stderr(said):
            warnings.simplefilter("error")
            (setup,) = MoleculePreparation(rigid_macrocycles=True).prepare(mol)
            text, written, reason = PDBQTWriterLegacy.write_string(setup)
    except (RuntimeError, ValueError, KeyError, IndexError, TypeError, Warning) as error:
        raise InvalidValue(f"Meeko cannot prepare it: {_line(str(error) or said.getvalue())}") from error
    if not written:
        raise InvalidValue(f"Meeko cannot write it as PDBQT: {_line(reason or said.getvalue())}")
    return str(text)


def _line(text: str, *, length: int = 200) -> str:
    return " ".join(text.split())[:length] or "it gives no reason"
