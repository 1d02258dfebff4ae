"""How records show themselves to a person, in a notebook and in a terminal."""
