"""Samples, given gold labels and the locked test split of a project."""

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
from labeling.errors import ConfigError, DataError, counted, listed, noun
from labeling.project.fingerprints import TRIES, digest_of_files, digest_of_text, stamp_of
from labeling.project.given_gold import given_gold
from labeling.project.imported_gold import imported_gold, with_imported_gold
from labeling.records import (
    MISSING_TEXT,
    Annotation,
    EventKind,
    LabelSchema,
    is_label_of,
    label_in_words,
    live_annotations,
    missing_texts_sentence,
    replaced_sentence,
    uniform_by_id,
    with_texts,
)
from labeling.rendering import Displayed
from labeling.sources import (
    files_at,
    is_address,
    kind_of,
    local_files,
    read_clean_samples,
)
from labeling.store import Store

logger = logging.getLogger(__name__)

BoolArray = npt.NDArray[np.bool_]
LOCK = 20_111_953  # the salt of the test split: another seed must not unlock it


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ProjectData(Displayed):
    """The data of a project.

    Attributes:
        samples: those to label, index = ids; without the column of gold labels, and without the
            samples of the test split.
        dev: gold labels of some of them: they teach the models, measure them by cross-fitting, and
            win in the training set.
        test: the samples of the test split, also those whose gold label is no longer given.
        test_gold: their gold labels.
        digest: a fingerprint of the files.
        left_out: index = samples that are not used, column `reason`.
        notices: what differs from the files, a sentence each.
        raw_texts: the original texts of samples in whose text characters were replaced.
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
    """Reads a project's samples and gold labels, and again when their files have changed.

    Args:
        config: names the files.
        schema: the labels.
        store: holds what is locked, and imported gold labels.
        locked: the locked test split as it was; `None` draws it.
    """

    def __init__(
        self,
        config: Config,
        schema: LabelSchema,
        store: Store,
        locked: Collection[Hashable] | None = None,
    ) -> None:
        self._locked = locked
        self._config = config
        self._schema = schema
        self._store = store
        gold = gold_file(config)
        self._sources = [config.source(config.data.path), *([] if gold is None else [gold])]
        self._stamp: object = None
        self._data: ProjectData | None = None

    def read(self) -> ProjectData:
        """Return the samples and gold labels.

        Raises:
            DataError: a file or column is missing, or ids and texts are not what they must be.
            UnknownLabelError: a gold label that the schema does not have.
        """
        for _ in range(TRIES):
            stamp = self._current_stamp()
            if self._data is not None and stamp == self._stamp:
                return self._data
            with self._store.stage("reading the samples"), contextlib.ExitStack() as fetched:
                files = [fetched.enter_context(local_files(source)) for source in self._sources]
                digest = digest_of_files([file for group in files for file in group])
                data = self._read(digest, files[0])
            if stamp == self._current_stamp():
                self._data, self._stamp = data, stamp
                return data
        raise DataError("The files of the samples change while they are read; try again.")

    def _current_stamp(self) -> object:
        """Return a value that changes when the files do; addresses are fetched once a process."""
        files = [
            file for source in self._sources if not is_address(source) for file in files_at(source)
        ]
        return files, stamp_of(files), imported_gold(self._store)

    def _read(self, digest: str, files: list[Path]) -> ProjectData:
        section = self._config.data
        all_samples, replaced, duplicate_notices = read_clean_samples(
            self._sources[0], section.ids, section.text, files
        )
        samples, has_text = with_texts(all_samples, section.text, section.missing_text)
        missing = all_samples.index[all_samples[section.text].isna()]
        notices = (
            *duplicate_notices,
            replaced_sentence(replaced),
            missing_texts_sentence(missing, len(all_samples), section.text, section.missing_text),
        )
        if not len(samples):
            raise DataError(f"There must be a sample with a text. {notices[-1]}")
        samples, gold = self._with_gold(samples, all_samples)
        is_test, is_locked = self._test_split(samples, gold)
        return ProjectData(
            samples=samples[~is_locked],
            dev=gold[~is_test],
            test=samples[is_locked],
            test_gold=gold[is_test],
            digest=digest,
            left_out=pd.DataFrame({"reason": MISSING_TEXT}, index=all_samples.index[~has_text]),
            notices=tuple(filter(None, notices)),
            raw_texts={
                text.sample_id: text.raw for text in replaced if text.column == section.text
            },
        )

    def _with_gold(
        self, samples: pd.DataFrame, all_samples: pd.DataFrame
    ) -> tuple[pd.DataFrame, pd.Series]:
        """Return the samples without their column of gold labels, and the gold labels."""
        gold = pd.Series(dtype=object)
        source = self._config.data.gold
        if source is not None:
            file = gold_file(self._config)
            id_column = str(all_samples.index.name)
            text = self._config.data.text
            gold = given_gold(source, file, id_column, all_samples, self._schema, text)
            gold = gold[gold.index.isin(samples.index)]
            if file is None:
                samples = samples.drop(columns=source)
        return samples, with_imported_gold(gold, self._store, samples, self._schema)

    def _test_split(self, samples: pd.DataFrame, gold: pd.Series) -> tuple[BoolArray, BoolArray]:
        """Return which gold labels, and which samples, are in the locked test split."""
        share = self._config.data.locked
        if self._locked is None:
            locked, seen = _locked_and_seen(self._store)
        else:
            locked = sorted(self._locked, key=repr)
            seen = gold.index[~gold.index.isin(locked)].tolist()
        is_test: BoolArray = np.zeros(len(gold), dtype=bool)
        if len(gold):
            # A sample that people have seen can no longer test.
            is_drawn = uniform_by_id(gold.index, LOCK) < share
            is_test = (is_drawn & ~gold.index.isin(seen)) | gold.index.isin(locked)
        is_locked: BoolArray = samples.index.isin([*locked, *gold[is_test].index])
        if is_locked.all():
            raise ConfigError(
                "Some samples must be left to label. All are in the locked test split: give more"
                f" samples, or lower `locked` of `data` (now {share:g}) in a new project."
            )
        return is_test, is_locked


def _locked_and_seen(store: Store) -> tuple[list[Hashable], list[Hashable]]:
    """Return the samples that were locked before, and those that were sent or have annotations."""
    if not store.ready():
        return [], []
    hidden = (event.sample_id for event in store.events.all([EventKind.GOLD_ASKED]))
    seen = [*store.batches.chosen(), *store.ledger.sample_ids(), *hidden]
    return sorted(store.facts.locked_samples(), key=repr), seen


def gold_file(config: Config) -> Path | str | None:
    """Return the file of gold labels; `None` where they are a column, or there are none."""
    source = config.data.gold
    if source is None or kind_of(source) is None:
        return None
    return config.source(source)


def missing_or_changed(
    ids: Collection[Hashable],
    samples: pd.DataFrame,
    text: str,
    digests: Mapping[Hashable, str],
    raw_texts: Mapping[Hashable, str],
) -> tuple[list[Hashable], list[Hashable]]:
    """Return which of these samples are missing, and of which people were shown another text.

    Args:
        ids: samples that have annotations or were sent.
        samples: the project's samples.
        text: the column of the text.
        digests: of the texts that were sent.
        raw_texts: the original texts of samples in whose text characters were replaced: earlier
            versions replaced none, and have shown these.
    """
    index = pd.Index(list(ids), dtype=None if len(ids) else object)
    rows = samples.index.get_indexer(index)
    missing = [sample_id for sample_id, row in zip(index, rows, strict=True) if row < 0]
    present = [(sample_id, row) for sample_id, row in zip(index, rows, strict=True) if row >= 0]
    texts = samples[text].iloc[[int(row) for _, row in present]].tolist()
    changed = [
        sample_id
        for (sample_id, _), current in zip(present, texts, strict=True)
        if sample_id in digests
        and digests[sample_id]
        not in map(digest_of_text, {current, raw_texts.get(sample_id, current)})
    ]
    return missing, changed


def current_annotations(
    annotations: Collection[Annotation],
    schema: LabelSchema,
    find_missing_or_changed: Callable[
        [Collection[Hashable]], tuple[list[Hashable], list[Hashable]]
    ],
) -> tuple[Annotation, ...]:
    """Return the last annotation of each person on each sample, if sample and label still exist.

    It warns of those that are left out.
    """
    live = live_annotations(annotations)
    sample_ids = list(dict.fromkeys(annotation.sample_id for annotation in live))
    missing, changed = find_missing_or_changed(sample_ids)
    _warn_of_left_out(missing, "is no longer among the samples", "are no longer among the samples")
    _warn_of_left_out(changed, "has another text now", "have another text now")
    left_out = {*missing, *changed}
    live = tuple(annotation for annotation in live if annotation.sample_id not in left_out)
    unknown = [
        label_in_words(annotation.label)
        for annotation in live
        if annotation.label is not None and not is_label_of(annotation.label, schema)
    ]
    if not unknown:
        return live
    logger.warning(
        "%s labels that the config does not have (%s), and %s left out. Put the labels back into"
        " `labels` to count them again.",
        counted(len(unknown), "annotation has", "annotations have"),
        listed(sorted(set(unknown))),
        noun(len(unknown), "is", "are"),
    )
    return tuple(
        annotation
        for annotation in live
        if annotation.label is None or is_label_of(annotation.label, schema)
    )


def _warn_of_left_out(sample_ids: Collection[Hashable], singular: str, plural: str) -> None:
    """Warn of annotated samples whose annotations are left out, and say why."""
    n = len(sample_ids)
    if n:
        logger.warning(
            "%s with annotations %s, and %s left out: %s. The annotations stay in the ledger.",
            counted(n, "sample"),
            noun(n, singular, plural),
            noun(n, "is", "are"),
            listed(sorted(sample_ids, key=repr)),
        )
