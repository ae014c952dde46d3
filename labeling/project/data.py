"""A project's samples, the gold labels it was given, and the test split that stays locked."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.config import Config
from labeling.errors import ConfigError, DataError, counted, noun, shown
from labeling.project.fingerprints import TRIES, digest_of_files, digest_of_text, stamp_of
from labeling.project.imported_gold import imported_gold, with_imported_gold
from labeling.records import (
    MISSING_TEXT,
    Annotation,
    LabelSchema,
    checked_ids,
    gold_codes,
    live_annotations,
    missing_texts_sentence,
    positions,
    replaced_sentence,
    require_column,
    shares_by_id,
    with_texts,
)
from labeling.sources import (
    files_at,
    is_address,
    kind_of,
    local_files,
    read_clean_samples,
    read_table,
)
from labeling.store import Store

logger = logging.getLogger(__name__)

LOCK = 20_111_953  # the salt of the test split: another seed must not unlock it


@dataclass(frozen=True, slots=True, eq=False)
class ProjectData:
    """What the files of a project hold.

    Attributes:
        samples: those to label, index = ids; without the column of gold labels, and without the
            samples of the test split.
        dev: gold labels of some of them: they teach the models, measure them by cross-fitting, and
            win in the training set.
        test: the samples of the test split, also those whose gold label is no longer given.
        test_gold: their gold labels.
        digest: a fingerprint of the files.
        left_out: index = samples that are not used, column `reason`.
        notices: what is not as the files have it, a sentence each.
        raw_texts: of samples in whose text characters were replaced, the text that the files hold.
    """

    samples: pd.DataFrame
    dev: pd.Series
    test: pd.DataFrame
    test_gold: pd.Series
    digest: str
    left_out: pd.DataFrame
    notices: tuple[str, ...] = ()
    raw_texts: Mapping[Hashable, str] = field(default_factory=dict)


class DataFiles:
    """Reads a project's samples and gold labels, and again when their files have changed."""

    def __init__(self, config: Config, schema: LabelSchema, store: Store) -> None:
        self._config = config
        self._schema = schema
        self._store = store
        gold = gold_file(config)
        self._places = [config.source(config.data.path), *([] if gold is None else [gold])]
        self._stamp: object = None
        self._data: ProjectData | None = None

    def read(self) -> ProjectData:
        """Return what the files hold.

        Raises:
            DataError: a file or column is missing, or ids and texts are not what they must be.
            UnknownLabelError: a gold label that the schema does not have.
        """
        for _ in range(TRIES):
            stamp = self._stamp_now()
            if self._data is not None and stamp == self._stamp:
                return self._data
            with self._store.stage("reading the samples"), contextlib.ExitStack() as fetched:
                files = [fetched.enter_context(local_files(place)) for place in self._places]
                digest = digest_of_files([file for some in files for file in some])
                found = self._read(digest, files[0])
            if stamp == self._stamp_now():
                self._data, self._stamp = found, stamp
                return found
        raise DataError("The files of the samples change while they are read; try again.")

    def _stamp_now(self) -> object:
        """Return what changes when files do; what lies at an address is fetched once a process."""
        files = [file for one in self._places if not is_address(one) for file in files_at(one)]
        return files, stamp_of(files), imported_gold(self._store)

    def _read(self, digest: str, files: list[Path]) -> ProjectData:
        config = self._config
        samples, replaced, doubled = read_clean_samples(
            self._places[0], config.data.ids, config.data.text, files
        )
        everything, how = samples, config.data.missing_text
        samples, there = with_texts(everything, config.data.text, how)
        missing = everything.index[everything[config.data.text].isna()]
        notices = (
            *doubled,
            replaced_sentence(replaced),
            missing_texts_sentence(missing, len(everything), config.data.text, how),
        )
        if not len(samples):
            raise DataError(f"There must be a sample with a text. {notices[-1]}")
        locked, met = _remembered(self._store)
        gold = pd.Series(dtype=object)
        if config.data.gold is not None:
            source, file = config.data.gold, gold_file(config)
            gold = given_gold(source, file, str(everything.index.name), everything, self._schema)
            gold = gold[gold.index.isin(samples.index)]
            if file is None:
                samples = samples.drop(columns=source)
        gold = with_imported_gold(gold, self._store, samples, self._schema)
        is_test: npt.NDArray[np.bool_] = np.zeros(len(gold), dtype=bool)
        if len(gold):
            # What people have met already cannot test any more.
            drawn = shares_by_id(gold.index, LOCK) < config.data.locked
            is_test = (drawn & ~gold.index.isin(met)) | gold.index.isin(locked)
        test_gold = gold[is_test]
        hidden = samples.index.isin([*locked, *test_gold.index])
        if hidden.all():
            raise ConfigError(
                "Some samples must be left to label. All are in the locked test split: give more"
                f" samples, or lower `locked` of `data` (now {config.data.locked:g}) in a new project."
            )
        return ProjectData(
            samples[~hidden],
            gold[~is_test],
            samples[hidden],
            test_gold,
            digest,
            pd.DataFrame({"reason": MISSING_TEXT}, index=everything.index[~there]),
            tuple(filter(None, notices)),
            {one.sample_id: one.raw for one in replaced if one.column == config.data.text},
        )


def _remembered(store: Store) -> tuple[list[Hashable], list[Hashable]]:
    """Return the samples that were locked before, and those that people were asked about or spoke of."""
    if not store.ready():
        return [], []
    met = [*store.batches.chosen(), *store.ledger.sample_ids()]
    return sorted(store.history.locked(), key=repr), met


def given_gold(
    source: str, file: Path | str | None, id: str, samples: pd.DataFrame, schema: LabelSchema
) -> pd.Series:
    """Return gold labels as names, index = ids in the samples' order.

    Args:
        source: what the config calls them: a column of the samples, or a file.
        file: where that file is; `None` for a column.
        id: the file's column of ids.
        samples: those that they are of, index = ids.
        schema: the labels.

    Raises:
        DataError: a file or column is missing, or there is no gold label, or one of no sample.
        UnknownLabelError: a gold label that the schema does not have.
    """
    if file is not None:
        table = read_table(file, id)
        for column in (id, "label"):
            require_column(table, column, f"gold labels in {source}")
        table = table[table["label"].notna()]
        ids = checked_ids(pd.Index(table[id]), f"The ids of gold labels in {source}")
        positions(samples.index, ids, f"the gold labels in {source}", "the samples")
        found = pd.Series(table["label"].tolist(), index=ids, dtype=object)
    else:
        require_column(samples, source, "gold labels (`gold` of `data`)")
        found = samples[source].astype(object).dropna()
    if not len(found):
        raise DataError(f"There must be at least one gold label. {source!r} of `data` holds none.")
    names = [schema.recorded(label) for label in found.tolist()]
    named = pd.Series(names, index=found.index, dtype=object)
    codes = gold_codes(named, samples.index, schema)
    there = codes >= 0
    return pd.Series(
        [schema.labels[code] for code in codes[there]], index=samples.index[there], dtype=object
    )


def gold_file(config: Config) -> Path | str | None:
    """Return the file of gold labels; `None` where they are a column, or there are none."""
    source = config.data.gold
    if source is None or kind_of(source) is None:
        return None
    return config.source(source)


def lost_samples(
    ids: Collection[Hashable],
    samples: pd.DataFrame,
    text: str,
    digests: Mapping[Hashable, str],
    raw_texts: Mapping[Hashable, str],
) -> tuple[list[Hashable], list[Hashable]]:
    """Return which of these samples are gone, and of which another text was shown to people.

    Args:
        ids: samples that people spoke of or were asked about.
        samples: the project's.
        text: the column of the text.
        digests: of the texts that people were to be shown.
        raw_texts: of samples in whose text characters were replaced, the text before: versions that
            replaced none have shown it.
    """
    index = pd.Index(list(ids), dtype=None if len(ids) else object)
    rows = samples.index.get_indexer(index)
    gone = [one for one, row in zip(index, rows, strict=True) if row < 0]
    there = [(one, row) for one, row in zip(index, rows, strict=True) if row >= 0]
    now = samples[text].iloc[[int(row) for _, row in there]].tolist()
    changed = [
        one
        for (one, _), its in zip(there, now, strict=True)
        if one in digests
        and digests[one] not in map(digest_of_text, {its, raw_texts.get(one, its)})
    ]
    return gone, changed


def usable(
    said: Collection[Annotation],
    schema: LabelSchema,
    lost: Callable[[Collection[Hashable]], tuple[list[Hashable], list[Hashable]]],
) -> tuple[Annotation, ...]:
    """Return what each person last said of samples and labels that still are; warn of the rest."""
    live = live_annotations(said)
    gone, changed = lost(list(dict.fromkeys(one.sample_id for one in live)))
    for some, what in (
        (gone, ("is no longer among the samples", "are no longer among the samples")),
        (changed, ("has another text now", "have another text now")),
    ):
        if some:
            logger.warning(
                "%s that people spoke of %s, and %s left out: %s. What was said stays in the ledger.",
                *(counted(len(some), "sample"), noun(len(some), *what)),
                *(noun(len(some), "is", "are"), shown(sorted(some, key=repr))),
            )
    away = {*gone, *changed}
    there = [one for one in live if one.sample_id not in away]
    unknown = [one for one in there if one.label is not None and one.label not in schema.labels]
    if unknown:
        logger.warning(
            "%s labels that the config does not have (%s), and %s left out. Put the labels back into"
            " `labels` to count what was said again.",
            *(
                counted(len(unknown), "annotation bears", "annotations bear"),
                shown(sorted({str(one.label) for one in unknown})),
            ),
            noun(len(unknown), "is", "are"),
        )
        return tuple(one for one in there if one.label is None or one.label in schema.labels)
    return tuple(there)
