"""A classifier learned from gold labels alone, trained again and again on parts of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from threadpoolctl import threadpool_limits

from labeling.end_model.features import Reader
from labeling.end_model.gold_classifier import STRENGTH, TOPIC_STRENGTH
from labeling.end_model.latent_topics import LatentTopics
from labeling.end_model.linear_model import Floats, LinearModel

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class GoldOnly:
    """Logistic regression on features and latent topics of samples, learned from gold alone.

    Features and topics come from all samples, without labels, as those of the end model do: people
    who label by hand have the other texts, too. The penalty is that of the end model's classifiers
    of gold labels, and each label has the same total weight. On youtube, sms, topics_hausa and
    imdb it was as good as the sum of these two classifiers or better, and better than plain
    TF-IDF with logistic regression by 1 to 7 points up to 100 labels.

    The weights of a penalised linear model lie in the span of its training samples, so that the
    inner products of the samples with gold labels are all that it needs.

    Attributes:
        products: inner products of the samples with gold labels, shape (n_gold, n_gold).
        n_labels: the number of labels.
    """

    products: Floats
    n_labels: int

    @classmethod
    def of(cls, samples: pd.DataFrame, rows: Rows, reader: Reader, n_labels: int) -> GoldOnly:
        """Return the classifier for samples with gold labels.

        Args:
            samples: all samples, in random order; each has a text.
            rows: those with a gold label, shape (n_gold,).
            reader: the columns to learn from.
            n_labels: the number of labels.
        """
        with threadpool_limits(limits=1):
            vectors = reader.fitted(samples, n_labels)[1]
            of_gold = vectors[rows]
            topics = LatentTopics.of(vectors).vectors(of_gold)
            products = STRENGTH * (of_gold @ of_gold.T).toarray()
            return cls(products + TOPIC_STRENGTH * (topics @ topics.T), n_labels)

    def log_odds(self, training: Rows, codes: Rows, scored: Rows) -> Floats:
        """Return log-odds of some samples by a model trained on others: shape (n, n_labels).

        Args:
            training: positions among the samples with gold labels, shape (n_training,).
            codes: their labels, 0 to n_labels - 1.
            scored: positions of the samples to score, shape (n,).
        """
        with threadpool_limits(limits=1):
            eigenvalues, eigenvectors = np.linalg.eigh(self.products[np.ix_(training, training)])
            kept = eigenvalues > 1e-9 * max(float(eigenvalues[-1]), 1e-300)
            lengths = np.sqrt(eigenvalues[kept])
            coordinates = eigenvectors[:, kept] * lengths
            targets = np.eye(self.n_labels)[codes]
            model = LinearModel.fitted(coordinates, targets, strength=1.0, balanced=True)
            basis = eigenvectors[:, kept] / lengths
            return model.log_odds(self.products[np.ix_(scored, training)] @ basis)
