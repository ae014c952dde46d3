"""HTTP client of `service`: counted retries, a pause if the service is down, an on-disk cache."""

from __future__ import annotations

import datetime
import email.utils
import functools
import hashlib
import json
import logging
import os
import time
import urllib.parse
import weakref
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

import httpx
import tenacity

from labeling.errors import LabelingError, LabelingFunctionError
from labeling.functions.cache import SqliteCache
from labeling.functions.credentials import revealed
from labeling.records import is_loopback, location_of, masked

if TYPE_CHECKING:
    from labeling.functions.services import Endpoint

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")
TRANSIENT_STATUS = (429, 500, 502, 503, 504)
"""Statuses that a retry may cure."""
BACKOFF = 0.5
"""The first retry is made at once, the second after twice these seconds; each wait then doubles."""
LONGEST_BACKOFF = 120.0
LONGEST_RETRY_AFTER = 60.0
"""Seconds to wait at most, whatever a Retry-After header asks for."""
FAILURES_UNTIL_PAUSE = 5
"""Consecutive failed requests after which a service counts as down."""
PAUSE = 60.0
"""Seconds for which a service that is down gets no requests."""


def ask_service(endpoint: Endpoint, body: object, parse: Callable[[Any], Answer]) -> Answer:
    """Return the answer of a service to a question, from the cache if it is there.

    Args:
        endpoint: the service.
        body: the question, sent as JSON.
        parse: returns the answer for the JSON of a response; any exception means that the response
            is invalid. Such a response is not cached, and one that was cached is requested again.

    Raises:
        LabelingFunctionError: the request failed for good, or the response is invalid.
    """
    headers = {
        key: revealed(value, f"header {key!r} of service {endpoint.name!r}")
        for key, value in endpoint.headers
    }
    secrets = _secrets(endpoint, headers)
    content = _as_json(endpoint, body, secrets)
    client = _client(endpoint, os.getpid())
    cached = client.cached(content)
    if cached is not None:
        parsed = _Parsed(cached, parse, secrets)
        if parsed.is_valid:
            return parsed.answer
    text = client.post(content, headers, secrets)
    parsed = _Parsed(text, parse, secrets)
    if not parsed.is_valid:
        got = _quoted(text, secrets)
        _fail(
            endpoint, f"must answer with JSON that `answer` understands. Got {got}", parsed.problem
        )
    if masked(text, secrets) == text:
        client.store(content, text)
    return parsed.answer


class _Parsed(Generic[Answer]):
    """What the text of a response means.

    Attributes:
        answer: the parsed answer, if the response is valid.
        problem: why it is invalid; empty if it is valid.
    """

    answer: Answer

    def __init__(self, text: str, parse: Callable[[Any], Answer], secrets: Collection[str]) -> None:
        self.problem = ""
        try:
            decoded = json.loads(text)
        except json.JSONDecodeError:
            self.problem = "it is not JSON"
            return
        except RecursionError as error:
            self.problem = repr(error)
            return
        try:
            self.answer = parse(decoded)
        except Exception as error:  # noqa: BLE001  # `answer` is the user's, and may raise anything
            line = location_of(error)
            problem = str(error) if isinstance(error, LabelingError) else repr(error)
            problem = f"{problem} ({line})" if line else problem
            self.problem = masked(problem, secrets)[:500].rstrip(".")

    @property
    def is_valid(self) -> bool:
        return not self.problem


PLAIN_HEADERS = frozenset(
    {"accept", "accept-charset", "accept-encoding", "accept-language", "content-type", "user-agent"}
)
SHORTEST_SECRET = 4
"""Characters of a secret that is written in the code; shorter values are settings, such as "1"."""


def _secrets(endpoint: Endpoint, headers: Mapping[str, str]) -> list[str]:
    """Return the values that must not be shown: those of the headers and of the url's query."""
    literals = {key for key, value in endpoint.headers if value == headers[key]}
    query = urllib.parse.parse_qsl(urllib.parse.urlsplit(endpoint.url).query, True)
    secrets = [value for _, value in query if len(value) >= SHORTEST_SECRET]
    for key, value in headers.items():
        is_setting = key in literals and len(value) < SHORTEST_SECRET
        if key.lower() not in PLAIN_HEADERS and not is_setting:
            secrets.append(value)
    return secrets


def _quoted(text: str, secrets: Collection[str]) -> str:
    """Return the beginning of a text, masked before it is cut: half a secret is not recognized."""
    return repr(masked(text, secrets)[:200])


def _as_json(endpoint: Endpoint, body: object, secrets: Collection[str]) -> bytes:
    try:
        return json.dumps(body, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        got, problem = masked(repr(body), secrets)[:200], masked(str(error), secrets)
    raise LabelingFunctionError(
        f"{endpoint.description} must be asked with what JSON can hold: {problem}. Got {got};"
        " `ask` may change it."
    )


def _fail(endpoint: Endpoint, what: str, reason: str) -> NoReturn:
    raise LabelingFunctionError(f"{endpoint.description} {what}: {reason}.") from None


class _TransientError(Exception):
    """A request failed in a way that a retry may cure.

    Attributes:
        retry_after: seconds that the service asks to wait; `None` if it does not say.
    """

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class _Client:
    """Connections to a service, its cache, and how many requests in a row have failed."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._cache: SqliteCache | None = None
        if endpoint.cache is not None:
            self._cache = SqliteCache(endpoint.cache, f"service {endpoint.name!r}")
            self._cache.check_writable()  # before anything is asked that could not be stored
        self._failures = 0
        self._paused_until = 0.0
        self._last_failure = ""
        host = urllib.parse.urlsplit(endpoint.url).hostname or ""
        url_host = f"[{host}]" if ":" in host else host
        self._http = httpx.Client(
            timeout=endpoint.timeout,
            # Without state: an answer must not depend on the samples before it.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            # A service on this machine is asked directly: a proxy would see the headers.
            mounts={f"all://{url_host}": None} if is_loopback(host) else None,
        )
        weakref.finalize(self, self._http.close)

    def cached(self, content: bytes) -> str | None:
        """Return the stored response to a question, or `None`."""
        stored = None if self._cache is None else self._cache.get(self._key(content))
        if stored is None:
            return None
        try:
            return str(json.loads(stored)["response"])
        except (ValueError, KeyError, TypeError):
            return None

    def store(self, content: bytes, response: str) -> None:
        """Store the response to a question; neither headers nor the url's query are written."""
        if self._cache is not None:
            stored = json.dumps({"url": self.endpoint.public_url, "response": response})
            self._cache.put(self._key(content), stored, replace=True)

    def _key(self, content: bytes) -> bytes:
        """Return the hash of a question: the whole url, and the exact body."""
        method_and_url = json.dumps(["POST", self.endpoint.url]).encode()
        return hashlib.sha256(method_and_url + b"\n" + content).digest()

    def post(self, content: bytes, headers: Mapping[str, str], secrets: Collection[str]) -> str:
        """Return the text of the response to a question, after retries if needed."""
        endpoint = self.endpoint
        if time.monotonic() < self._paused_until:
            what = (
                f"is not asked for a minute, since {FAILURES_UNTIL_PAUSE} requests in a row failed"
            )
            _fail(endpoint, what, self._last_failure)
        sent_headers = _encoded(endpoint, {"Content-Type": "application/json", **headers})
        # Errors are raised after the `except` clauses: what they come from quotes the whole url.
        try:
            with _masked_logs(secrets):
                response = self._retrying()(self._attempt, content, sent_headers)
        except _TransientError as error:
            reason = str(error)
        except (httpx.RequestError, httpx.InvalidURL) as error:
            reason = type(error).__name__
        else:
            if response.status_code == httpx.codes.OK:
                self._failures = 0
                return response.text
            quote = _quoted(response.text, secrets)
            _fail(endpoint, "refused", f"status {response.status_code}, {quote}")
        self._count_failure(reason)
        _fail(endpoint, f"failed {endpoint.retries + 1} times", reason)

    def _count_failure(self, reason: str) -> None:
        self._failures, self._last_failure = self._failures + 1, reason
        if self._failures >= FAILURES_UNTIL_PAUSE:
            self._failures, self._paused_until = 0, time.monotonic() + PAUSE

    def _attempt(self, content: bytes, headers: httpx.Headers) -> httpx.Response:
        try:
            response = self._http.post(self.endpoint.url, content=content, headers=headers)
        except (httpx.LocalProtocolError, httpx.UnsupportedProtocol):
            raise  # the request itself is at fault
        except httpx.TimeoutException:
            reason, retry_after = f"no answer within {self.endpoint.timeout:g} s", None
        except httpx.RequestError as error:
            reason, retry_after = type(error).__name__, None  # its text quotes the url
        else:
            if response.status_code not in TRANSIENT_STATUS:
                return response
            reason, retry_after = f"status {response.status_code}", _retry_after(response)
        raise _TransientError(reason, retry_after)

    def _retrying(self) -> tenacity.Retrying:
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_TransientError),
            wait=_wait,
            stop=tenacity.stop_after_attempt(self.endpoint.retries + 1),
            before_sleep=self._log_retry,
            reraise=True,
        )

    def _log_retry(self, state: tenacity.RetryCallState) -> None:
        logger.warning(
            "%s: try %d of %d failed (%s), trying again",
            self.endpoint.description,
            state.attempt_number,
            self.endpoint.retries + 1,
            state.outcome.exception() if state.outcome else None,
        )


@functools.lru_cache(maxsize=64)
def _client(endpoint: Endpoint, process: int) -> _Client:
    """Return the client of a service; a forked process makes one of its own."""
    return _Client(endpoint)


def _encoded(endpoint: Endpoint, headers: Mapping[str, str]) -> httpx.Headers:
    """Return encoded headers; a later one replaces an earlier one, ignoring case."""
    encoded = httpx.Headers()
    for key, value in headers.items():
        try:
            encoded.update({key.encode("latin-1"): value.encode("latin-1")})
        except UnicodeEncodeError:
            break
    else:
        return encoded
    raise LabelingFunctionError(
        f"Header {key!r} of service {endpoint.name!r} must be a text in Latin-1. Got other"
        " characters."
    )


def _wait(state: tenacity.RetryCallState) -> float:
    """Return the seconds until the next try."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, _TransientError) and error.retry_after is not None:
        return error.retry_after
    retry = state.attempt_number
    return 0.0 if retry == 1 else min(BACKOFF * 2.0 ** (retry - 1), LONGEST_BACKOFF)


def _retry_after(response: httpx.Response) -> float | None:
    """Return the seconds of a Retry-After header, a number or a date; `None` without one."""
    text = response.headers.get("retry-after", "").strip()
    if text.isdecimal():
        return min(float(text), LONGEST_RETRY_AFTER)
    try:
        date = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    date = date if date.tzinfo else date.replace(tzinfo=datetime.UTC)
    seconds = (date - datetime.datetime.now(datetime.UTC)).total_seconds()
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


TRANSPORT_LOGGERS = tuple(
    f"httpcore.{part}" for part in ("connection", "http11", "http2", "proxy", "socks")
)


@contextmanager
def _masked_logs(secrets: Collection[str]) -> Iterator[None]:
    """Mask secrets in what httpx logs, and drop what its transport logs: all headers."""

    def mask(record: logging.LogRecord) -> bool:
        record.msg, record.args = masked(record.getMessage(), secrets), ()
        return True

    def drop(_: logging.LogRecord) -> bool:
        return False

    filters = {"httpx": mask, **dict.fromkeys(TRANSPORT_LOGGERS, drop)}
    for name, log_filter in filters.items():
        logging.getLogger(name).addFilter(log_filter)
    try:
        yield
    finally:
        for name, log_filter in filters.items():
            logging.getLogger(name).removeFilter(log_filter)
