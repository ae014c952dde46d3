"""`python -m labeling` is the command line."""

from labeling.cli import main

main()
