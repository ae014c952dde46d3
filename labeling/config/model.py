"""`Config`: the validated config of a project."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from labeling.config.data_test_section import DataTestsSection
from labeling.config.kinds import LEAST_LABELS, check_label_rules, refused_settings
from labeling.config.labels import class_balance_by_label, names_and_descriptions
from labeling.config.sections import (
    AnnotatorsSection,
    CardSection,
    DataSection,
    ExportSection,
    FilesSection,
    LabelStudioSection,
    QuerySection,
    ReleasesSection,
    ReplaySection,
    ReviewSection,
    Section,
    StoreSection,
)
from labeling.errors import LabelingError, listed
from labeling.records import LabelSchema

PLATFORMS = ("replay", "files", "label_studio")
OF_KINDS = {"task": "one", "exclusive": [], "implies": {}}
"""Keys that configs of one label per sample do not have, with their defaults."""

Group = Annotated[tuple[str, ...], Field(strict=False)]
PASSWORD = re.compile(r"://[^/?#@]*:.*@|[?&]password=", re.IGNORECASE)


class Config(Section):
    """The config of a project.

    `labels` is a list of names; or a mapping from name to a description for annotators, which may
    be empty; or a list in which some names are such mappings. `class_balance` is the share of each
    label in the data, by name or in the order of `labels`, if known from other sources; see
    docs/models.md. `embeddings` is the folder or the name on the Hugging Face hub of a pretrained
    model whose vectors of texts the end model uses beside TF-IDF: a static model of model2vec
    (extra `static-embeddings`), or one of sentence-transformers (extra `embeddings`).
    `ordered_labels: true` says that the labels are grades from the lowest to the highest, such as
    stars: agreement is then weighted by distance.

    `task` is what a sample's label is: `one` of the labels, any set of them (`several`), or `spans`
    of its text with a label each. With `several`, `exclusive` lists groups of labels of which a
    sample has at most one, and `implies` maps a label to another, or a list of others, that each
    sample with the first one has: labels that contradict them are repaired.

    Attributes:
        name: the project's name; by default that of the config file.
        root: the project's folder, to which paths are relative.
    """

    name: str = ""
    data: DataSection
    task: Literal["one", "several", "spans"] = "one"
    labels: tuple[str, ...] = Field(min_length=1, strict=False)
    ordered_labels: bool = False
    exclusive: tuple[Group, ...] = Field(default=(), strict=False)
    implies: dict[str, str | list[str]] = Field(default_factory=dict)
    class_balance: dict[str, float] | None = None
    labeling_functions: tuple[str, ...] = Field(min_length=1, strict=False)
    label_model: str = "label_model"
    embeddings: str | None = Field(default=None, min_length=1)
    query: QuerySection = QuerySection()
    review: ReviewSection = ReviewSection()
    annotators: AnnotatorsSection = AnnotatorsSection()
    replay: ReplaySection | None = None
    files: FilesSection | None = None
    label_studio: LabelStudioSection | None = None
    store: StoreSection = StoreSection()
    export: ExportSection = ExportSection()
    releases: ReleasesSection = ReleasesSection()
    card: CardSection = CardSection()
    data_tests: DataTestsSection = DataTestsSection()
    workers: int = Field(default=1, ge=1)
    timeout: float | None = Field(default=300.0, gt=0, allow_inf_nan=False)
    seed: int = Field(default=0, ge=0)
    root: Path = Field(exclude=True, strict=False)
    # Not part of the digest, since models do not depend on it.
    _label_descriptions: dict[str, str | None] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _labels_described(cls, given: Any, build: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(given, dict) or "labels" not in given:
            return build(given)
        names, descriptions = names_and_descriptions(given["labels"])
        config = build({**given, "labels": names})
        for name, text in descriptions.items():
            if not isinstance(text, (str, type(None))):
                raise ValueError(
                    f"key 'labels.{name}': a description must be a text. Got {text!r}; put quotes"
                    " around it"
                )
        config._label_descriptions = descriptions
        return config

    @property
    def label_descriptions(self) -> Mapping[str, str | None]:
        """The description of each label; `None` if it has none."""
        return MappingProxyType(self._label_descriptions)

    @property
    def label_schema(self) -> LabelSchema:
        """The labels with their descriptions, their order, and how many a sample has."""
        return LabelSchema(
            self.labels, self.label_descriptions, ordered=self.ordered_labels, kind=self.task
        )

    @field_validator("labels")
    @classmethod
    def _enough_labels(cls, labels: tuple[str, ...], others: ValidationInfo) -> tuple[str, ...]:
        least = LEAST_LABELS[others.data.get("task", "spans")]
        if len(labels) < least:
            raise ValueError(f"key 'labels' must have at least 2 values. Got {list(labels)!r}")
        return labels

    @model_validator(mode="after")
    def _settings_of_the_task(self) -> Self:
        refused = refused_settings(self.task, self.model_dump())
        if refused:
            raise ValueError("; ".join(refused))
        try:
            check_label_rules(self.labels, self.exclusive, self.implies)
        except LabelingError as error:
            raise ValueError(str(error)) from None
        return self

    @field_validator("class_balance", mode="before")
    @classmethod
    def _class_balance_by_label(cls, given: Any, others: ValidationInfo) -> Any:
        if given is None or "labels" not in others.data:
            return None  # invalid labels are a separate error
        if others.data.get("task", "one") != "one":
            return {}  # refused with the other settings that the task does not have
        try:
            return class_balance_by_label(given, others.data["labels"])
        except LabelingError as error:
            raise ValueError(f"key 'class_balance': {str(error).rstrip('.')}") from None

    @model_validator(mode="after")
    def _one_platform(self) -> Self:
        platforms = [name for name in PLATFORMS if getattr(self, name) is not None]
        if len(platforms) > 1:
            raise ValueError(
                "a project must have one annotation platform: leave out all but one of"
                f" {listed(platforms)}, or create a project for each"
            )
        return self

    @property
    def asks_people(self) -> bool:
        """Whether the config has an annotation platform."""
        return any(getattr(self, name) is not None for name in PLATFORMS)

    @field_validator("label_studio")
    @classmethod
    def _no_secret_in_address(cls, section: LabelStudioSection | None) -> LabelStudioSection | None:
        if section is not None and "@" in section.url.partition("?")[0]:
            raise PydanticCustomError(
                "secret",
                "a URL must not contain a name and password: the token comes from"
                " LABEL_STUDIO_API_KEY or a keyring",
            )
        return section

    @field_validator("data")
    @classmethod
    def _no_secret_in_data(cls, data: DataSection) -> DataSection:
        for path in (data.path, data.gold or ""):
            if "://" in path and "@" in urlsplit(path).netloc:
                raise PydanticCustomError(
                    "secret",
                    "a URL must not contain a name and password: give them in the way of the file"
                    " system, such as AWS_PROFILE or ~/.netrc",
                )
        return data

    @field_validator("store")
    @classmethod
    def _no_secret(cls, store: StoreSection) -> StoreSection:
        if store.url is not None and PASSWORD.search(store.url):
            raise PydanticCustomError(
                "secret",
                "a config must not contain a password: give it as PGPASSWORD or ~/.pgpass",
            )
        return store

    def at(self, path: str) -> Path:
        """Return a path of the config, resolved against the project's folder."""
        return self.root / path

    @property
    def embeddings_folder(self) -> Path | None:
        """The folder of the embedding model; `None` if it has none, as a name on the hub has."""
        if self.embeddings is None:
            return None
        folder = self.at(str(Path(self.embeddings).expanduser()))
        return folder if folder.is_dir() else None

    def source(self, path: str) -> Path | str:
        """Return the location of samples, gold labels or votes: a resolved path, or a URL."""
        return path if "://" in path else self.at(path)

    @property
    def memory(self) -> Path:
        """The folder of the project's store."""
        return self.at(self.store.folder or f".labeling/{self.name}")

    @property
    def digest(self) -> str:
        """A hash of the values of the config, which does not depend on their order and notation."""
        exclude = {"root", "store", "releases", "card", "data_tests"}
        values = without_defaults_of_kinds(self.model_dump(mode="json", exclude=exclude))
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def without_defaults_of_kinds(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a config without the keys that only other kinds of labels have.

    So digests and manifests of configs of one label per sample stay as they were.
    """
    return {
        name: value
        for name, value in values.items()
        if name not in OF_KINDS or value != OF_KINDS[name]
    }
