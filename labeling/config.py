"""`configs/*.yaml` → one frozen, validated `Config`; an unknown key is an error that names the near one."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, Self, get_args
from urllib.parse import urlsplit

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from labeling.errors import ConfigError, LabelingError, near, shown
from labeling.records import LabelSchema, MissingText, class_shares, unsafe_characters

PLATFORMS = ("replay", "files", "label_studio")
PASSWORD = re.compile(r"://[^/?#@]*:.*@|[?&]password=", re.IGNORECASE)


class Section(BaseModel):
    """A part of a config: frozen, and without room for keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class MadeIds(Section):
    """What ids are made from where no column holds them."""

    made_from: Literal["row", "content"] = Field(alias="from")


class DataSection(Section):
    """Where the samples are: a file, a folder of Parquet files, or an address; see `read_samples`.

    `id` is the column of the ids. Where there is none, `{from: row}` numbers the rows, for files
    that only grow at their end, and `{from: content}` takes a hash of the text.
    `gold` names a column of it, or a file with the columns `id` and `label`, with labels that are
    known to be true. A sample whose text is missing (null, an empty cell) is left out and listed
    (`missing_text: drop`), taken as an empty text (`empty`) or refused (`error`). The share `locked` of those samples is the test split: labeling functions,
    models and people never meet it, and each look at it is counted.
    """

    path: str
    id: str | MadeIds
    text: str = "text"
    missing_text: MissingText = "drop"
    gold: str | None = None
    locked: float = Field(default=0.5, ge=0, lt=1)

    @property
    def ids(self) -> str | dict[str, str]:
        """The column of the ids, or what they are made from, as `read_samples` takes it."""
        return self.id if isinstance(self.id, str) else {"from": self.id.made_from}


class QuerySection(Section):
    """How many samples people get at a time, and how they are chosen."""

    n: int = Field(default=50, ge=1)
    strategy: str = "mixture"


class ReviewSection(Section):
    """How many votes a sample gets before a reviewer decides, and which conflicts do.

    `escalate` is `any_conflict`, `no_majority`, or the smallest share of the votes that settles a
    sample; where it is not given, `any_conflict` with two labels and `no_majority` with more.
    """

    min_votes: int = Field(default=2, ge=1)
    max_votes: int = Field(default=3, ge=1)
    escalate: str | float | None = None

    @field_validator("escalate", mode="before")
    @classmethod
    def _text_or_number(cls, escalate: object) -> object:
        is_text_or_number = isinstance(escalate, (str, int, float)) and not isinstance(
            escalate, bool
        )
        if escalate is None or is_text_or_number:
            return escalate
        raise ValueError(
            "key 'review.escalate' must be any_conflict, no_majority, or a share of the votes above"
            f" 0.5 and up to 1. Got {escalate!r}"
        )


class ReplaySection(Section):
    """Recorded human votes that play annotators and reviewer: Parquet, CSV or JSON lines."""

    votes: str
    reviewer: str | None = None
    rounds: int = Field(default=3, ge=1)


class FilesSection(Section):
    """People who label in a spreadsheet: where their files are, of which kind, and who they are.

    With names in `annotators` each gets files of their own; without, whoever labels writes their
    name into the file. `show` lists further columns that they see.
    """

    folder: str = "to_label"
    kind: Literal["csv", "xlsx", "jsonl"] = "csv"
    annotators: tuple[str, ...] = Field(default=(), strict=False)
    reviewers: tuple[str, ...] = Field(default=(), strict=False)
    show: tuple[str, ...] = Field(default=(), strict=False)


class LabelStudioSection(Section):
    """People who label in Label Studio: the server's address, and its two projects.

    The token is not here: it comes from LABEL_STUDIO_API_KEY or a keyring. `project` is the title,
    or the id on the server, of the annotators' project (the title is this project's name where none is
    given), `expert_project` that of the reviewers'. `prelabels: shown` lets annotators see what the label model holds, and why; hidden,
    nothing leads them. `guidelines` is a text for annotators. `timeout` is in seconds.
    """

    url: str
    project: str | int = ""
    expert_project: str | int = ""
    prelabels: Literal["hidden", "shown"] = "hidden"
    guidelines: str = ""
    timeout: float = Field(default=60.0, gt=0)


class StoreSection(Section):
    """Where the project remembers: a folder of its own, and perhaps a PostgreSQL database.

    `url` must not hold a password; PGPASSWORD or ~/.pgpass does. `wait` is in seconds: how long a
    second process waits for the first.
    """

    folder: str | None = None
    url: str | None = None
    wait: float = Field(default=30.0, ge=0)


class ExportSection(Section):
    """Which samples go into the training set, where everything is written, and for whom.

    With `for_spreadsheet` the CSV file gets an apostrophe before each text that a spreadsheet would
    run as a formula; without it every text stays as it is.
    """

    folder: str = "out"
    min_confidence: float = Field(default=0.0, ge=0, le=1)
    for_spreadsheet: bool = False


class Config(Section):
    """A project: what is labeled, by what, and how.

    `labels` is a list of names; or a mapping from name to a description for the people who label,
    where nothing after the colon is none; or a list in which some names are such mappings.
    `class_balance` gives each label its share in the data, by name or in the order of `labels`, where
    that is known from elsewhere.

    Attributes:
        name: of the project; that of the config file where none is given.
        root: the project's folder; relative paths start there.
    """

    name: str = ""
    data: DataSection
    labels: tuple[str, ...] = Field(min_length=2, strict=False)
    class_balance: dict[str, float] | None = None
    labeling_functions: tuple[str, ...] = Field(min_length=1, strict=False)
    label_model: str = "label_model"
    query: QuerySection = QuerySection()
    review: ReviewSection = ReviewSection()
    replay: ReplaySection | None = None
    files: FilesSection | None = None
    label_studio: LabelStudioSection | None = None
    store: StoreSection = StoreSection()
    export: ExportSection = ExportSection()
    workers: int = Field(default=1, ge=1)
    seed: int = Field(default=0, ge=0)
    root: Path = Field(exclude=True, strict=False)
    # No part of the digest: what models learn does not hang on it.
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
        """What labels mean, in the words of the config; `None` where it says nothing."""
        return MappingProxyType(self._label_descriptions)

    @field_validator("class_balance", mode="before")
    @classmethod
    def _shares_by_name(cls, given: Any, others: ValidationInfo) -> Any:
        if given is None or "labels" not in others.data:
            return None  # or the labels are wrong, which is an error of its own
        try:
            return shares_by_name(given, others.data["labels"])
        except LabelingError as error:
            raise ValueError(f"key 'class_balance': {str(error).rstrip('.')}") from None

    @model_validator(mode="after")
    def _one_platform(self) -> Self:
        found = [name for name in PLATFORMS if getattr(self, name) is not None]
        if len(found) > 1:
            raise ValueError(
                f"people label in one place: leave out all but one of {shown(found)}, or make a"
                " project for each"
            )
        return self

    @property
    def asks_people(self) -> bool:
        """Whether the config says where people label."""
        return any(getattr(self, name) is not None for name in PLATFORMS)

    @field_validator("label_studio")
    @classmethod
    def _no_secret_in_address(cls, section: LabelStudioSection | None) -> LabelStudioSection | None:
        if section is not None and "@" in section.url.partition("?")[0]:
            raise PydanticCustomError(
                "secret",
                "a name and password must not stand in an address: the token comes from"
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
                    "a name and password must not stand in an address: give them as the file system"
                    " takes them, such as AWS_PROFILE or ~/.netrc",
                )
        return data

    @field_validator("store")
    @classmethod
    def _no_secret(cls, store: StoreSection) -> StoreSection:
        if store.url is not None and PASSWORD.search(store.url):
            raise PydanticCustomError(
                "secret",
                "a password must not stand in a config: give it as PGPASSWORD or ~/.pgpass",
            )
        return store

    def at(self, path: str) -> Path:
        """Return a path of the config as it is from here."""
        return self.root / path

    def source(self, path: str) -> Path | str:
        """Return where samples, gold labels or votes are: a path as it is from here, or an address."""
        return path if "://" in path else self.at(path)

    @property
    def memory(self) -> Path:
        """The folder of the project's store."""
        return self.at(self.store.folder or f".labeling/{self.name}")

    @property
    def digest(self) -> str:
        """A hash of all that the config says, in whatever order and words it says it."""
        said = self.model_dump(mode="json", exclude={"root", "store"})
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def shares_by_name(given: Any, labels: Collection[str]) -> dict[str, float]:
    """Return a class balance as a mapping from label to share, in the order of the labels.

    Raises:
        LabelingError: it is none, or there are no such labels.

    >>> shares_by_name({1: 0.25, 2: 0.75}, ["1", "2"])
    {'1': 0.25, '2': 0.75}
    """
    schema = LabelSchema(tuple(labels))
    if isinstance(given, dict):  # YAML reads the name 1 as a number
        given = {key if isinstance(key, bool) else str(key): share for key, share in given.items()}
    shares = class_shares(given, schema)
    return dict(zip(schema.labels, [] if shares is None else shares.tolist(), strict=True))


def names_and_descriptions(labels: Any) -> tuple[Any, dict[Any, Any]]:
    """Return the names of labels, and what is said of them; what is no such thing stays."""
    if isinstance(labels, dict):
        return list(labels), labels
    if not isinstance(labels, list):
        return labels, {}
    names, descriptions = [], {}
    for label in labels:
        if isinstance(label, dict) and len(label) == 1:
            descriptions.update(label)
            (label,) = label
        names.append(label)
    return names, descriptions


class OneOfEachKey(yaml.SafeLoader):
    """Loads plain data only, as `safe_load` does, and refuses a key that is given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return the mapping of a node."""
        own = [key for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        keys = [self.construct_object(key, deep=True) for key in own]
        doubled = [key for place, key in enumerate(keys) if key in keys[:place]]
        if doubled:
            line = node.start_mark.line + 1
            raise yaml.YAMLError(f"key {doubled[0]!r} is given twice in the part from line {line}")
        return super().construct_mapping(node, deep=deep)


def load_config(path: str | os.PathLike[str]) -> Config:
    """Return the validated config of a YAML file.

    Relative paths in it start at the project's folder: the one that holds the config, or the one
    above where that is called `configs`.

    Raises:
        ConfigError: no such file, no YAML, an unknown or missing key, or a value that cannot be.

    >>> load_config("nowhere/spam.yaml")
    Traceback (most recent call last):
    ...
    labeling.errors.ConfigError: There is no config file 'nowhere/spam.yaml'. `labeling init` writes one.
    """
    file = Path(path)
    return config_of(_content(file), file)


def config_of(content: str, file: Path) -> Config:
    """Return the validated config of a YAML text that is, or will be, in a file; see `load_config`."""
    path = str(file)
    try:
        found = yaml.load(content, Loader=OneOfEachKey)
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"{path} must be a YAML file: {error}") from error
    if not isinstance(found, dict):
        raise ConfigError(
            f"{path} must hold keys such as `data:` and `labels:`. Got {type(found).__name__}."
        )
    _refuse_unsafe(found, str(path))
    if "root" in found:
        raise ConfigError(f"{path}: there is no key 'root'; paths start at the project's folder.")
    folder = file.resolve().parent
    root = folder.parent if folder.name == "configs" else folder
    try:
        return Config(**{"name": file.stem, **found}, root=root)
    except ValidationError as error:
        lines = [
            _sentence(one["loc"], one["type"], one["msg"], one["input"]) for one in error.errors()
        ]
        raise ConfigError(f"{path}: " + " ".join(dict.fromkeys(lines))) from error
    except TypeError as error:
        raise ConfigError(f"{path}: keys must be texts. Got {shown(found)}.") from error


def _refuse_unsafe(value: object, path: str, key: str = "") -> None:
    """Raise a ConfigError where a text of a config has characters that cannot be stored."""
    if isinstance(value, str) and (characters := unsafe_characters(value)):
        raise ConfigError(
            f"{path}: key {key!r} must have no control characters and no halves of characters. It has"
            f" {', '.join(characters)}."
        )
    if isinstance(value, dict):
        for name, part in value.items():
            _refuse_unsafe(part, path, f"{key}.{name}".lstrip("."))
    for part in value if isinstance(value, list) else ():
        _refuse_unsafe(part, path, key)


def _content(file: Path) -> str:
    try:
        if file.is_file():
            return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The config file {str(file)!r} cannot be read: {error}") from error
    raise ConfigError(f"There is no config file {str(file)!r}.{_instead_of(file)}")


def _instead_of(file: Path) -> str:
    """Return what may have been meant by a config file that is not there, and what to do."""
    others = sorted(file.parent.glob("*.yaml")) if file.parent.is_dir() else []
    if others:  # by their names: paths are alike whatever file they lead to
        found = near(file.name, [one.name for one in others])
        return found or f" There are {shown(map(str, others))}: name one with -c."
    return " `labeling init` writes one."


def _sentence(place: tuple[int | str, ...], kind: str, message: str, value: Any) -> str:
    key = ".".join(map(str, place))
    if kind == "value_error":
        sentence = message.removeprefix("Value error, ")
        return f"{sentence[0].upper()}{sentence[1:]}."
    if kind == "extra_forbidden":
        known = list(_keys_beside(place))
        return f"There is no key {key!r}.{near(place[-1], known)} Keys here are {shown(known, 20)}."
    if kind == "secret":
        return f"Key {key!r}: {message}."
    if kind == "missing":
        return f"Key {key!r} is missing."
    hint = _hint(place, value)
    must = f"{message[0].lower()}{message[1:]}".replace("tuple", "list")
    must = must.replace(" after validation", "")
    return f"Key {key!r}: {must}. Got {value!r}.{hint}"


def _hint(place: tuple[int | str, ...], value: Any) -> str:
    """Return what may have been meant by a value of another type."""
    if isinstance(value, bool):
        return " YAML reads yes, no, on and off as true and false: put quotes around them."
    if place[0] == "labels" and isinstance(value, (int, float)):
        return " A label is a text: put quotes around it."
    return ""


def _keys_beside(place: tuple[int | str, ...]) -> Iterator[str]:
    """Yield the keys that are known where an unknown one was found."""
    section: Any = Config
    for step in place[:-1]:
        field = section.model_fields[str(step)].annotation
        options = [field, *get_args(field)]
        section = next(one for one in options if isinstance(one, type) and issubclass(one, Section))
    yield from (name for name in section.model_fields if name != "root")
