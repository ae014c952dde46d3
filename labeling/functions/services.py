"""`service`: an HTTP service, such as a legacy system, as a labeling function."""

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
from labeling.records import VOTING_SCHEMA, LabelingFunction, is_whole_number, vote_code


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The address of a service and how it is asked; plain data, so that any process can ask it."""

    name: str
    url: str
    headers: tuple[tuple[str, Secret], ...]
    timeout: float
    retries: int
    cache: str | None

    @property
    def public_url(self) -> str:
        """The url without its query, which may hold a key."""
        parts = urllib.parse.urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}{parts.path}"

    @property
    def description(self) -> str:
        """The service's name and address, for messages."""
        return f"Service {self.name!r} at {self.public_url}"


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

    It abstains, without a request, if the value is missing. Transient failures (no connection, a
    time-out, status 429, 500, 502, 503, 504) are retried, and each retry is logged as a warning; a
    failure that lasts is a fault of the sample. After five requests in a row that failed, the
    service counts as down: for a minute each sample is a fault at once.

    Args:
        name: its name.
        url: the address of the service. Credentials and the query are never shown.
        column: the column whose value is sent; with several columns, `ask` gets a dict.
        ask: returns what is sent as JSON for a value; `None` sends `{column: value}`.
        answer: returns a label or a `(label, confidence)` pair for the JSON of a response; `None`
            takes `["label"]`, and with a threshold `["confidence"]`.
        labels: from the service's answers to labels of the schema; `None` for "abstain".
        threshold: the least confidence with which it votes, 0 to 1.
        batch_size: how many values a request carries; `ask` then gets a list of them, and `answer`
            returns a list of that length. `None`: one value per request, better for a cache.
        headers: sent with each request. Give a token as `"env:NAME"` of an environment variable, or
            as a function that returns it, so that it is not in the code.
        timeout: seconds to wait for the connection, and for each part of the response.
        retries: how often a request is retried.
        cache: the path of an SQLite file with past responses (as JSON; never values of headers), so
            that no question is sent twice; `None` caches nothing. A response is cached only if it
            is valid and quotes no secret.
        reason: why it is to be trusted, in the expert's words; it becomes the docstring.

    Raises:
        LabelingFunctionError: the url or a number cannot be used; or, when it is applied, the
            request fails for good or the response is invalid.
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
    need("httpx", "tenacity", extra="http")
    check_threshold(name, threshold)
    cache_path = None if cache is None else str(Path(cache).absolute())
    endpoint = Endpoint(name, url, tuple((headers or {}).items()), timeout, retries, cache_path)
    _check_endpoint(endpoint)
    if batch_size is not None and not _is_whole(batch_size, 1):
        raise LabelingFunctionError(
            f"`batch_size` of {name!r} must be a whole number from 1, or None. Got {batch_size!r}."
        )
    is_batched = batch_size is not None
    voter = _ServiceVoter(
        endpoint,
        _value_reader(column),
        ask or _DefaultQuestion(column, is_batched),
        answer or _DefaultAnswer(threshold > 0, is_batched),
        batch_size,
        threshold,
        labels,
    )
    return _labeling_function(voter, column, reason)


def _labeling_function(
    voter: _ServiceVoter, column: str | Sequence[str], reason: str | None
) -> LabelingFunction:
    name = voter.endpoint.name

    def votes(rows: Sequence[Any]) -> list[Vote | None]:
        return voter.votes(rows)

    def vote(x: Any) -> Vote | None:
        return voter.votes([x])[0]

    vote.__doc__ = reason or f"Votes as {voter.endpoint.public_url} answers."
    vote.__name__ = vote.__qualname__ = name
    columns = [column] if isinstance(column, str) else list(column)
    # Row by row if batches gain nothing: a fault then costs no second request.
    return LabelingFunction(name, vote, batch=votes if voter.batch_size else None, reads=columns)


@dataclass(frozen=True, slots=True)
class _ServiceVoter:
    """Turns values into requests, and responses into votes."""

    endpoint: Endpoint
    read_value: Callable[[Any], Any]
    ask: Callable[[Any], Any]
    answer: Callable[[Any], Any]
    batch_size: int | None
    threshold: float
    labels: Mapping[Any, Vote | None] | None

    def votes(self, rows: Sequence[Any]) -> list[Vote | None]:
        """Return the vote on each row; `None` if its value is missing."""
        values = list(map(self.read_value, rows))
        present = [value for value in values if value is not None]
        size = self.batch_size or 1
        batches = (present[start : start + size] for start in range(0, len(present), size))
        votes = (vote for batch in batches for vote in self._votes_of_request(batch))
        return [None if value is None else next(votes) for value in values]

    def _votes_of_request(self, values: list[Any]) -> list[Vote | None]:
        from labeling.functions.http_client import ask_service  # its packages load when it is used

        is_batched = self.batch_size is not None
        schema = VOTING_SCHEMA.get()

        def parse(response: Any) -> list[Vote | None]:
            answers = self.answer(response) if is_batched else [self.answer(response)]
            pairs = pairs_of_answers(self.endpoint.name, answers, self.threshold)
            if len(pairs) != len(values):
                raise LabelingFunctionError(
                    f"it gave {len(pairs)} answers for {len(values)} values"
                )
            votes = [
                vote_of(self.endpoint.name, label, confidence, self.threshold, self.labels)
                for label, confidence in pairs
            ]
            if schema is not None:
                for vote in votes:
                    vote_code(vote, schema)
            return votes

        question = self.ask(values if is_batched else values[0])
        return ask_service(self.endpoint, question, parse)


class _DefaultQuestion:
    """Asks with `{column: value}`, or with the dict of several columns."""

    def __init__(self, column: str | Sequence[str], is_batched: bool) -> None:
        self.column, self.is_batched = column, is_batched

    def __call__(self, value: Any) -> Any:
        return list(map(self._question, value)) if self.is_batched else self._question(value)

    def _question(self, value: Any) -> Any:
        return {self.column: value} if isinstance(self.column, str) else value


class _DefaultAnswer:
    """Reads `{"label": ..., "confidence": ...}`."""

    def __init__(self, has_confidence: bool, is_batched: bool) -> None:
        self.has_confidence, self.is_batched = has_confidence, is_batched

    def __call__(self, response: Any) -> Any:
        return list(map(self._answer, response)) if self.is_batched else self._answer(response)

    def _answer(self, response: Any) -> Any:
        label = response["label"]
        return (label, response["confidence"]) if self.has_confidence else label


def _value_reader(column: str | Sequence[str]) -> Callable[[Any], Any]:
    """Return a function that reads the value to send from a row; `None` if it is missing."""
    if isinstance(column, str):
        read = reader(column)
        return lambda x: None if is_missing(value := read(x)) else value
    readers = {name: reader(name) for name in column}

    def values(x: Any) -> dict[str, Any] | None:
        read_values = {name: read(x) for name, read in readers.items()}
        present = {
            name: None if is_missing(value) else value for name, value in read_values.items()
        }
        return present if any(value is not None for value in present.values()) else None

    return values


def _check_endpoint(endpoint: Endpoint) -> None:
    name, timeout, retries = endpoint.name, endpoint.timeout, endpoint.retries
    parts = urllib.parse.urlsplit(endpoint.url)
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
    if not _is_whole(retries, 0) or isinstance(timeout, bool) or not timeout > 0:
        raise LabelingFunctionError(
            f"Service {name!r} must have a `timeout` above 0 seconds, and `retries` from 0. Got"
            f" {timeout!r} and {retries!r}."
        )


def _is_whole(value: object, least: int) -> bool:
    return is_whole_number(value) and value >= least
