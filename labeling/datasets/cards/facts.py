"""What a data card says that a training set does not know: its licence, its quality, its use."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from labeling.datasets.values import strict_json
from labeling.errors import DataError, LabelingError, listed, near
from labeling.records.estimates import Estimate
from labeling.rendering import Displayed

TABLE_TASK = "tabular-classification"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSettings(Displayed):
    """What only people can say of a training set; each text may be empty, and is then "not stated".

    Attributes:
        name: a short name, such as `spam-comments`; for file formats that need one.
        title: how the data set is called; by default its name.
        description: what it is, in a few sentences.
        license: an identifier of https://spdx.org/licenses, such as `CC-BY-4.0`, or an address.
        language: ISO 639 codes of the texts' languages, such as `en`.
        task: a task of the Hugging Face hub; by default `text-classification`, or
            `tabular-classification` where no column holds text.
        tags: words by which the data set is found.
        authors: who answers for it.
        contact: where questions and requests for deletion go.
        url: its page.
        version: as MAJOR.MINOR.PATCH; by default `0.0.0` with the first digits of the fingerprint.
        published: the day of publication, as 2026-11-30.
        citation: BibTeX; by default made from the title, authors, day and address.
        data_collection: where the samples come from, and how they were collected.
        annotators: who the annotators are, such as `two linguists of the team`.
        guidelines: what annotators were told, or where that stands.
        personal_information: what personal or sensitive data it holds, and what was done about it.
        uses: what it is meant for.
        limitations: what it should not be used for, and what is known to be missing or biased.
        maintenance: who mends errors, and how releases follow each other.

    >>> CardSettings(license="CC-BY-4.0", language="en").language
    ('en',)
    """

    name: str = ""
    title: str = ""
    description: str = ""
    license: str = ""
    language: tuple[str, ...] = ()
    task: str = ""
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
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
    limitations: tuple[str, ...] = ()
    maintenance: str = ""

    def __post_init__(self) -> None:
        for attribute in dataclasses.fields(self):
            name, value = attribute.name, getattr(self, attribute.name)
            if name in LISTS:
                values = (value,) if isinstance(value, str) else tuple(value)
                object.__setattr__(self, name, tuple(filter(None, values)))
            elif not isinstance(value, str):
                raise LabelingError(f"`{name}` of a data card must be a text. Got {value!r}.")

    @property
    def shown_title(self) -> str:
        """The title, or what stands in for it."""
        return self.title or self.name or "Training set"


LISTS = ("language", "tags", "authors", "limitations")


@dataclass(frozen=True, slots=True)
class FunctionFacts(Displayed):
    """What a card says of a labeling function.

    Attributes:
        name: of the function.
        description: the first line of its docstring.
        accuracy: by gold labels; `None` where there are none.
        is_person: whether its votes are those of a person (`crowd`): then its name is not written.
    """

    name: str
    description: str = ""
    accuracy: Estimate | None = None
    is_person: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFacts(Displayed):
    """What a project knows of a training set, for its card: measured, never made up.

    Attributes:
        functions: the labeling functions; by default only their names are known.
        models: the models by what they are for, such as `{"label model": "label_model"}`.
        quality: estimates of how good the labels are, by what was measured.
        quality_note: how it was measured.
        agreement: estimates of the agreement of people, by what was measured.
        platform: where people annotated.
        problems: known problems, a sentence each.
        problem_errors: the share of wrong labels of those that were measured, by their name.
        release: the digest of the release; empty outside of a repository of releases.
        published: the day of the release; `CardSettings.published` wins.
        rebuild: the command that builds it again.

    >>> facts = CardFacts(quality={"accuracy": Estimate(0.9, 0.8, 0.95, 100)})
    >>> CardFacts.from_json(facts.to_json()) == facts
    True
    """

    functions: tuple[FunctionFacts, ...] = ()
    models: Mapping[str, str] = field(default_factory=dict)
    quality: Mapping[str, Estimate] = field(default_factory=dict)
    quality_note: str = ""
    agreement: Mapping[str, Estimate] = field(default_factory=dict)
    platform: str = ""
    problems: tuple[str, ...] = ()
    problem_errors: Mapping[str, Estimate] = field(default_factory=dict)
    release: str = ""
    published: str = ""
    rebuild: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain JSON values."""
        values: dict[str, Any] = json.loads(strict_json(dataclasses.asdict(self)))
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> CardFacts:
        """Return the facts that `to_json` returned.

        Raises:
            DataError: an attribute is unknown, or a value has another form.
        """
        known = {attribute.name for attribute in dataclasses.fields(cls)}
        unknown = [name for name in values if name not in known]
        if unknown:
            raise DataError(
                f"Facts of a data card have no attribute {listed(unknown)}; they have"
                f" {listed(sorted(known), 20)}.{near(unknown[0], known)}"
            )
        given = dict(values)
        try:
            functions = tuple(
                FunctionFacts(**{**values, "accuracy": _estimate(values.get("accuracy"))})
                for values in given.get("functions", ())
            )
            measured = {
                name: {key: _known_estimate(value) for key, value in given.get(name, {}).items()}
                for name in ("quality", "agreement", "problem_errors")
            }
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise DataError(f"Facts of a data card cannot be read: {error!r}.") from error
        problems = tuple(given.get("problems", ()))
        return cls(**{**given, "functions": functions, "problems": problems, **measured})


def _estimate(stored: Any) -> Estimate | None:
    return None if stored is None else _known_estimate(stored)


def _known_estimate(stored: Any) -> Estimate:
    value, low, high = (
        math.nan if stored[name] is None else float(stored[name])
        for name in ("value", "low", "high")
    )
    return Estimate(value, low, high, int(stored["n"]), str(stored.get("note", "")))
