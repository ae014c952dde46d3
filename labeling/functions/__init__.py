"""What an expert writes: `@labeling_function` and ready-made kinds."""

from labeling.functions.decorator import labeling_function
from labeling.functions.modules import load_labeling_functions, refuse_doubled_names
from labeling.functions.predictors import model
from labeling.functions.words import keywords, lookup, regex

__all__ = [
    "keywords",
    "labeling_function",
    "load_labeling_functions",
    "lookup",
    "model",
    "refuse_doubled_names",
    "regex",
]
