"""The tests on data of a project: its limits, tests of its own, and new data to compare with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from labeling.config import Config
from labeling.errors import LoadError, listed, repeated
from labeling.project.data import gold_file
from labeling.records import AnyVotes, LabelingFunction, LabelSchema, with_texts
from labeling.sources import local_files, read_clean_samples

if TYPE_CHECKING:
    from labeling.datasets.data_tests import DataTest, DataTestSettings


def data_test_settings(config: Config) -> DataTestSettings:
    """Return the limits of a config.

    Raises:
        LabelingError: a limit is out of range.
    """
    from labeling.datasets.data_tests import DataTestSettings

    section = config.data_tests
    given = section.model_dump(exclude={"own", "schema_file"})
    schema = None if section.schema_file is None else config.at(section.schema_file)
    return DataTestSettings.of({**given, "schema": schema, "text": config.data.text})


def own_data_tests(config: Config) -> list[DataTest]:
    """Return the tests that the files of a config define, in order.

    Raises:
        LoadError: a file cannot be loaded, defines no test, or two tests have one name.
    """
    from labeling.datasets.data_tests import DataTest
    from labeling.functions.loading import run_file

    tests: list[DataTest] = []
    for name in config.data_tests.own:
        file = config.at(name).absolute()
        if file.suffix != ".py" or not file.is_file():
            raise LoadError(
                f"`own` of `data_tests` must name Python files. Got {name!r}, which is none."
            )
        values = vars(run_file(file)).values()
        defined = list(dict.fromkeys(value for value in values if isinstance(value, DataTest)))
        if not defined:
            raise LoadError(
                f"{name} must define at least one test: put @lb.data_test above a function. It"
                " defines none."
            )
        tests += defined
    doubled = repeated(test.name for test in tests)
    if doubled:
        raise LoadError(
            f"Tests on data must have different names. Given twice: {listed(doubled)}; rename one."
        )
    return tests


def read_new_samples(config: Config, path: str | os.PathLike[str]) -> tuple[pd.DataFrame, int]:
    """Return new samples with the columns of the project's, and how many had no text.

    Args:
        config: says which columns hold ids, texts and gold labels.
        path: of a file, a folder, or an address.

    Raises:
        DataError: it cannot be read, or a column is missing.
    """
    section = config.data
    source = str(path) if "://" in str(path) else Path(path)
    with local_files(source) as files:
        read, _, _ = read_clean_samples(source, section.ids, section.text, files)
    samples, has_text = with_texts(read, section.text, section.missing_text)
    if section.gold is not None and gold_file(config) is None:
        samples = samples.drop(columns=section.gold, errors="ignore")
    return samples, int((~has_text).sum())


def votes_of(
    config: Config, lfs: list[LabelingFunction], samples: pd.DataFrame, schema: LabelSchema
) -> AnyVotes:
    """Return the votes of a project's functions on samples; faults are recorded."""
    from labeling.engine import apply_to_frame

    return apply_to_frame(
        lfs,
        samples,
        schema,
        workers=config.workers,
        timeout=config.timeout,
        on_error="record",
        text=config.data.text,
    )
