"""Buckets: samples chosen along any axes: vote, gold label, label model, conflict, slice."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import DataError, UnknownLabelError, counted, near, quoted
from labeling.notebook.function_set import VotedLF
from labeling.notebook.measures import conflicting
from labeling.notebook.moment import Codes, Moment
from labeling.notebook.rows import SampleRows, VoteColumn
from labeling.records import ABSTAIN, LabelSchema, positions
from labeling.rendering.formatting import clipped

Bools = npt.NDArray[np.bool_]
Value = str | int | Collection[str | int] | None
Slice = pd.Series | npt.NDArray[np.bool_] | Callable[[pd.DataFrame], Any] | None

ANY = "any"
LONGEST = 60
"""Characters of the labels in a title."""


def bucket_of(
    moment: Moment,
    voted: VotedLF | None,
    vote: Value,
    gold: Value,
    model: Value,
    conflict_with: VotedLF | None,
    slice: Slice,
) -> SampleRows:
    """Return the samples of a bucket; meaning and errors are those of `Workbench.bucket`."""
    schema, conditions = moment.schema, []
    chosen = np.ones(len(moment), dtype=bool)
    if vote is not None:
        chosen &= _voted(
            moment, voted, wanted_codes(vote, schema, "vote", _words(schema, "abstain"))
        )
        conditions.append(condition_of("vote", vote))
    elif voted is not None:
        chosen &= voted.codes != ABSTAIN
    if gold is not None:
        chosen &= np.isin(moment.gold, wanted_codes(gold, schema, "gold", _words(schema, "none")))
        conditions.append(condition_of("gold", gold))
    if model is not None:
        chosen &= np.isin(
            moment.model_codes(), wanted_codes(model, schema, "model", _words(schema, "none"))
        )
        conditions.append(condition_of("model", model))
    if conflict_with is not None:
        chosen &= _conflicts(moment, voted, conflict_with)
        conditions.append(f"in conflict with {conflict_with.name}")
    if slice is not None:
        chosen &= sliced(moment.samples, slice)
        conditions.append("in the slice")
    return _rows(moment, voted, conflict_with, chosen, conditions)


def _rows(
    moment: Moment,
    voted: VotedLF | None,
    other: VotedLF | None,
    chosen: Bools,
    conditions: list[str],
) -> SampleRows:
    at = moment.ordered(np.flatnonzero(chosen))
    columns = [VoteColumn("vote", voted.name, voted.codes)] if voted is not None else []
    if other is not None:
        columns.append(VoteColumn("other_vote", other.name, other.codes))
    used = tuple(one for one in (voted, other) if one is not None)
    name = "samples" if voted is None else voted.name
    what = ", ".join([name, *conditions])
    return SampleRows(
        f"{what} ({counted(len(at), 'sample')} of {len(moment):,})",
        _sentences(moment),
        moment,
        at,
        tuple(columns),
        used if used else moment.functions.functions,
        tuple(one.name for one in used),
    )


def _sentences(moment: Moment) -> tuple[str, ...]:
    if moment.n_gold:
        return ()
    return ("There is no dev set: Workbench(..., gold=...) gives gold labels.",)


def _voted(moment: Moment, voted: VotedLF | None, wanted: list[int]) -> Bools:
    """Return where a function, or any function, voted so; abstaining: where all abstain."""
    if voted is not None:
        return np.isin(voted.codes, wanted)
    array = moment.array
    found = np.isin(array, [code for code in wanted if code >= 0]).any(axis=1)
    is_uncovered = (array == ABSTAIN).all(axis=1)
    return np.asarray(found | (is_uncovered & (ABSTAIN in wanted)))


def _conflicts(moment: Moment, voted: VotedLF | None, other: VotedLF) -> Bools:
    n_labels = len(moment.schema)
    if voted is not None:
        return conflicting(voted.codes, other.codes[:, None], n_labels)
    others = moment.others(other.name).array(len(moment))
    return conflicting(other.codes, others, n_labels)


def _words(schema: LabelSchema, missing: str) -> dict[str, list[int]]:
    """Return the codes of words that stand for no single label."""
    return {missing: [ABSTAIN], ANY: list(range(len(schema)))}


def wanted_codes(
    value: Value, schema: LabelSchema, axis: str, words: Mapping[str, list[int]]
) -> list[int]:
    """Return the codes that a value of an axis stands for; a label's name comes first.

    Args:
        value: a label, -1, one of the words, or a list of these.
        schema: the labels.
        axis: the name of the argument.
        words: words that are no labels, and the codes for which each stands.

    Raises:
        UnknownLabelError: it is none of these, or an empty list.
    """
    if value == ABSTAIN and not isinstance(value, (str, bool)):
        return [ABSTAIN]
    if isinstance(value, (list, tuple, set, frozenset)):
        if not value:
            raise UnknownLabelError(f"`{axis}` must be a label or several. Got an empty list.")
        return sorted({code for item in value for code in wanted_codes(item, schema, axis, words)})
    if isinstance(value, str) and value not in schema.labels:
        if value in words:
            return words[value]
        names = [*schema.labels, *words]
        raise UnknownLabelError(
            f"`{axis}` must be one of {', '.join(map(quoted, names))}, or several of them as a"
            f" list. Got {quoted(value)}.{near(value, names)}"
        )
    return [schema.index(value)]


def condition_of(axis: str, value: Value) -> str:
    """Return a condition in words."""
    several = isinstance(value, (list, tuple, set, frozenset))
    names = sorted(map(str, value)) if several else [str(value)]  # type: ignore[arg-type]
    return f"{axis} = {clipped(' or '.join(names), LONGEST)}"


def sliced(samples: pd.DataFrame, slice: Slice) -> Bools:
    """Return which samples are in a slice.

    Args:
        samples: index = ids.
        slice: a boolean Series by sample id, an array in the order of the samples, or a function
            from the samples to one of these.

    Raises:
        DataError: it is something else, of another length, or lacks samples.
    """
    given: Any = slice(samples) if callable(slice) else slice
    if isinstance(given, pd.Series):
        if not given.index.is_unique:
            raise DataError("`slice` must have each sample id once in its index.")
        at = positions(given.index, samples.index, "the samples", "those of `slice`")
        given = given.iloc[at]
        if given.isna().any():
            raise DataError(
                f"`slice` must be True or False for each sample. {int(given.isna().sum()):,} are"
                " missing: decide on them with .fillna(False)."
            )
        given = given.to_numpy()
    is_bool = all(isinstance(one, (bool, np.bool_)) for one in given) if _is_list(given) else False
    if not is_bool or len(given) != len(samples):
        raise DataError(
            "`slice` must be a boolean Series by sample id, or as many bools as there are samples"
            f" ({len(samples):,}), or a function that returns one of these. Got"
            f" {quoted(given) if not _is_list(given) else f'{len(given):,} values'}."
        )
    return np.fromiter((bool(one) for one in given), dtype=bool, count=len(given))


def _is_list(given: object) -> bool:
    return isinstance(given, (list, tuple)) or (isinstance(given, np.ndarray) and given.ndim == 1)


def errors_of(moment: Moment, voted: VotedLF | None) -> SampleRows:
    """Return samples of the dev set with a wrong vote, the most confident first.

    Args:
        moment: what the workbench holds.
        voted: whose votes; `None` takes the label model's labels.
    """
    codes: Codes = moment.model_codes() if voted is None else voted.codes
    known = (codes != ABSTAIN) & (moment.gold != ABSTAIN)
    at = np.flatnonzero(known & (codes != moment.gold))
    soft = moment.soft()
    keys: list[npt.NDArray[Any]] = []
    if soft is not None:  # rounded, so that the order of summation decides nothing
        keys.append(-np.round(soft.array[at, codes[at]], 6))
    name = "The label model" if voted is None else voted.name
    sentences = list(_sentences(moment))
    if moment.n_gold:
        sentences.append(f"Right on the dev set: {moment.accuracy(codes)}.")
    title = f"{name} differs from the dev set on {counted(len(at), 'sample')} of {known.sum():,}"
    return SampleRows(
        title if moment.n_gold else "Errors are known on a dev set only",
        tuple(sentences),
        moment,
        moment.ordered(at, *keys),
        () if voted is None else (VoteColumn("vote", "vote", voted.codes),),
        moment.functions.functions if voted is None else (voted,),
        () if voted is None else (voted.name,),
    )


def conflicts_of(moment: Moment, first: VotedLF, second: VotedLF | None) -> SampleRows:
    """Return samples on which a function differs from another one, or from any other."""
    n_labels = len(moment.schema)
    others = moment.others(first.name).array(len(moment))
    array = others if second is None else second.codes[:, None]
    at = moment.ordered(np.flatnonzero(conflicting(first.codes, array, n_labels)))
    with_whom = "other functions" if second is None else second.name
    columns = [VoteColumn("vote", first.name, first.codes)]
    sentences = list(_sentences(moment))
    used = (first,) if second is None else (first, second)
    if second is not None:
        columns.append(VoteColumn("other_vote", second.name, second.codes))
    if moment.n_gold:
        in_conflict = np.isin(np.arange(len(moment)), at)
        sentences += [
            f"{one.name} is right in these conflicts on the dev set:"
            f" {moment.accuracy(np.where(in_conflict, one.codes, ABSTAIN))}."
            for one in used
        ]
    return SampleRows(
        f"{first.name} in conflict with {with_whom} ({counted(len(at), 'sample')})",
        tuple(sentences),
        moment,
        at,
        tuple(columns),
        used,
        tuple(one.name for one in used),
    )
