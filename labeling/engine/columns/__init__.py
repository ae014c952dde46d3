"""Labeling functions run on whole columns where that is exact; see `regex_syntax` for patterns."""
