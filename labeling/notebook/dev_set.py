"""Gold labels that people give in a workbench."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.errors import InvalidIndexError

from labeling.errors import DataError, GoldError, near, quoted
from labeling.notebook.dev_labels import DevLabel
from labeling.notebook.looking import Looking
from labeling.records import ABSTAIN


class DevSet(Looking):
    """Takes gold labels of people into the dev set, and keeps them."""

    def set_gold(
        self, sample_id: object, label: str | int | None, *, replace: bool = False
    ) -> None:
        """Set the gold label of a sample in the dev set.

        With a project, or a `cache` folder, it is kept in a file, and is there in the next
        workbench on the same sample. Gold that is given to that workbench counts over it.

        Args:
            sample_id: the sample.
            label: its label; `None` takes the sample out of the dev set.
            replace: whether another label of the sample may be replaced, or taken out.

        Raises:
            DataError: there is no such sample, or the file cannot be written.
            GoldError: the sample has another label, and `replace` is false.
            UnknownLabelError: the label is not in the schema.

        >>> import pandas as pd
        >>> from labeling import LabelSchema, Workbench
        >>> comments = pd.DataFrame({"text": ["free cash", "nice song"]}, index=["c1", "c2"])
        >>> workbench = Workbench(comments, LabelSchema(["ham", "spam"]))
        >>> workbench.set_gold("c1", "spam")
        >>> workbench.gold_codes.tolist()
        [1, -1]
        """
        row = self._row_of(sample_id)
        code = ABSTAIN if label is None else self.schema.index(label)
        current = int(self.gold_codes[row])
        if code == current:
            return
        if current != ABSTAIN and not replace:
            wanted = "none" if code == ABSTAIN else quoted(self.schema.labels[code])
            raise GoldError(
                f"Sample {quoted(sample_id)} must keep its gold label"
                f" {quoted(self.schema.labels[current])}. Got {wanted}; pass replace=True to"
                " replace it."
            )
        self._keep(row, None if code == ABSTAIN else DevLabel(code))

    def _keep(self, row: int, answer: DevLabel | None) -> None:
        """Keep a person's answer; results that were made before keep their dev set."""
        with self._dev_labels.lock:
            self._dev_labels.keep(row, answer)
            codes = self.gold_codes.copy()
            codes[row] = ABSTAIN if answer is None else answer.code
            self.gold_codes = codes

    def _given(self) -> npt.NDArray[np.bool_]:
        """Return which samples have gold that was given, by no person here: shape (n_samples,)."""
        given: npt.NDArray[np.bool_] = self.gold_codes != ABSTAIN
        for row, answer in self._dev_labels.answers.items():
            if answer.code == self.gold_codes[row] != self._given_gold[row]:
                given[row] = False
        return given

    def _row_of(self, sample_id: object) -> int:
        return row_of(self.samples.index, sample_id)


def row_of(ids: pd.Index, sample_id: object) -> int:
    """Return the row of a sample.

    Raises:
        DataError: there is no such sample.
    """
    try:
        place: Any = ids.get_loc(sample_id)
        return int(place)
    except (KeyError, TypeError, InvalidIndexError) as error:
        raise DataError(
            f"There must be a sample of that id. Got {quoted(sample_id)}."
            f"{near(sample_id, ids[:10_000])}"
        ) from error
