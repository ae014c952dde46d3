"""`@labeling_function`, and ready-made kinds of labeling functions."""

import warnings
from typing import Any

from labeling.functions.classifiers import model
from labeling.functions.conditions import Condition, among, contains, matches, search, where
from labeling.functions.crowds import crowd
from labeling.functions.decorator import labeling_function
from labeling.functions.loading import (
    load_labeling_functions,
    load_slicing_functions,
    refuse_duplicate_names,
)
from labeling.functions.lookups import lookup
from labeling.functions.preprocessing import preprocessor
from labeling.functions.pretrained import hugging_face, spacy_model
from labeling.functions.services import service
from labeling.functions.slicing import SlicingFunction, slicing_function
from labeling.functions.span_decorator import span_labeling_function
from labeling.functions.span_records import recorded_spans
from labeling.functions.span_taggers import document_majority, spacy_entities
from labeling.functions.span_texts import span_keywords, span_lookup, span_regex
from labeling.functions.sql import sql_values
from labeling.functions.text_patterns import keywords, regex

__all__ = [
    "Condition",
    "SlicingFunction",
    "among",
    "contains",
    "crowd",
    "document_majority",
    "hugging_face",
    "keywords",
    "labeling_function",
    "load_labeling_functions",
    "load_slicing_functions",
    "lookup",
    "matches",
    "model",
    "preprocessor",
    "recorded_spans",
    "refuse_duplicate_names",
    "regex",
    "search",
    "service",
    "slicing_function",
    "spacy_entities",
    "spacy_model",
    "span_keywords",
    "span_labeling_function",
    "span_lookup",
    "span_regex",
    "sql_values",
    "where",
]


def __getattr__(name: str) -> Any:
    """Return `refuse_duplicate_names` for its deprecated name `refuse_doubled_names`."""
    if name == "refuse_doubled_names":
        warnings.warn(
            "`refuse_doubled_names` is deprecated: use `refuse_duplicate_names`.",
            DeprecationWarning,
            stacklevel=2,
        )
        return refuse_duplicate_names
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
