"""Label models: they estimate label probabilities from votes; one file per algorithm."""

from labeling.label_models.annotators.annotator_model import AnnotatorModel
from labeling.label_models.base import VoteModel
from labeling.label_models.data_programming import DataProgramming
from labeling.label_models.dawid_skene import DawidSkene
from labeling.label_models.default.label_model import LabelModel
from labeling.label_models.flying_squid import FlyingSquid
from labeling.label_models.majority_vote import MajorityVote
from labeling.label_models.matrix_completion import MatrixCompletion
from labeling.label_models.one_coin import OneCoin
from labeling.label_models.people import people_posterior, samples_of_model_voter
from labeling.label_models.sets.set_model import SetModel
from labeling.label_models.snorkel import Snorkel
from labeling.label_models.span_model import SpanModel
from labeling.label_models.weighted_vote import WeightedVote

MODELS: dict[str, type[VoteModel]] = {
    "annotator_model": AnnotatorModel,
    "data_programming": DataProgramming,
    "dawid_skene": DawidSkene,
    "flying_squid": FlyingSquid,
    "label_model": LabelModel,
    "majority_vote": MajorityVote,
    "matrix_completion": MatrixCompletion,
    "one_coin": OneCoin,
    "snorkel": Snorkel,
    "weighted_vote": WeightedVote,
}
"""The models by their name in a config; a new model is one file and one line here."""

__all__ = [
    "MODELS",
    "AnnotatorModel",
    "DataProgramming",
    "DawidSkene",
    "FlyingSquid",
    "LabelModel",
    "MajorityVote",
    "MatrixCompletion",
    "OneCoin",
    "SetModel",
    "Snorkel",
    "SpanModel",
    "VoteModel",
    "WeightedVote",
    "people_posterior",
    "samples_of_model_voter",
]
