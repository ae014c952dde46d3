"""Slices: parts of the data whose quality is measured by itself, and a search for bad ones."""
