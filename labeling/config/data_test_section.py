"""The section of a config with the limits of the tests on data."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from labeling.config.sections import Section


class AcknowledgedSection(Section):
    """A failure that is meant: who says so, why, and of which training set.

    `of` is the beginning, at least 8 characters, of the fingerprint of the training set that was
    tested, or of its base.
    """

    by: str
    reason: str
    of: str = Field(min_length=8)


class DataTestsSection(Section):
    """The limits of the tests on data, which a release must pass, and tests of your own.

    A test that compares with the base fails where its p-value, corrected for the number of
    comparisons, is below `alpha` and the effect size is above its limit: a small change passes
    however many samples there are. `own` names Python files with functions under `@lb.data_test`.
    `schema_file` is a pandera schema in YAML for the columns of the samples; without one it is
    inferred of the base. `ignore` names columns that are not compared with the base.
    `class_floor` and `class_count` are the smallest share and number of samples of a label;
    `label_flips` is the largest share of labels that changed; `agreement` the smallest agreement of
    people; `people_against_weak` the largest share of labels of people that the plurality of the
    labeling functions contradicts; `lf_faults` the largest share of samples on which a function
    failed. `drift_effect` is the largest effect size of columns, votes and labels (Kolmogorov-
    Smirnov D, Cramer's V), `text_effect` that of texts (HSIC correlation), `slice_change` the
    largest change of a label's share within the samples with a word or a value. `duplicates` and
    `near_duplicates` are the largest shares of samples that repeat another one, `changed_samples`
    that of samples whose text changed under the same id. `personal_data` in texts is a `warning`,
    a failure (`fail`), or not looked for (`ignore`). `acknowledged` lists failures that are meant,
    by the name of the test.
    """

    own: tuple[str, ...] = Field(default=(), strict=False)
    schema_file: str | None = None
    ignore: tuple[str, ...] = Field(default=(), strict=False)
    alpha: float = Field(default=0.005, gt=0, le=0.1)
    class_floor: float = Field(default=0.0, ge=0, lt=1)
    class_count: int = Field(default=1, ge=0)
    label_flips: float = Field(default=0.05, ge=0, le=1)
    agreement: float = Field(default=0.6, ge=0, le=1)
    people_against_weak: float = Field(default=0.5, ge=0, le=1)
    lf_faults: float = Field(default=0.01, ge=0, le=1)
    drift_effect: float = Field(default=0.1, ge=0, le=1)
    text_effect: float = Field(default=0.01, ge=0, le=1)
    slice_change: float = Field(default=0.3, ge=0, le=1)
    duplicates: float = Field(default=0.25, ge=0, le=1)
    near_duplicates: float = Field(default=0.5, ge=0, le=1)
    changed_samples: float = Field(default=0.05, ge=0, le=1)
    personal_data: Literal["warning", "fail", "ignore"] = "warning"
    acknowledged: dict[str, AcknowledgedSection] = Field(default_factory=dict)
