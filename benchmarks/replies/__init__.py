"""The parts of `reply_fuzz.py`: replies with planted values, and what readers make of them."""
