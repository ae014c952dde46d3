"""`service`: a legacy system that answers over HTTP, as a labeling function."""

from __future__ import annotations

import os
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labeling.errors import LabelingFunctionError
from labeling.functions.classifiers import check_threshold, pairs_of_answers, vote_of
from labeling.functions.credentials import Secret, need
from labeling.functions.row_access import Vote, is_missing, reader
from labeling.records import VOTING_SCHEMA, LabelingFunction, vote_code


@dataclass(frozen=True, slots=True)
class Address:
    """Where a service is and how it is asked; plain data, so that any process can ask it."""

    name: str
    url: str
    shown: str
    """The url without its query, which may hold a key."""
    headers: tuple[tuple[str, Secret], ...]
    timeout: float
    retries: int
    cache: str | None

    @property
    def says(self) -> str:
        """The beginning of a message about it."""
        return f"Service {self.name!r} at {self.shown}"


def service(
    name: str,
    url: str,
    *,
    column: str | Sequence[str] = "text",
    ask: Callable[[Any], Any] | None = None,
    answer: Callable[[Any], Any] | None = None,
    labels: Mapping[Any, Vote | None] | None = None,
    threshold: float = 0.0,
    batch_size: int | None = None,
    headers: Mapping[str, Secret] | None = None,
    timeout: float = 10.0,
    retries: int = 3,
    cache: str | os.PathLike[str] | None = None,
    reason: str | None = None,
) -> LabelingFunction:
    """Return a labeling function that asks an HTTP service: JSON by POST, JSON back.

    It abstains, without asking, where the value is missing. What can pass (no connection, a
    time-out, status 429, 500, 502, 503, 504) is tried again, and each retry is logged as a
    warning; what lasts is a fault of the sample. After five requests in a row that failed for good
    the service is taken to be down, and for a minute each sample is a fault at once.

    Args:
        name: its name.
        url: where it answers. Neither credentials nor the query are ever shown.
        column: the column whose value it is asked about; with several, it gets a dict.
        ask: from that value to what is sent as JSON; `None` sends `{column: value}`.
        answer: from the JSON that came to a label or a `(label, confidence)` pair; `None` takes
            `["label"]`, and with a threshold `["confidence"]`.
        labels: what the service's answers are called in the schema; `None` for "abstain".
        threshold: the confidence from which on it votes, 0 to 1.
        batch_size: how many values a request carries; `ask` then gets their list, and `answer`
            gives a list as long. `None`: one value a request, which serves a cache better.
        headers: sent with each request. A token is named as `"env:NAME"` of an environment
            variable, or given by a function, so that it stands in no code.
        timeout: seconds to wait for the connection, and for each part of the answer.
        retries: how often a request is tried again.
        cache: the path of an SQLite file that keeps answers (as JSON; never headers' values), so
            that nothing is asked twice; `None` keeps none. Kept is only what is a vote, and quotes
            no secret.
        reason: why it is to be trusted, in the expert's words; it becomes the docstring.

    Raises:
        LabelingFunctionError: the url or a number cannot be used; or, when it is asked, the
            service fails for good or answers what is no answer.
        MissingExtraError: the packages of the extra `http` are not installed.

    >>> legacy = service(
    ...     "legacy",
    ...     "http://localhost:9/classify?key=hidden",
    ...     answer=lambda got: got["class"],
    ...     labels={"S": "spam", "H": "ham"},
    ...     headers={"Authorization": "env:LEGACY_TOKEN"},
    ... )
    >>> legacy.__doc__
    'Votes as http://localhost:9/classify answers.'
    """
    need("requests", "requests_cache")
    check_threshold(name, threshold)
    address = _address(name, url, headers or {}, timeout, retries, cache)
    if batch_size is not None and not _whole(batch_size, 1):
        raise LabelingFunctionError(
            f"`batch_size` of {name!r} must be a whole number from 1, or None. Got {batch_size!r}."
        )
    columns = [column] if isinstance(column, str) else list(column)
    value_of = _value_reader(column)
    many = batch_size is not None
    talk = _Talk(
        address,
        ask or _Plainly(column, many),
        answer or _Labeled(threshold > 0, many),
        many,
        threshold,
        labels,
    )

    def votes(rows: Sequence[Any]) -> list[Vote | None]:
        values = list(map(value_of, rows))
        there = [value for value in values if value is not None]
        step = batch_size or 1
        parts = (there[start : start + step] for start in range(0, len(there), step))
        given = (vote for part in parts for vote in talk.votes(part))
        return [None if value is None else next(given) for value in values]

    def vote(x: Any) -> Vote | None:
        return votes([x])[0]

    vote.__doc__ = reason or f"Votes as {address.shown} answers."
    vote.__name__ = vote.__qualname__ = name
    # One by one where nothing is gained by batches: a fault then costs no second question.
    return LabelingFunction(name, vote, batch=votes if batch_size else None, reads=columns)


@dataclass(frozen=True, slots=True)
class _Talk:
    """How values become a question, and its answer a label and confidence for each."""

    address: Address
    ask: Callable[[Any], Any]
    answer: Callable[[Any], Any]
    many: bool
    threshold: float
    labels: Mapping[Any, Vote | None] | None

    def votes(self, values: list[Any]) -> list[Vote | None]:
        from labeling.functions.http_client import answers  # costs what only asking need pay

        schema = VOTING_SCHEMA.get()

        def understood(got: Any) -> list[Vote | None]:
            given = self.answer(got) if self.many else [self.answer(got)]
            pairs = pairs_of_answers(self.address.name, given, self.threshold)
            if len(pairs) != len(values):
                raise LabelingFunctionError(
                    f"it gave {len(pairs)} answers for {len(values)} values"
                )
            votes = [
                vote_of(self.address.name, label, sure, self.threshold, self.labels)
                for label, sure in pairs
            ]
            if schema is not None:
                for vote in votes:
                    vote_code(vote, schema)
            return votes

        return answers(self.address, self.ask(values if self.many else values[0]), understood)


class _Plainly:
    """Asks with `{column: value}`."""

    def __init__(self, column: str | Sequence[str], many: bool) -> None:
        self.column, self.many = column, many

    def __call__(self, value: Any) -> Any:
        return [self._one(one) for one in value] if self.many else self._one(value)

    def _one(self, value: Any) -> Any:
        return {self.column: value} if isinstance(self.column, str) else value


class _Labeled:
    """Understands `{"label": ..., "confidence": ...}`."""

    def __init__(self, sure: bool, many: bool) -> None:
        self.sure, self.many = sure, many

    def __call__(self, got: Any) -> Any:
        return [self._one(one) for one in got] if self.many else self._one(got)

    def _one(self, got: Any) -> Any:
        return (got["label"], got["confidence"]) if self.sure else got["label"]


def _value_reader(column: str | Sequence[str]) -> Callable[[Any], Any]:
    """Return what reads the value to ask about; `None` where there is none."""
    if isinstance(column, str):
        read = reader(column)
        return lambda x: None if is_missing(value := read(x)) else value
    readers = {one: reader(one) for one in column}

    def values(x: Any) -> dict[str, Any] | None:
        given = {one: read(x) for one, read in readers.items()}
        there = {one: None if is_missing(value) else value for one, value in given.items()}
        return there if any(value is not None for value in there.values()) else None

    return values


def _address(
    name: str,
    url: str,
    headers: Mapping[str, Secret],
    timeout: float,
    retries: int,
    cache: str | os.PathLike[str] | None,
) -> Address:
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise LabelingFunctionError(
            f"The url of service {name!r} must begin with http:// or https:// and a host. Got"
            f" {parts.scheme or 'no scheme'!r} and {parts.hostname or 'no host'!r}."
        )
    if parts.username or parts.password:
        raise LabelingFunctionError(
            f"The url of service {name!r} must hold no credentials. Give them as"
            ' headers={"Authorization": "env:NAME"}, from an environment variable.'
        )
    if not _whole(retries, 0) or isinstance(timeout, bool) or not timeout > 0:
        raise LabelingFunctionError(
            f"Service {name!r} must have a `timeout` above 0 seconds, and `retries` from 0. Got"
            f" {timeout!r} and {retries!r}."
        )
    shown = f"{parts.scheme}://{parts.netloc}{parts.path}"
    kept = None if cache is None else str(Path(cache).absolute())
    return Address(name, url, shown, tuple(headers.items()), timeout, retries, kept)


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
