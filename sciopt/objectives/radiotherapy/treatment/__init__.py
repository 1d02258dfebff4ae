"""One case made ready for planning: where dose is optimised, where it is reported, and the matrices of its beams."""
