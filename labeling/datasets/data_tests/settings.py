"""`DataTestSettings`: the limits of the tests on data, with their reasons."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from labeling.errors import LabelingError, listed, near
from labeling.records import checked_fraction
from labeling.rendering import Displayed

SHORTEST_FINGERPRINT = 8
"""Characters of a fingerprint that an acknowledgement must name."""
FRACTIONS = (
    "alpha",
    "class_floor",
    "label_flips",
    "agreement",
    "people_against_weak",
    "lf_faults",
    "drift_effect",
    "text_effect",
    "slice_change",
    "duplicates",
    "near_duplicates",
    "changed_samples",
)


@dataclass(frozen=True, slots=True)
class Acknowledgement(Displayed):
    """A failure that is meant: who says so, why, and of which training set.

    Attributes:
        by: who takes responsibility.
        reason: why the failure is meant.
        of: the beginning (at least 8 characters) of the fingerprint of the training set that was
            tested, or of its base: so it does not cover what comes later.
    """

    by: str
    reason: str
    of: str

    def __post_init__(self) -> None:
        if not self.by.strip() or not self.reason.strip():
            raise LabelingError(
                "An acknowledgement must name who acknowledges (`by`) and why (`reason`). Got by"
                f" {self.by!r} and reason {self.reason!r}."
            )
        if len(self.of) < SHORTEST_FINGERPRINT:
            raise LabelingError(
                f"An acknowledgement must name at least {SHORTEST_FINGERPRINT} characters of the"
                f" fingerprint of the training set or of its base (`of`). Got {self.of!r}; the"
                " manifest has it."
            )


@dataclass(frozen=True, slots=True)
class DataTestSettings(Displayed):
    """The limits of the tests on data.

    A test that compares with the base fails only where the p-value is below `alpha`, corrected by
    Holm's method over all columns, voters or words of the test, and the effect size is above its
    limit: so a small change passes however many samples there are.

    Attributes:
        text: the column of the texts.
        ignore: columns of the samples that are not compared with the base, such as numbers of rows.
        schema: a pandera schema, or the path of one in YAML, which the samples must satisfy; `None`
            infers one from the base.
        alpha: the probability of a false alarm of each test that compares; 0.005 for the ten of
            them gives 5 % for a report.
        class_floor: the smallest share of the samples of each label.
        class_count: the smallest number of samples of each label.
        label_flips: the largest share of the samples shared with the base whose label changed.
        agreement: the smallest agreement of people, as the share of pairs of annotators of a sample
            that gave it one label.
        people_against_weak: the largest share of samples with a human label that the plurality of
            the labeling functions contradicts.
        lf_faults: the largest share of samples on which a labeling function failed.
        drift_effect: the largest effect size: Kolmogorov-Smirnov D of a column of numbers, Cramer's
            V with equal weights of both sets for categories, labels and votes. 0.1 is a small
            effect (Cohen 1988), such as a share that rises from 0.45 to 0.55.
        text_effect: the largest unbiased HSIC correlation of a text and the set that it is from:
            0.01 was reached where 20 to 40 % of the texts were of another collection.
        slice_change: the largest change of a label's share within a slice (the samples with a word,
            or a value of a column).
        duplicates: the largest share of samples that repeat the text of another one; with a base,
            how much larger than in the base it may be.
        near_duplicates: the same for near-duplicates.
        changed_samples: the largest share of the samples shared with the base whose text changed.
        personal_data: whether personal data `fail`, are a `warning`, or are left alone (`ignore`).
        acknowledged: failures that are meant, by the name of the test.

    Raises:
        LabelingError: a limit is out of range.
    """

    text: str = "text"
    ignore: tuple[str, ...] = ()
    schema: Any = None
    alpha: float = 0.005
    class_floor: float = 0.0
    class_count: int = 1
    label_flips: float = 0.05
    agreement: float = 0.6
    people_against_weak: float = 0.5
    lf_faults: float = 0.01
    drift_effect: float = 0.1
    text_effect: float = 0.01
    slice_change: float = 0.3
    duplicates: float = 0.25
    near_duplicates: float = 0.5
    changed_samples: float = 0.05
    personal_data: Literal["warning", "fail", "ignore"] = "warning"
    acknowledged: Mapping[str, Acknowledgement] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in FRACTIONS:
            checked_fraction(getattr(self, name), f"`{name}`")
        if self.personal_data not in ("warning", "fail", "ignore"):
            raise LabelingError(
                "`personal_data` must be 'warning', 'fail' or 'ignore'. Got"
                f" {self.personal_data!r}.{near(self.personal_data, ('warning', 'fail', 'ignore'))}"
            )

    @classmethod
    def of(cls, given: DataTestSettings | Mapping[str, Any] | None) -> DataTestSettings:
        """Return settings as they are, or made of a mapping such as a section of a config.

        Raises:
            LabelingError: a key that does not exist, or a limit out of range.

        >>> DataTestSettings.of({"class_floor": 0.1}).class_floor
        0.1
        """
        if given is None:
            return cls()
        if isinstance(given, DataTestSettings):
            return given
        known = [one.name for one in dataclasses.fields(cls)]
        for name in given:
            if name not in known:
                raise LabelingError(
                    f"A setting of the tests on data must be one of {listed(known, 30)}. Got"
                    f" {name!r}.{near(name, known)}"
                )
        values = dict(given)
        acknowledged = {
            test: one if isinstance(one, Acknowledgement) else Acknowledgement(**one)
            for test, one in dict(values.get("acknowledged", {})).items()
        }
        return cls(**{**values, "acknowledged": acknowledged})
