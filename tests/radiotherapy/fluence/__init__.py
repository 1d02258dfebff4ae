"""The inner optimiser under test."""
