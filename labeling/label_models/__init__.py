"""Label models: from votes to the probability of each label, one file an algorithm."""

from labeling.label_models.annotator_model import AnnotatorModel
from labeling.label_models.base import VoteModel
from labeling.label_models.dawid_skene import DawidSkene
from labeling.label_models.majority_vote import MajorityVote
from labeling.label_models.naive_bayes import LabelModel
from labeling.label_models.one_coin import OneCoin

MODELS: dict[str, type[VoteModel]] = {
    "annotator_model": AnnotatorModel,
    "dawid_skene": DawidSkene,
    "label_model": LabelModel,
    "majority_vote": MajorityVote,
    "one_coin": OneCoin,
}
"""What a config calls each model; a new one is a file and a line here."""

__all__ = [
    "MODELS",
    "AnnotatorModel",
    "DawidSkene",
    "LabelModel",
    "MajorityVote",
    "OneCoin",
    "VoteModel",
]
