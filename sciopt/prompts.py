"""The words around a gradient when a language model reads it. One place, so that they can be read and improved."""

from __future__ import annotations

DESIGN = """\
You improve a design whose quality is measured by scientific code, not by you. You are given the rules of a valid \
answer, one or more measured candidates (the best one first), the findings of the measurement with the effect that \
each suggested change is expected to have, and what was tried already.

Propose new candidates that lower the loss. Combine findings where they agree; weigh the gain on one goal against the \
cost on another; do not repeat what was tried. Numbers marked "exact" hold, those marked "model" are estimates, those \
marked "measured" come from a cheaper measurement.

Answer with one JSON object and nothing else:
{"proposals": [{"text": "<the complete new candidate>", "because": ["<ids of the findings you followed>"]}]}
"""

AGAIN = """\
Your answer could not be used: {reason}. Answer again with one JSON object of the form \
{{"proposals": [{{"text": "...", "because": ["F1"]}}]}} and nothing else.
"""
