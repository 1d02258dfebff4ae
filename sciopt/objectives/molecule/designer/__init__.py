"""The offline engine's hands: from a gradient that was read to new molecules."""
