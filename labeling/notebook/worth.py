"""What the labeling functions of a workbench are worth in gold labels."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pandas as pd

from labeling.analysis.worth_advice import Growth
from labeling.errors import counted
from labeling.notebook.base import BaseWorkbench
from labeling.notebook.versions import Versions
from labeling.project.label_worth import (
    FunctionModels,
    checked_cost,
    drawn_gold,
    label_worth,
    models_of,
)
from labeling.records import ABSTAIN, Votes

if TYPE_CHECKING:
    from labeling.analysis.label_worth import LabelWorth


class Worth(BaseWorkbench):
    """Compares labeling functions with labeling by hand."""

    def worth(
        self,
        *,
        seconds_per_label: float | None = None,
        hours_spent: float | None = None,
        max_gold: int | None = None,
    ) -> LabelWorth:
        """Return how many gold labels the current labeling functions are worth.

        That is the number of gold labels from which on a model learned from them alone is as
        accurate as the label model and the end model of the functions, which hear no gold label.
        It has a 95 % interval, and is never extrapolated beyond the gold labels at hand: then it
        says "more than". What to do next, write functions or label, follows with its reasons.

        The dev set must be a random draw from the samples, of 50 labels or more; of a project,
        samples that were drawn at random and settled by people count, too. It takes 1 to 8 seconds.

        Args:
            seconds_per_label: what a gold label costs, for the hours that the functions save.
            hours_spent: on writing the functions.
            max_gold: of more gold labels, this many are used, drawn by their ids; `None` is 1,000,
                and fewer for more than 10 labels.

        Raises:
            LabelingFunctionError: there is no labeling function.
            DataError: the column of the text is not known.
            LabelingError: an argument is out of its range.

        >>> import pandas as pd
        >>> from labeling import LabelSchema
        >>> from labeling.notebook import Workbench
        >>> comments = pd.DataFrame({"text": ["buy now", "nice song"] * 20})
        >>> workbench = Workbench(comments, LabelSchema(["ham", "spam"]), gold={0: "spam"})
        >>> @workbench.lf(label="spam")
        ... def sells(x):
        ...     return "buy" in x.text
        >>> workbench.worth()
        What the labeling functions are worth
        What the labeling functions are worth cannot be estimated from 1 gold label: at least 50
        are needed, of samples drawn at random.
        """
        cost = checked_cost(seconds_per_label, hours_spent)
        votes = self.votes()
        models = FunctionModels(self.text) if self.project is None else models_of(self.project)
        if self.project is not None and models.text != self.text:
            models = FunctionModels(self.text, models.label_model, models.class_balance)
        gold, looks = self._drawn_gold(), self._all_looks()
        worth = label_worth(self.samples, votes, gold, models, max_gold=max_gold, cost=cost)
        if worth.reach is None:
            return worth
        self._looked_at_dev()
        reach = dataclasses.replace(worth.reach, growth=self._growth(votes))
        remarks = (*worth.remarks, *_looks_remark(looks))
        return dataclasses.replace(worth, reach=reach, remarks=remarks)

    def _growth(self, votes: Votes) -> Growth | None:
        """Return the growth of coverage since the last commit with fewer functions."""
        if not isinstance(self, Versions):
            return None
        n_functions, n_samples = len(votes.voters), len(votes.sample_ids)
        for commit in reversed(self.log().history.commits):
            if len(commit.functions) < n_functions and commit.n_samples == n_samples:
                more = float(votes.covered.mean()) - commit.n_covered / n_samples
                return Growth(n_functions - len(commit.functions), more) if more > 0 else None
        return None

    def _drawn_gold(self) -> pd.Series:
        """Return the dev set with what people of the project settled, index = sample ids."""
        known = self.gold_codes != ABSTAIN
        labels: dict[object, object] = {}
        if self.project is not None and self.project.store.ready():
            people = self.project.people
            verdict = people.verdict(people.current_annotations(self.project.samples))
            labels.update(drawn_gold(self.project, verdict.gold))
            labels = {key: label for key, label in labels.items() if key in self.samples.index}
        known[self._dev_labels.chosen()] = False  # they are no random draw
        names = (self.schema.labels[code] for code in self.gold_codes[known])
        labels.update(zip(self.samples.index[known], names, strict=True))
        return pd.Series(list(labels.values()), index=pd.Index(list(labels)), dtype=object)


def _looks_remark(looks: int) -> tuple[str, ...]:
    if not looks:
        return ()
    return (
        f"{counted(looks, 'result was', 'results were')} measured on the dev set before. Functions"
        " that were chosen by it look better on it than they are: what they are worth is rather"
        " less.",
    )
