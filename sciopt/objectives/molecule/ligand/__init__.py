"""From a SMILES to a prepared ligand: the one spelling, protonation, a conformer, PDBQT, and the map of atoms."""
