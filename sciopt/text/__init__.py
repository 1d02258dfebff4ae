"""Text functions: calls of language models, losses in words, and the rewriting of free text."""
