"""Dose: what each beamlet gives to each point."""
