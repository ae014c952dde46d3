"""Gold spans, or gold sets of labels, that people give in a workbench."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from labeling.errors import GoldError, quoted
from labeling.notebook.dev_labels import DevLabel, DevLabels
from labeling.notebook.dev_set import row_of
from labeling.notebook.parts.state import PartState
from labeling.records import ABSTAIN, Gold, Label, checked_label
from labeling.records.label_texts import label_in_words
from labeling.records.spans import decode_label, encode_label

IN_DEV = 0
"""The code of a sample in the dev set."""


@dataclass(frozen=True, slots=True)
class PartDevLabel(DevLabel):
    """A person's answer on one sample, whose label has parts.

    Attributes:
        label: the spans, or the set of labels; empty for none. Of no meaning where `code` is -1.
    """

    label: Label = ()


class PartDevLabels(DevLabels):
    """The answers of people on samples whose labels have parts; a label is kept as JSON."""

    def merged_gold(self, given: Mapping[Hashable, Label]) -> tuple[dict[Hashable, Label], int]:
        """Return given gold with the labels of people, and on how many samples they differ.

        Where they differ, given gold counts.
        """
        gold, n_differing = dict(given), 0
        ids = self._samples.index.tolist()
        for row, answer in self.answers.items():
            if answer.code == ABSTAIN:
                continue
            label = label_of(answer)
            n_differing += gold.setdefault(ids[row], label) != label
        return gold, n_differing

    def _label_text(self, answer: DevLabel) -> str:
        return encode_label(label_of(answer))

    def _labelled(self, answer: DevLabel, label: str, row: int) -> DevLabel:
        parts = decode_label(label, self._schema.kind)
        checked = checked_label(parts, self._schema, text_at(self._samples, self._text(), row))
        return PartDevLabel(IN_DEV, answer.seconds, answer.which, checked)


class PartDevSet(PartState):
    """Takes gold labels of people into the dev set, and keeps them."""

    def set_gold(self, sample_id: object, label: Any, *, replace: bool = False) -> None:
        """Set the gold spans, or the gold set of labels, of a sample in the dev set.

        With a project, or a `cache` folder, it is kept in a file, and is there in the next
        workbench on the same sample. Gold that is given to that workbench counts over it.

        Args:
            sample_id: the sample.
            label: its spans as a list of `(start, end, label)`, or its labels as a set or list;
                empty if it has none. `None` takes the sample out of the dev set.
            replace: whether another label of the sample may be replaced, or taken out.

        Raises:
            DataError: there is no such sample, the label is no spans of its text, or no set of
                labels, or the file cannot be written.
            GoldError: the sample has another label, and `replace` is false.
            UnknownLabelError: a label is not in the schema.

        >>> import pandas as pd
        >>> from labeling import LabelSchema, Workbench
        >>> notes = pd.DataFrame({"text": ["Ann met Bob.", "No one came."]}, index=["n1", "n2"])
        >>> workbench = Workbench(notes, LabelSchema(["PER"], kind="spans"))
        >>> workbench.set_gold("n1", [(0, 3, "PER"), (8, 11, "PER")])
        >>> workbench.set_gold("n2", [])
        >>> workbench.gold["n1"]
        (Span(start=0, end=3, label='PER'), Span(start=8, end=11, label='PER'))
        """
        row = row_of(self.samples.index, sample_id)
        text = text_at(self.samples, self._text_or_none(), row)
        wanted = None if label is None else checked_label(label, self.schema, text)
        current = self.gold.get(self._id_at(row))
        if wanted == current:
            return
        if current is not None and not replace:
            asked_for = "none" if wanted is None else quoted(label_in_words(wanted, text))
            raise GoldError(
                f"Sample {quoted(sample_id)} must keep its gold label"
                f" {quoted(label_in_words(current, text))}. Got {asked_for}; pass replace=True to"
                " replace it."
            )
        self._keep(row, None if wanted is None else PartDevLabel(IN_DEV, label=wanted))

    def _take_gold(self, gold: Gold | None) -> None:
        super()._take_gold(gold)
        self._part_dev_labels = PartDevLabels(
            self._folder, self.samples, self._text_or_none, self.schema
        )
        self._dev_labels = self._part_dev_labels
        merged, self._n_differing = self._part_dev_labels.merged_gold(self.gold)
        self._set_gold(merged)

    def _keep(self, row: int, answer: DevLabel | None) -> None:
        """Keep a person's answer; results that were made before keep their dev set."""
        with self._part_dev_labels.lock:
            self._part_dev_labels.keep(row, answer)
            sample_id = self._id_at(row)
            gold = {known: label for known, label in self.gold.items() if known != sample_id}
            if answer is not None and answer.code != ABSTAIN:
                gold[sample_id] = label_of(answer)
            self._set_gold(gold)

    def _id_at(self, row: int) -> Hashable:
        sample_id: Hashable = self.samples.index[[row]].tolist()[0]
        return sample_id


def label_of(answer: DevLabel) -> Label:
    """Return the label of an answer."""
    return answer.label if isinstance(answer, PartDevLabel) else ()


def text_at(samples: Any, column: str | None, row: int) -> str:
    """Return the text of a sample; empty where it has none."""
    text = "" if column is None else samples[column].iat[row]
    return text if isinstance(text, str) else ""
