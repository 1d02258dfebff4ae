"""The parts of `plan_search.py`: the arms that are compared, how they are run, and what is made of their runs."""
