"""Simulated runs of projects of sets of labels and of spans."""

from __future__ import annotations

from typing import Any

from labeling.simulation.part_answers import people_parts, scores_of
from labeling.simulation.replaying import Checkpoint, SimulatedRun


class PartsRun(SimulatedRun):
    """A run whose scores are the F1 of the labels or spans of each sample.

    A sample that is not settled has what more than half of its votes name. Samples that nobody was
    asked about have what the models chose.
    """

    __slots__ = ()

    def _fitted(self) -> Any:
        models: Any = self.models  # those of sets or spans
        return models.fitted(self._verdict.gold, self._drawn)

    def _checkpoint(self, budget: int, posterior: Any, aside: Any) -> Checkpoint:
        truth = self.recorded.truth.labels
        by_id = dict(zip(truth.index.tolist(), truth.tolist(), strict=True))
        by_people = people_parts(self._annotations, self._verdict)
        ids = posterior.sample_ids.tolist()
        by_model = zip(ids, posterior.to_labels().tolist(), strict=True)
        answers = [by_people.get(sample_id, answer) for sample_id, answer in by_model]
        scores = scores_of(answers, [by_id[sample_id] for sample_id in ids])
        ids_aside = aside.sample_ids.tolist()
        truth_aside = [by_id[sample_id] for sample_id in ids_aside]
        return self._reached(
            budget,
            scores[posterior.sample_ids.isin(list(by_people))],
            scores,
            scores_of(aside.to_labels().tolist(), truth_aside),
        )
