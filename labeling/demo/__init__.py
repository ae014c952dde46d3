"""The demo: the whole loop on real tweets with real human ratings."""
