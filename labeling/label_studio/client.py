"""Client for the Label Studio API: classifies errors, retries transient ones, and never repeats a
non-idempotent request blindly.
"""

from __future__ import annotations

import functools
import json
import logging
import urllib.parse
import weakref
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, TypeVar

import httpx
import tenacity

from labeling.errors import PlatformError, UnreachableError
from labeling.label_studio.credentials import http_client, token_for
from labeling.records import masked

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio as Sdk
    from label_studio_sdk.core.api_error import ApiError

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

TRANSIENT_STATUSES = frozenset((408, 409, 425, 429))  # besides 500 and above
FIRST_WAIT, LONGEST_WAIT = 0.25, 5.0  # seconds between attempts; each wait doubles the last
MAX_RETRY_AFTER = 60.0  # seconds; the most that is waited for a Retry-After header
MIN_ATTEMPTS = 3  # made in any case, however long each takes


class TransientError(Exception):
    """A request failed in a way that may pass; the server may have processed it all the same.

    Attributes:
        retry_after: the minimum number of seconds to wait: the server may still be busy with the
            request, or it asked for this pause.
        detail: Label Studio's own error message; empty if there is none.
    """

    def __init__(self, message: str, retry_after: float = 0.0, detail: str = "") -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.detail = detail


class StudioClient:
    """A client for one Label Studio server.

    The SDK would retry every failed request, imports included; this is switched off. Idempotent
    requests are retried by `request_idempotent`. Others are made by `request_once`, inside an
    attempt of `with_retries` that first checks whether an earlier attempt has succeeded.

    Args:
        url: the server's address.
        token: as for `token_for`.
        timeout: seconds that a request may take.
        retry_for: seconds for which transient errors are retried.

    Raises:
        PlatformError: the address is invalid, or there is no token.
    """

    def __init__(
        self, url: str, token: str | None = None, *, timeout: float = 60.0, retry_for: float = 15.0
    ) -> None:
        self.url = normalized_url(url)
        self.timeout = timeout
        self.retry_for = retry_for
        self._token = token
        self._was_authorized = False
        self._secrets: set[str] = set()

    def __repr__(self) -> str:
        return f"StudioClient({self.url!r})"

    @functools.cached_property
    def sdk(self) -> Sdk:
        """The SDK's client without its own retries; its connections close with this object."""
        from label_studio_sdk import LabelStudio as Sdk

        token = token_for(self.url, self._token)
        http = http_client(self.url, token, self.timeout)
        self._secrets = {token}
        http.event_hooks["request"].append(self._remember_secret)
        weakref.finalize(self, http.close)
        # Without the slash the SDK would send a personal access token to another path of the host.
        return Sdk(  # type: ignore[no-untyped-call]  # untyped
            base_url=f"{self.url}/",
            api_key=token,
            timeout=self.timeout,
            max_retries=0,
            httpx_client=http,
        )

    def _remember_secret(self, request: httpx.Request) -> None:
        """Remember the credentials of a request: the SDK may exchange the token for another one."""
        self._secrets.add(request.headers.get("authorization", ""))

    def request_idempotent(self, action: str, request: Callable[[Sdk], Result]) -> Result:
        """Return the result of a request, which is retried after transient errors.

        Args:
            action: what is done, for messages: "reading the tasks".
            request: reads, or makes a change whose repetition has no further effect.

        Raises:
            UnreachableError: transient errors went on for longer than `retry_for`.
            PlatformError: the server refused.
        """
        return self.with_retries(action, lambda: self.request_once(action, request))

    def with_retries(
        self, action: str, attempt: Callable[[], Result], *, max_attempts: int | None = None
    ) -> Result:
        """Return the result of an attempt, which is repeated after transient errors.

        An attempt that changes something first checks whether an earlier one has succeeded, and
        makes each request by `request_once`.

        Args:
            action: what is done, for messages.
            attempt: the function to call.
            max_attempts: how often it is called at most; `None` repeats it for `retry_for` seconds.

        Raises:
            UnreachableError: transient errors went on for longer than `retry_for`.
            PlatformError: the server refused.
        """

        def log_retry(state: tenacity.RetryCallState) -> None:
            logger.warning(
                "Label Studio, %s: attempt %d failed (%s); retrying.",
                action,
                state.attempt_number,
                _error_of(state),
            )

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TransientError),
            wait=_wait,
            stop=self._stop if max_attempts is None else tenacity.stop_after_attempt(max_attempts),
            before_sleep=log_retry,
            reraise=True,
        )
        try:
            return retrying(attempt)
        except TransientError as error:
            if error.detail:
                raise ServerFailedError(
                    f"Label Studio at {self.url} failed at {action}: {error}. Nothing is lost:"
                    " repeat the command later, or look into the server's log.",
                    error.detail,
                ) from None
            raise UnreachableError(
                f"Label Studio at {self.url} failed at {action}: {error}. Is the server up, and is"
                " it Label Studio that answers there? Nothing is lost: repeat the command later."
            ) from None  # its cause quotes headers and bodies

    @property
    def _stop(self) -> tenacity.stop.stop_base:
        return tenacity.stop_all(
            tenacity.stop_after_attempt(MIN_ATTEMPTS), tenacity.stop_before_delay(self.retry_for)
        )

    def request_once(self, action: str, request: Callable[[Sdk], Result]) -> Result:
        """Return the result of a request that is made once.

        Raises:
            TransientError: it failed; the server may have processed it all the same.
            PlatformError: the server refused.
        """
        import pydantic
        from label_studio_sdk.core.api_error import ApiError

        try:
            result = request(self.sdk)
        except ApiError as error:
            failure = self._classified(action, error)
            if error.status_code == 401 and self._was_authorized:
                # The access token that the SDK got for a personal access token expires.
                self._was_authorized = False
                del self.sdk
                failure = TransientError("the access token may have expired")
        except UnicodeEncodeError as error:
            detail = f"an unpaired surrogate ({error.object[error.start : error.end]!r})"
            failure = RefusedError(
                f"Text sent to Label Studio must be valid Unicode. Got {detail}.", detail
            )
        except httpx.TransportError as error:
            detail = masked(" ".join(str(error).split()), self._secrets)
            retry_after = LONGEST_WAIT if isinstance(error, httpx.ReadTimeout) else 0.0
            failure = TransientError(
                f"{type(error).__name__}{': ' if detail else ''}{detail}", retry_after
            )
        except (
            httpx.StreamError,
            httpx.DecodingError,
            json.JSONDecodeError,
            UnicodeDecodeError,
            pydantic.ValidationError,
        ) as error:
            failure = TransientError(f"an unreadable response ({type(error).__name__})")
        else:
            self._was_authorized = True
            return result
        raise failure

    def _classified(self, action: str, error: ApiError) -> Exception:
        """Return the exception for an error response: transient, missing, or refused."""
        status = error.status_code
        message = _message_in(error.body, self._secrets)
        if status in (401, 403):
            return PlatformError(
                f"Label Studio at {self.url} refused at {action}: {message or f'status {status}'}."
                " The token must be valid, and its user must be allowed to do this; a legacy token"
                " must be enabled in the server's organization settings."
            )
        if status is not None and 300 <= status < 400:
            target = masked(_redirect_target(error.headers or {}), self._secrets)
            return PlatformError(
                f"Label Studio at {self.url} redirects{target} at {action}: give the address at"
                " which it answers."
            )
        if status is None or status < 400:
            is_page = _is_page(error.body)
            return TransientError(
                "a web page instead of data" if is_page else "an unreadable response"
            )
        if status in TRANSIENT_STATUSES or status >= 500:
            detail = message if isinstance(error.body, dict) else ""  # otherwise a proxy's
            summary = f"status {status}{': ' if detail else ''}{detail}"
            return TransientError(summary, _retry_after(error.headers or {}), detail)
        if status == 404:
            return NotFoundError(
                f"Label Studio at {self.url} has no such object at {action}: it was deleted, or the"
                " address is not that of the server itself, without /projects/... behind it."
            )
        if status == 413:
            message = "it is too long for the server, or for a proxy before it (status 413)"
        detail = message or f"status {status}"
        return RefusedError(f"Label Studio at {self.url} refused at {action}: {detail}.", detail)


class NotFoundError(PlatformError):
    """The requested object is not on the server."""


class RefusedError(PlatformError):
    """The server does not accept the data of a request.

    Attributes:
        detail: the server's own error message.
    """

    def __init__(self, message: str, detail: str) -> None:
        super().__init__(message)
        self.detail = detail


class ServerFailedError(UnreachableError):
    """The server answers, but fails at the data of a request each time.

    Attributes:
        detail: the server's own error message.
    """

    def __init__(self, message: str, detail: str) -> None:
        super().__init__(message)
        self.detail = detail


def _error_of(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _wait(state: tenacity.RetryCallState) -> float:
    error = _error_of(state)
    backoff: float = tenacity.wait_exponential(multiplier=FIRST_WAIT, max=LONGEST_WAIT)(state)
    return max(backoff, error.retry_after if isinstance(error, TransientError) else 0.0)


def _retry_after(headers: Mapping[str, str]) -> float:
    """Return the seconds of a Retry-After header, 0 if there is none."""
    seconds = _header(headers, "retry-after")
    return min(float(seconds), MAX_RETRY_AFTER) if seconds.isdecimal() else 0.0


def _redirect_target(headers: Mapping[str, str]) -> str:
    """Return the target of a Location header, without the parts that may be secret."""
    parts = urllib.parse.urlsplit(_header(headers, "location"))
    return f" to {parts.scheme}://{parts.hostname}{parts.path}" if parts.hostname else ""


def _header(headers: Mapping[str, str], name: str) -> str:
    return {key.lower(): value for key, value in headers.items()}.get(name, "")


def normalized_url(url: str) -> str:
    """Return a server's address as scheme, host, port and path, without a trailing slash.

    Raises:
        PlatformError: the address is invalid, or it contains a name or password.

    >>> normalized_url("http://localhost:8080/")
    'http://localhost:8080'
    """
    parts = urllib.parse.urlsplit(url) if isinstance(url, str) else urllib.parse.urlsplit("")
    try:
        is_valid = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
    except ValueError:
        is_valid = False
    if not is_valid or parts.username is not None or parts.password is not None:
        required = "no name or password in it" if is_valid else "such as http://localhost:8080"
        got = "one with a name or password" if is_valid else repr(url)
        raise PlatformError(
            f"The address of Label Studio must begin with http:// or https://, {required}."
            f" Got {got}."
        )
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))


def _is_page(body: object) -> bool:
    return isinstance(body, str) and "<" in body[:200]


def _message_in(body: object, secrets: Collection[str]) -> str:
    """Return the error message in a response body, without secrets; empty if there is none."""
    if isinstance(body, dict):
        parts = [body.get("detail"), body.get("validation_errors")]
        message = "; ".join(str(part) for part in parts if part)
    else:
        message = "" if _is_page(body) else str(body or "")
    # Behind these a server quotes the sample, which must not get into a log.
    lines = (line for line in message.splitlines() if not line.lstrip().startswith(("LINE ", "^")))
    text = " ".join(" ".join(lines).split())
    text = text.partition("::")[0].partition("CONTEXT:")[0]
    return masked(text, secrets)[:500].rstrip(".: ")
