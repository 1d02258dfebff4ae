"""Edits of molecules that keep valence and chemistry sane."""
