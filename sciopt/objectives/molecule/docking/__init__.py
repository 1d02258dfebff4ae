"""Docking as a service: children that keep Vina and its maps warm and can be killed at any time."""
