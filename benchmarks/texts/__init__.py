"""One program for two libraries: what `text_gradients.py` and `llm_overhead.py` run on sciopt and on TextGrad."""
