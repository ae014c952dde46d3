"""What people had said when a training set was made: one JSON object, enough to make it again."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from labeling.errors import DataError
from labeling.project.imported_gold import imported_gold
from labeling.project.results import Round
from labeling.records import (
    Annotation,
    GoldLabel,
    LabelKind,
    Stratum,
    decode_answer,
    decode_label,
    encode_answer,
    encode_label,
)
from labeling.records.events import canonical_json
from labeling.records.ids import decode_id, encode_id
from labeling.store import Store

TIMES = ("created_at", "updated_at")
LABELS = ("label", "prelabel")
NO_TIME = datetime.datetime.fromtimestamp(0, datetime.UTC)
"""Times are not recorded: the same answers make the same training set whenever they were given."""
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PeopleRecord:
    """What people said that goes into a training set.

    Attributes:
        gold: the labels that they settled, with the annotations that did it.
        annotations: the current annotations of everybody.
        drawn: samples with a settled label that were drawn at random.
        locked: the samples of the locked test split.
        imported: gold labels that were imported, by sample.
    """

    gold: tuple[GoldLabel, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    drawn: tuple[Hashable, ...] = ()
    locked: tuple[Hashable, ...] = ()
    imported: tuple[tuple[Hashable, str], ...] = ()

    @classmethod
    def of(cls, store: Store, locked: list[Hashable], current: Round) -> PeopleRecord:
        """Return what people have said so far.

        Args:
            store: of the project.
            locked: the samples of the locked test split.
            current: the state of the loop.
        """
        chosen = store.batches.frame()
        random = set(chosen.index[chosen["stratum"] == Stratum.RANDOM.value])
        settled = {gold.sample_id for gold in current.gold}
        return cls(
            tuple(sorted(current.gold, key=lambda gold: encode_id(gold.sample_id))),
            tuple(sorted(current.annotations, key=_order)),
            tuple(sorted(random & settled, key=encode_id)),
            tuple(sorted(locked, key=encode_id)),
            tuple(sorted(imported_gold(store).items(), key=lambda pair: encode_id(pair[0]))),
        )

    def to_json(self) -> bytes:
        """Return it as JSON, the same bytes for the same content."""
        values = {
            "format": 1,
            "locked": [encode_id(sample_id) for sample_id in self.locked],
            "drawn": [encode_id(sample_id) for sample_id in self.drawn],
            "imported": {encode_id(sample_id): label for sample_id, label in self.imported},
            "gold": [_gold_row(gold) for gold in self.gold],
            "annotations": [_row(annotation) for annotation in self.annotations],
        }
        return canonical_json(values).encode("utf-8")

    @classmethod
    def from_json(cls, content: bytes, kind: LabelKind = LabelKind.ONE) -> PeopleRecord:
        """Return what `to_json` wrote, of labels of this kind.

        Raises:
            DataError: it is something else.
        """
        try:
            values = json.loads(content)
            return cls(
                tuple(_gold(row, kind) for row in values["gold"]),
                tuple(_annotation(row, kind) for row in values["annotations"]),
                tuple(map(decode_id, values["drawn"])),
                tuple(map(decode_id, values["locked"])),
                tuple((decode_id(key), label) for key, label in values["imported"].items()),
            )
        except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            raise DataError(
                f"What people said must be kept as `labeling release branch` writes it. It cannot"
                f" be read: {error}."
            ) from error

    @property
    def digest(self) -> str:
        """SHA-256 of its JSON."""
        return hashlib.sha256(self.to_json()).hexdigest()


def _order(annotation: Annotation) -> tuple[str, ...]:
    sample, updated = encode_id(annotation.sample_id), annotation.updated_at.isoformat()
    return (
        sample,
        updated,
        annotation.annotator,
        annotation.platform_id,
        str(encode_answer(annotation.label)),
    )


def _row(annotation: Annotation) -> Row:
    """Return what is not the default of an annotation, without its times."""
    row = {
        field.name: value
        for field in dataclasses.fields(annotation)
        if field.name not in TIMES and (value := getattr(annotation, field.name)) != field.default
    }
    labels = {name: encode_answer(row[name]) for name in LABELS if name in row}
    return {**row, **labels, "sample_id": encode_id(annotation.sample_id)}


def _annotation(row: Mapping[str, Any], kind: LabelKind) -> Annotation:
    labels = {name: decode_answer(row[name], kind) for name in LABELS if name in row}
    known = {"label": None, **row, **labels, "sample_id": decode_id(row["sample_id"])}
    times: dict[str, Any] = dict.fromkeys(TIMES, NO_TIME)
    return Annotation(**known, **times)


def _gold_row(gold: GoldLabel) -> Row:
    return {
        "sample": encode_id(gold.sample_id),
        "label": encode_label(gold.label),
        "source": str(gold.source),
        "trace": [_row(annotation) for annotation in gold.trace],
        "probability": gold.probability,
        "model_voter": gold.model_voter,
    }


def _gold(row: Mapping[str, Any], kind: LabelKind) -> GoldLabel:
    return GoldLabel(
        decode_id(row["sample"]),
        decode_label(row["label"], kind),
        row["source"],
        tuple(_annotation(vote, kind) for vote in row["trace"]),
        row["probability"],
        row["model_voter"],
    )
