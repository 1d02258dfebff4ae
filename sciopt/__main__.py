"""`python -m sciopt` is the command line."""

from sciopt.cli import main

main()
