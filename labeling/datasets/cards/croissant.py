"""`croissant.json`: what a data set is, for machines (Croissant 1.0 and its extension RAI 1.0).

The vocabulary is that of http://mlcommons.org/croissant/1.0 and
http://mlcommons.org/croissant/RAI/1.0 (Akhtar et al. 2024, arXiv:2403.19546).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from labeling.datasets.cards.facts import CardFacts, CardSettings
from labeling.datasets.cards.numbers import CardNumbers
from labeling.datasets.cards.readme import (
    agreement_sentences,
    annotations_sentence,
    citation_of,
    functions_of,
    quality_sentences,
    sources_sentence,
)
from labeling.errors import counted
from labeling.rendering.formatting import undirected

if TYPE_CHECKING:
    import pyarrow as pa

    from labeling.datasets.training_set import TrainingSet

CONFORMS_TO = ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"]
LABELS = "labels"  # the record set of the labels' names
TERMS = [
    "citeAs",
    "column",
    "conformsTo",
    "equivalentProperty",
    "extract",
    "field",
    "fileProperty",
    "fileObject",
    "fileSet",
    "format",
    "includes",
    "isLiveDataset",
    "jsonPath",
    "key",
    "md5",
    "parentField",
    "path",
    "recordSet",
    "references",
    "regex",
    "repeated",
    "replace",
    "samplingRate",
    "separator",
    "source",
    "subField",
    "transform",
]
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    **{term: f"cr:{term}" for term in TERMS},
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
}
SPDX = re.compile(r"[A-Za-z0-9.+-]+")


def croissant_text(
    train: TrainingSet,
    tables: Mapping[str, pa.Table],
    files: Mapping[str, tuple[str, str, int]],
    numbers: CardNumbers,
    settings: CardSettings,
    facts: CardFacts,
) -> str:
    """Return the content of `croissant.json`.

    Args:
        train: the training set.
        tables: the rows of each split, as they are in the files.
        files: of each split: its path, SHA-256, and size in bytes.
        numbers: the numbers of the card.
        settings: what people say of the training set.
        facts: what the project knows of it.
    """
    described = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        **_clean(_described(train, settings, facts)),
        **_clean(_responsible(train, numbers, settings, facts)),
        "distribution": [_file(*file) for file in files.values()],
        "recordSet": [
            _label_set(train),
            *(_record_set(split, tables[split], files[split][0], train) for split in tables),
        ],
    }
    full = {key: value for key, value in described.items() if value not in ("", [], None)}
    return json.dumps(full, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _clean(value: Any) -> Any:
    """Return people's words without marks that turn a line around."""
    if isinstance(value, str):
        return undirected(value)
    if isinstance(value, list):
        return [_clean(part) for part in value]
    if isinstance(value, dict):
        return {key: _clean(part) for key, part in value.items()}
    return value


def _described(train: TrainingSet, settings: CardSettings, facts: CardFacts) -> dict[str, Any]:
    licence = settings.license
    if SPDX.fullmatch(licence):
        licence = f"https://spdx.org/licenses/{licence}"
    return {
        "name": settings.name or settings.shown_title,
        "alternateName": settings.title if settings.name else "",
        "description": settings.description or f"{settings.shown_title}.",
        "license": licence,
        "url": settings.url,
        "version": settings.version or f"0.0.0+{train.fingerprint[:12]}",
        "datePublished": settings.published or facts.published,
        "citeAs": citation_of(train, settings, facts),
        "inLanguage": list(settings.language),
        "keywords": list(settings.tags),
        "creator": [{"@type": "sc:Person", "name": author} for author in settings.authors],
    }


def _responsible(
    train: TrainingSet, numbers: CardNumbers, settings: CardSettings, facts: CardFacts
) -> dict[str, Any]:
    """Return the fields on responsible use; what nobody stated is said to be so."""
    functions = functions_of(numbers, facts)
    tools = [f"labeling {train.manifest()['packages']['labeling']}"]
    tools += [f"{name}: {what}" for name, what in facts.models.items()]
    if functions:
        tools.append(counted(len(functions), "labeling function"))
    left_out = [f"{count:,} samples left out: {why}." for why, count in numbers.left_out.items()]
    people = (
        f"{counted(numbers.annotators, 'annotator')}, {counted(numbers.reviewers, 'reviewer')}."
    )
    return {
        "rai:dataCollection": settings.data_collection or "Not stated.",
        "rai:dataPreprocessingProtocol": left_out,
        "rai:dataAnnotationProtocol": [
            sources_sentence(numbers),
            *([settings.guidelines] if settings.guidelines else []),
        ],
        "rai:dataAnnotationPlatform": [facts.platform] if facts.platform else [],
        "rai:dataAnnotationAnalysis": [
            *agreement_sentences(numbers, facts),
            *quality_sentences(facts),
        ],
        "rai:annotationsPerItem": annotations_sentence(numbers),
        "rai:annotatorDemographics": [people, settings.annotators or "Who they are is not stated."],
        "rai:machineAnnotationTools": tools,
        "rai:dataBiases": list(facts.problems),
        "rai:dataLimitations": list(settings.limitations),
        "rai:dataUseCases": [settings.uses] if settings.uses else [],
        "rai:personalSensitiveInformation": [settings.personal_information or "Not stated."],
        "rai:dataReleaseMaintenancePlan": settings.maintenance,
    }


def _file(path: str, sha256: str, size: int) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": path,
        "name": path,
        "contentUrl": path,
        "contentSize": f"{size} B",
        "encodingFormat": "application/x-parquet",
        "sha256": sha256,
    }


def _label_set(train: TrainingSet) -> dict[str, Any]:
    """Return the names of the labels by their codes."""
    return {
        "@type": "cr:RecordSet",
        "@id": LABELS,
        "name": LABELS,
        "description": "The names of the labels by their codes.",
        "dataType": "sc:Enumeration",
        "key": {"@id": f"{LABELS}/code"},
        "field": [
            {"@type": "cr:Field", "@id": f"{LABELS}/code", "dataType": "sc:Integer"},
            {"@type": "cr:Field", "@id": f"{LABELS}/name", "dataType": "sc:Text"},
        ],
        "data": [
            {f"{LABELS}/code": code, f"{LABELS}/name": name}
            for code, name in enumerate(train.schema)
        ],
    }


def _record_set(split: str, table: pa.Table, path: str, train: TrainingSet) -> dict[str, Any]:
    fields = [
        described
        for field in table.schema
        if (described := _field(split, field, path, train.own_columns["label"])) is not None
    ]
    without = len(table.schema) - len(fields)
    note = f" {counted(without, 'column')} not described here." if without else ""
    return {
        "@type": "cr:RecordSet",
        "@id": split,
        "name": split,
        "description": f"The {counted(len(table), 'sample')} of the split {split}.{note}",
        "field": fields,
    }


def _field(split: str, field: pa.Field, path: str, label: str) -> dict[str, Any] | None:
    """Return a column's description; `None` where Croissant has no words for its name or type."""
    import pyarrow as pa

    if not field.name:
        return None

    name = f"{split}/{quote(field.name, safe='')}"
    source = {"fileObject": {"@id": path}, "extract": {"column": field.name}}
    result: dict[str, Any] = {"@type": "cr:Field", "@id": name, "name": name}
    kind, is_list = field.type, pa.types.is_list(field.type)
    if is_list:
        kind, result["repeated"] = field.type.value_type, True
    if is_list and pa.types.is_struct(kind):
        parts = {part.name: _data_type(part.type) for part in kind}
        if None in parts.values():
            return None
        result["subField"] = [
            {
                "@type": "cr:Field",
                "@id": f"{name}/{quote(part, safe='')}",
                "name": f"{name}/{part}",
                "dataType": data_type,
                "source": {**source, "transform": {"jsonPath": f"$.{part}"}},
            }
            for part, data_type in parts.items()
        ]
        return result
    data_type = _data_type(kind)
    if data_type is None:
        return None
    result |= {"dataType": data_type, "source": source}
    if field.name == label:
        result["references"] = {"field": {"@id": f"{LABELS}/code"}}
    return result


def _data_type(kind: pa.DataType) -> str | None:
    import pyarrow as pa

    tests = {
        "sc:Boolean": (pa.types.is_boolean,),
        "sc:Integer": (pa.types.is_integer,),
        "sc:Float": (pa.types.is_floating, pa.types.is_decimal),
        "sc:Text": (pa.types.is_string, pa.types.is_large_string),
        "sc:Date": (pa.types.is_date,),
        "sc:DateTime": (pa.types.is_timestamp,),
    }
    for name, checks in tests.items():
        if any(check(kind) for check in checks):
            return name
    return None
