"""From a crystal structure to a target: hydrogens and types of a receptor, its ligand, and the re-docking check."""
