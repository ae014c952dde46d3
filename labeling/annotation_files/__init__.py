"""Reads annotations from files: of Label Studio, doccano and Prodigy, tables, and CoNLL."""

from labeling.annotation_files.doccano import doccano_annotations
from labeling.annotation_files.label_studio import label_studio_annotations
from labeling.annotation_files.prodigy import prodigy_annotations
from labeling.annotation_files.reading import EXPORT, FORMATS, read_annotations

__all__ = [
    "EXPORT",
    "FORMATS",
    "doccano_annotations",
    "label_studio_annotations",
    "prodigy_annotations",
    "read_annotations",
]
