"""Runs on disk: read back, compared, spread over machines."""
