"""Reading and validation of YAML config files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from labeling.config.messages import messages_of
from labeling.config.model import Config
from labeling.errors import ConfigError, listed, near
from labeling.records import unsafe_characters


class UniqueKeyLoader(yaml.SafeLoader):
    """A `SafeLoader` that raises an error for duplicate keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return the mapping of a node."""
        explicit = [key for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        keys = [self.construct_object(key, deep=True) for key in explicit]
        doubled = [key for position, key in enumerate(keys) if key in keys[:position]]
        if doubled:
            line = node.start_mark.line + 1
            raise yaml.YAMLError(f"key {doubled[0]!r} is given twice in the part from line {line}")
        return super().construct_mapping(node, deep=deep)


def load_config(path: str | os.PathLike[str]) -> Config:
    """Return the validated config of a YAML file.

    Relative paths in it start at the project's folder: the folder of the config, or its parent if
    that is called `configs`.

    Raises:
        ConfigError: the file does not exist or is not YAML, a key is unknown or missing, or a value
            is invalid.

    >>> load_config("nowhere/spam.yaml")
    Traceback (most recent call last):
    ...
    labeling.errors.ConfigError: There is no config file 'nowhere/spam.yaml'. `labeling init`
    writes one.
    """
    file = Path(path)
    return parse_config(_content(file), file)


def parse_config(content: str, file: Path) -> Config:
    """Return the validated config of the YAML text of an existing or future file."""
    path = str(file)
    try:
        values = yaml.load(content, Loader=UniqueKeyLoader)
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"{path} must be a YAML file: {error}") from error
    if not isinstance(values, dict):
        raise ConfigError(
            f"{path} must hold keys such as `data:` and `labels:`. Got {type(values).__name__}."
        )
    _refuse_unsafe(values, str(path))
    if "root" in values:
        raise ConfigError(f"{path}: there is no key 'root'; paths start at the project's folder.")
    folder = file.resolve().parent
    root = folder.parent if folder.name == "configs" else folder
    try:
        return Config(**{"name": file.stem, **values}, root=root)
    except ValidationError as error:
        messages = messages_of(error.errors())
        raise ConfigError(f"{path}: {' '.join(messages)}") from error
    except TypeError as error:
        raise ConfigError(f"{path}: keys must be texts. Got {listed(values)}.") from error


def _refuse_unsafe(value: object, path: str, key: str = "") -> None:
    """Raise a ConfigError for texts with characters that cannot be stored."""
    if isinstance(value, str) and (characters := unsafe_characters(value)):
        raise ConfigError(
            f"{path}: key {key!r} must have no control characters and no halves of characters. It"
            f" has {', '.join(characters)}."
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
    raise ConfigError(f"There is no config file {str(file)!r}.{_alternatives(file)}")


def _alternatives(file: Path) -> str:
    """Return a hint for a config file that does not exist: similar ones, or how to create one."""
    others = sorted(file.parent.glob("*.yaml")) if file.parent.is_dir() else []
    if others:  # by file name, since whole paths in one folder are always similar
        similar = near(file.name, [other.name for other in others])
        return similar or f" There are {listed(map(str, others))}: name one with -c."
    return " `labeling init` writes one."
