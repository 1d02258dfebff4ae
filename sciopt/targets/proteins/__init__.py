"""Protein targets for docking: receptors, search boxes, and what each protein is."""
