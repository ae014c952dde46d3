"""The demo: the whole labeling loop on real tweets with real human ratings."""
