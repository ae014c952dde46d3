"""Data cards: what a training set is, how it was made and how good it is, for people and machines.

`write_hub_folder` writes the card beside the data, as the Hugging Face hub and Croissant read them.
"""

from labeling.datasets.cards.facts import CardFacts, CardSettings, FunctionFacts
from labeling.datasets.cards.folder import write_hub_folder
from labeling.datasets.cards.pseudonyms import pseudonyms

__all__ = ["CardFacts", "CardSettings", "FunctionFacts", "pseudonyms", "write_hub_folder"]
