"""Project config: a YAML file, validated into one frozen `Config`."""

from labeling.config.labels import class_balance_by_label, names_and_descriptions
from labeling.config.loading import UniqueKeyLoader, load_config, parse_config
from labeling.config.model import Config, without_defaults_of_kinds
from labeling.config.sections import (
    AnnotatorsSection,
    DataSection,
    ExportSection,
    FilesSection,
    LabelStudioSection,
    QuerySection,
    ReplaySection,
    ReviewSection,
    Section,
    SplitSection,
    StoreSection,
)

__all__ = [
    "AnnotatorsSection",
    "Config",
    "DataSection",
    "ExportSection",
    "FilesSection",
    "LabelStudioSection",
    "QuerySection",
    "ReplaySection",
    "ReviewSection",
    "Section",
    "SplitSection",
    "StoreSection",
    "UniqueKeyLoader",
    "class_balance_by_label",
    "load_config",
    "names_and_descriptions",
    "parse_config",
    "without_defaults_of_kinds",
]
