"""Suggestions: rules found in the texts and columns of samples, judged and ranked."""
