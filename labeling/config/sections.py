"""The sections of a config, as pydantic models."""

from __future__ import annotations

import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from labeling.errors import LabelingError
from labeling.records import MissingText, checked_select, is_number


class Section(BaseModel):
    """Base class of the parts of a config: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class MadeIds(Section):
    """How to generate ids if no column holds them."""

    made_from: Literal["row", "content"] = Field(alias="from")


class DataSection(Section):
    """Where the samples are: a file, a folder of Parquet files, or a URL; see `read_samples`.

    `id` is the column of the ids. If there is none, `{from: row}` numbers the rows, for files to
    which rows are only appended, and `{from: content}` uses a hash of the text. `gold` names a
    column of the samples, or a file with the columns `id` and `label`, with labels that are
    known to be true; of several labels the file may have a column for each label instead, with
    1 and 0. A sample whose text is missing (null, an empty cell) is left out and listed
    (`missing_text: drop`), taken as an empty text (`empty`) or refused (`error`). The share
    `locked` of the samples with gold labels is the test split: labeling functions, models and
    people never see it, and each evaluation on it is counted.
    """

    path: str
    id: str | MadeIds
    text: str = "text"
    missing_text: MissingText = "drop"
    gold: str | None = None
    locked: float = Field(default=0.5, ge=0, lt=1)

    @property
    def ids(self) -> str | dict[str, str]:
        """The `id` argument of `read_samples`: the column, or how to generate ids."""
        return self.id if isinstance(self.id, str) else {"from": self.id.made_from}


class StopSection(Section):
    """When to stop asking people: then `labeling run` chooses no further batch, and says why.

    Each key that is set is a reason of its own. `half_width`: the 95 % interval of the accuracy on
    the samples drawn at random reaches no farther than this to each side (0.02 = 2 points).
    `stable_rounds`: the labels of this many successive rounds hardly changed: Cohen's kappa between
    each two was at least `kappa`. `budget`: people gave this many votes, reviews included.
    """

    half_width: float | None = Field(default=None, gt=0, lt=0.5)
    stable_rounds: int | None = Field(default=None, ge=1)
    kappa: float = Field(default=0.99, gt=0, le=1)
    budget: int | None = Field(default=None, ge=1)


class QuerySection(Section):
    """How many samples a batch has, how they are selected, and when to stop.

    `strategy` is `mixture`, `random`, `margin`, `entropy`, `lf_conflict`, `vote_pattern`,
    `uncovered`, `lf_audit`, or a query function of modAL such as `modal:margin_sampling`, which
    needs `labeling[active]`.
    """

    n: int = Field(default=50, ge=1)
    strategy: str = "mixture"
    stop: StopSection = StopSection()


class ReviewSection(Section):
    """How many votes a sample gets, when a label is accepted, and what goes to a reviewer.

    `rule` is `majority`, or `posterior`, which weighs people by their skill. `escalate` is
    `any_conflict`, `no_majority`, or the smallest share of the votes that settles a sample; by
    default `any_conflict` with two labels, `no_majority` with more, and nothing with `posterior`.
    The rest is for `posterior`: `accept` (0.95) is the probability that settles a label; instead of
    it, `budget` is the number of votes a sample on average, of which the most doubtful labels get
    more, or the cost of an `error` in `costs` is weighed against that of a `vote` (1) and an
    `expert` (5); without `error` these are only what `simulate` adds up.
    What stays below `expert_below` (0.90) goes to a reviewer, up to the share `expert_quota` (0.1)
    of the samples. With `model_voter: true` the end model is one more voter, and `min_votes: 1` is
    enough.
    """

    min_votes: int = Field(default=2, ge=1)
    max_votes: int = Field(default=3, ge=1)
    rule: Literal["majority", "posterior"] = "majority"
    escalate: str | float | None = None
    model_voter: bool = False
    accept: float | None = None
    budget: float | None = None
    costs: dict[str, float] | None = None
    expert_below: float | None = None
    expert_quota: float | None = None

    @field_validator("escalate", mode="before")
    @classmethod
    def _text_or_number(cls, escalate: object) -> object:
        if escalate is None or isinstance(escalate, str) or is_number(escalate):
            return escalate
        raise ValueError(
            "key 'review.escalate' must be any_conflict, no_majority, or a share of the votes above"
            f" 0.5 and up to 1. Got {escalate!r}"
        )


class AnnotatorsSection(Section):
    """How annotators' work is reviewed, and when an annotator is paused; see docs/annotators.md.

    `hidden_gold` is the number of samples with a gold label that are hidden in a batch, as a share
    of its samples: their answers measure people, and are no votes. `lot_size` is how many votes of
    an annotator make a lot, of which a sample is checked by reviewers; 0 checks none. All of the
    first `first_lot` votes are checked. A lot is accepted when its error rate is at most
    `max_error` but for a risk of `alpha`, and rejected when it is higher beyond doubt: then its
    votes are asked again. An annotator whose accuracy, on hidden gold that was given and on votes
    checked at random, is below `pause_below` beyond doubt is paused; so is one whose votes are
    independent of the truth, with `pause_spammers`. Of spans and of several labels the accuracy of
    an answer to hidden gold is its F1.
    """

    hidden_gold: float = Field(default=0.0, ge=0, le=0.5)
    lot_size: int = Field(default=0, ge=0)
    first_lot: int = Field(default=20, ge=1)
    max_error: float = Field(default=0.10, gt=0, lt=1)
    alpha: float = Field(default=0.05, gt=0, lt=1)
    pause_below: float | None = Field(default=None, gt=0, lt=1)
    pause_spammers: bool = False


class ReplaySection(Section):
    """Recorded human votes that are replayed as annotations: Parquet, CSV or JSON lines."""

    votes: str
    reviewer: str | None = None
    rounds: int = Field(default=3, ge=1)


class FilesSection(Section):
    """Annotation in spreadsheet files: their folder, their format, and the annotators.

    With names in `annotators`, each gets separate files; without, annotators write their name into
    the file. `show` lists more columns to show to annotators.
    """

    folder: str = "to_label"
    kind: Literal["csv", "xlsx", "jsonl"] = "csv"
    annotators: tuple[str, ...] = Field(default=(), strict=False)
    reviewers: tuple[str, ...] = Field(default=(), strict=False)
    show: tuple[str, ...] = Field(default=(), strict=False)


class LabelStudioSection(Section):
    """Annotation in Label Studio: the server's URL, and its two projects.

    The token comes from LABEL_STUDIO_API_KEY or a keyring, not from the config. `project` is the
    title or id of the annotators' project (by default this project's name), `expert_project` that
    of the reviewers' project. With `prelabels: shown` annotators see the label model's label and
    the reasons; with `hidden` they are not influenced. `guidelines` is a text for annotators.
    `timeout` is in seconds.
    """

    url: str
    project: str | int = ""
    expert_project: str | int = ""
    prelabels: Literal["hidden", "shown"] = "hidden"
    guidelines: str = ""
    timeout: float = Field(default=60.0, gt=0)


class StoreSection(Section):
    """Where the project is stored: a folder, and optionally a PostgreSQL database.

    `url` must not contain a password; use PGPASSWORD or ~/.pgpass. `wait` is how many seconds a
    process waits for another one that holds the project lock.
    """

    folder: str | None = None
    url: str | None = None
    wait: float = Field(default=30.0, ge=0)


class SplitSection(Section):
    """Splits of the training set: `export` writes the column `split`; see docs/splits.md.

    `test` and `dev` are shares of the samples with a label from people; weak labels are never in
    them. `group` is a column, or a list of them, whose equal values stay together; by `time` the
    newest samples are for testing. Texts whose letters are alike by a Jaccard index from
    `near_duplicates` on stay together (null: equal ones only). With `stratify` each label gets its
    share exactly. Another `salt` draws other splits.
    """

    test: float = Field(default=0.2, ge=0, lt=1)
    dev: float = Field(default=0.0, ge=0, lt=1)
    group: str | list[str] | None = None
    time: str | None = None
    near_duplicates: float | None = Field(default=0.8, ge=0.3, le=1)
    stratify: bool = False
    salt: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _leaves_rows_to_train_on(self) -> SplitSection:
        if self.test + self.dev < 1:
            return self
        raise ValueError(
            "keys 'test' and 'dev' of 'export.split' must sum to less than 1. Got"
            f" {self.test:g} and {self.dev:g}"
        )


class ExportSection(Section):
    """Which samples go into the training set, and where and how it is written.

    Samples that people could not decide (reviewers skipped them, or no label has more than half of
    their labels) are left out; with `keep_undecided` they are in it with the label of the model.
    `weights` are the probability of the label (`confidence`), what a hard label is worth in
    expectation (`expected`) or 1 (`none`). With `balance`, of the rows to train on every label has
    the same total weight (`weights`) or as many rows as the rarest (`undersample`).
    With `for_spreadsheet` the CSV file has an apostrophe before each text that a spreadsheet would
    evaluate as a formula; otherwise texts are written unchanged. `select` leaves out weak labels
    that differ from those of samples with similar texts: `auto` those that differ significantly, a
    number above 0 and up to 1 all but this share; see docs/models.md. With `split` (`{}` for its
    defaults) each sample is for `train`, `dev` or `test`, or for none.
    """

    folder: str = "out"
    min_confidence: float = Field(default=0.0, ge=0, le=1)
    select: float | Literal["auto"] | None = None
    keep_undecided: bool = False
    weights: Literal["confidence", "expected", "none"] = "confidence"
    balance: Literal["none", "weights", "undersample"] = "none"
    split: SplitSection | None = None
    for_spreadsheet: bool = True

    @field_validator("select", mode="before")
    @classmethod
    def _auto_or_share(cls, select: object) -> object:
        try:
            return checked_select(select)
        except LabelingError as error:
            raise ValueError(f"key 'export.select': {str(error).rstrip('.')}") from None


class ReleasesSection(Section):
    """Where the releases of the training set are kept: a folder that git and DVC can track."""

    folder: str = "releases"


class CardSection(Section):
    """What only people can say of the training set, for its data card; see `CardSettings`.

    `license` is an identifier of https://spdx.org/licenses, such as CC-BY-4.0, or an address, and
    `language` lists ISO 639 codes. What is not given is said to be "not stated". `name` is by
    default that of the project, and `title` the name; `task` is one of the Hugging Face hub's;
    `version` is MAJOR.MINOR.PATCH, and `published` a day as 2026-11-30, by default that of the
    merge. `known_problems` is a file with the list of known problems (`ProblemList`), and `slices`
    lists files with slicing functions: both are measured by given gold labels, and shown with each
    release. Releases do not depend on this section.
    """

    name: str = ""
    title: str = ""
    description: str = ""
    license: str = ""
    language: tuple[str, ...] = Field(default=(), strict=False)
    task: str = ""
    tags: tuple[str, ...] = Field(default=(), strict=False)
    authors: tuple[str, ...] = Field(default=(), strict=False)
    contact: str = ""
    url: str = ""
    version: str = ""
    published: str = ""
    citation: str = ""
    data_collection: str = ""
    annotators: str = ""
    guidelines: str = ""
    personal_information: str = ""
    uses: str = ""
    limitations: tuple[str, ...] = Field(default=(), strict=False)
    maintenance: str = ""
    known_problems: str | None = None
    slices: tuple[str, ...] = Field(default=(), strict=False)

    @field_validator("language", "tags", "authors", "limitations", "slices", mode="before")
    @classmethod
    def _one_or_several(cls, given: object) -> object:
        return (given,) if isinstance(given, str) else given

    @field_validator("published", mode="before")
    @classmethod
    def _day_as_text(cls, given: object) -> object:
        return given.isoformat() if isinstance(given, datetime.date) else given
