"""What gold labels alone teach, through the themes that all texts of the pool share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from labeling.end_model.linear_model import Floats, LinearModel

FOLDS = 5
THEMES = 100
COMMON = 10_000  # features that themes are made of: those with most weight
ROWS = 20_000  # samples that themes are learned from; their order is by chance
STRENGTH = 5.0  # of the model of single features
THEME_STRENGTH = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Themes:
    """Few directions in which samples differ most: latent semantic analysis.

    Few gold labels know few words, but each word they know stands for its theme (Deerwester et
    al., "Indexing by Latent Semantic Analysis", 1990).

    Attributes:
        used: which features, shape (n_used,).
        directions: shape (n_used, n_themes).
    """

    used: npt.NDArray[np.intp]
    directions: Floats

    @classmethod
    def of(cls, vectors: Any) -> Themes:
        """Return the themes of samples, shape (n, n_features), scaled to a mean length of 1."""
        from sklearn.utils.extmath import randomized_svd

        vectors = vectors[:ROWS]
        weight = np.asarray(vectors.multiply(vectors).sum(axis=0)).ravel()
        used = np.flatnonzero(weight >= np.sort(weight)[-min(COMMON, len(weight))])
        vectors = vectors[:, used]
        n_themes = min(THEMES, *(size - 1 for size in vectors.shape))
        if n_themes < 1 or len(used) <= THEMES:  # few features are their own themes
            directions: Floats = np.eye(len(used))
        else:
            _, _, found = randomized_svd(vectors, n_themes, n_iter=3, random_state=0)
            directions = np.ascontiguousarray(found.T)
        length = float(np.sqrt(((vectors @ directions) ** 2).sum(axis=1).mean()))
        return cls(used, directions / (length or 1.0))

    def vectors(self, vectors: Any) -> Floats:
        """Return how much of each theme is in samples, shape (n, n_themes)."""
        found: Floats = vectors[:, self.used] @ self.directions
        return found


@dataclass(frozen=True, slots=True, eq=False)
class GoldExpert:
    """Two linear models trained on gold labels alone, one of themes and one of single features."""

    themes: Themes
    by_theme: LinearModel
    by_feature: LinearModel

    @classmethod
    def untrained(cls, n_features: int, n_labels: int) -> GoldExpert:
        """Return the expert that has seen no gold label and says nothing."""
        none = Themes(np.empty(0, dtype=np.intp), np.empty((0, 0)))
        return cls(
            none, LinearModel.untrained(0, n_labels), LinearModel.untrained(n_features, n_labels)
        )

    @classmethod
    def fitted(
        cls, vectors: Any, known: npt.NDArray[np.intp], targets: Floats
    ) -> tuple[GoldExpert, Floats]:
        """Return the expert, and its log-odds on all samples, cross-fitted on the gold rows.

        Args:
            vectors: shape (n, n_features), rows in an order by chance.
            known: the gold rows, shape (n_gold,).
            targets: one-hot gold labels, shape (n_gold, n_labels).
        """
        themes = Themes.of(vectors)
        both = (themes.vectors(vectors), THEME_STRENGTH), (vectors, STRENGTH)
        models = []
        logs = np.zeros((vectors.shape[0], targets.shape[1]))
        for features, strength in both:
            model, found = _cross_fitted(features, known, targets, strength)
            models.append(model)
            logs += found
        return cls(themes, models[0], models[1]), logs

    def log_odds(self, vectors: Any) -> Floats:
        """Return the sum of both models' log-odds, shape (n, n_labels)."""
        by_theme = self.by_theme.log_odds(self.themes.vectors(vectors))
        return by_theme + self.by_feature.log_odds(vectors)


def _cross_fitted(
    features: Any, known: npt.NDArray[np.intp], targets: Floats, strength: float
) -> tuple[LinearModel, Floats]:
    def fitted(rows: npt.NDArray[np.intp]) -> LinearModel:
        return LinearModel.fitted(
            features[known[rows]], targets[rows], strength=strength, balanced=True
        )

    every = np.arange(len(known))
    model = fitted(every)
    logs = model.log_odds(features)
    for fold in range(FOLDS):
        here, rest = every[fold::FOLDS], np.setdiff1d(every, every[fold::FOLDS])
        if len(here) and len(rest):
            logs[known[here]] = fitted(rest).log_odds(features[known[here]])
    return model, logs
