"""A docked pose as geometry and as energy: atoms, the receptor around them, and Vina's terms."""
