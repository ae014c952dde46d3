"""A classifier trained on soft labels; it generalises to samples that no voter covers."""

from labeling.end_model.embeddings import NamedEmbedding
from labeling.end_model.model import EndModel
from labeling.end_model.tagger import SpanTagger

__all__ = ["EndModel", "NamedEmbedding", "SpanTagger"]
