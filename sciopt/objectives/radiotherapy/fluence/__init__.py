"""The inner optimiser: the fluence of all beamlets for given plan parameters."""
