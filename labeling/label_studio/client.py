"""The line to the server: each call's faults told apart, passing ones waited for, none repeated blindly."""

from __future__ import annotations

import functools
import json
import logging
import urllib.parse
import weakref
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
import tenacity

from labeling.errors import PlatformError, UnreachableError
from labeling.label_studio.credentials import client_for, token_for
from labeling.records import masked

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio as Client
    from label_studio_sdk.core.api_error import ApiError

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

PASSING = frozenset((408, 409, 425, 429))  # and whatever is 500 or more
FIRST_WAIT, LONGEST_WAIT = 0.25, 5.0  # seconds between tries; each wait is twice the one before
LONGEST_REST = 60.0  # seconds, whatever a server asks for


TRIES = 3  # at the least, however long each takes


class TransientError(Exception):
    """A call failed in a way that may pass, and may have done its work all the same.

    Attributes:
        rest: seconds to wait at the least: the server may still be at it, or asked for them.
        words: what Label Studio itself said of the fault; empty where it was not heard.
    """

    def __init__(self, why: str, rest: float = 0.0, words: str = "") -> None:
        super().__init__(why)
        self.rest = rest
        self.words = words


class StudioClient:
    """A line to a Label Studio server.

    The SDK would repeat whatever fails, imports too: here that is switched off. `ask` repeats, and
    is only for what may be done twice; what may not goes through `patiently`, which looks before
    each try whether it is done.

    Args:
        url: the server's address.
        token: as for `token_for`.
        timeout: seconds that one call may take.
        patience: seconds for which passing faults are waited out.

    Raises:
        PlatformError: the address is none, or there is no token.
    """

    def __init__(
        self, url: str, token: str | None = None, *, timeout: float = 60.0, patience: float = 15.0
    ) -> None:
        self.url = checked_address(url)
        self.timeout = timeout
        self.patience = patience
        self._token = token
        self._was_let_in = False
        self._secrets: set[str] = set()

    def __repr__(self) -> str:
        return f"Line({self.url!r})"

    @functools.cached_property
    def client(self) -> Client:
        """The SDK's client, which repeats nothing by itself; its connections end with the line."""
        from label_studio_sdk import LabelStudio as Client

        token = token_for(self.url, self._token)
        web = client_for(self.url, token, self.timeout)
        self._secrets = {token}
        web.event_hooks["request"].append(self._remember_secret)
        weakref.finalize(self, web.close)
        about: dict[str, Any] = {"timeout": self.timeout, "max_retries": 0, "httpx_client": web}
        # Without the slash the SDK would send a personal access token to another path of the host.
        return Client(base_url=f"{self.url}/", api_key=token, **about)  # type: ignore[no-untyped-call]  # untyped

    def _remember_secret(self, request: httpx.Request) -> None:
        """Remember what a request bears: the SDK may have changed the token for another one."""
        self._secrets.add(request.headers.get("authorization", ""))

    def ask(self, what: str, call: Callable[[Client], Answer]) -> Answer:
        """Return what a call answers, repeated while its faults are passing.

        Args:
            what: is being done, for messages: "reading the tasks".
            call: reads, or changes something in such a way that twice is the same as once.

        Raises:
            UnreachableError: the server did not answer as it should for as long as `patience`.
            PlatformError: it refused.
        """
        return self.with_retries(what, lambda: self.call(what, call))

    def with_retries(
        self, what: str, attempt: Callable[[], Answer], *, tries: int | None = None
    ) -> Answer:
        """Return what an attempt comes to, made again while its faults are passing.

        An attempt that changes something looks first whether it is done already, and makes each call
        by `call`.

        Args:
            what: is being done, for messages.
            attempt: makes one.
            tries: how many are made at the most; `None` makes them for as long as `patience`.

        Raises:
            UnreachableError: the server did not answer as it should for as long as `patience`.
            PlatformError: it refused.
        """

        def tell(state: tenacity.RetryCallState) -> None:
            logger.warning(
                "Label Studio, %s: try %d failed (%s); it is tried again.",
                *(what, state.attempt_number, _fault_of(state)),
            )

        trying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TransientError),
            wait=_wait,
            stop=self._stop if tries is None else tenacity.stop_after_attempt(tries),
            before_sleep=tell,
            reraise=True,
        )
        try:
            return trying(attempt)
        except TransientError as fault:
            if fault.words:
                raise ServerFailedError(
                    f"Label Studio at {self.url} failed at {what}: {fault}. Nothing is lost: do the"
                    " same again later, or look into the server's log.",
                    fault.words,
                ) from None
            raise UnreachableError(
                f"Label Studio at {self.url} failed at {what}: {fault}. Is the server up, and is it"
                " Label Studio that answers there? Nothing is lost: do the same again later."
            ) from None  # what it was raised from quotes headers and bodies

    @property
    def _stop(self) -> tenacity.stop.stop_base:
        enough = tenacity.stop_after_attempt(TRIES)
        return tenacity.stop_all(enough, tenacity.stop_before_delay(self.patience))

    def call(self, what: str, call: Callable[[Client], Answer]) -> Answer:
        """Return what one call answers; it is made once.

        Raises:
            PassingFault: it failed; it may have done its work all the same.
            PlatformError: the server refused.
        """
        import pydantic
        from label_studio_sdk.core.api_error import ApiError

        try:
            answer = call(self.client)
        except ApiError as error:
            fault = self._fault(what, error)
            if (
                error.status_code == 401 and self._was_let_in
            ):  # what a token was changed for may expire
                self._was_let_in = False
                del self.client
                fault = TransientError("the access token may have expired")
        except UnicodeEncodeError as error:
            words = f"half of a character ({error.object[error.start : error.end]!r})"
            fault = RefusedError(f"What is sent to Label Studio must be whole. Got {words}.", words)
        except httpx.TransportError as error:
            said = masked(" ".join(str(error).split()), self._secrets)
            rest = LONGEST_WAIT if isinstance(error, httpx.ReadTimeout) else 0.0
            fault = TransientError(f"{type(error).__name__}{': ' if said else ''}{said}", rest)
        except (httpx.StreamError, httpx.DecodingError, json.JSONDecodeError, UnicodeDecodeError,
                pydantic.ValidationError) as error:  # fmt: skip
            fault = TransientError(f"an answer that cannot be read ({type(error).__name__})")
        else:
            self._was_let_in = True
            return answer
        raise fault

    def _fault(self, what: str, error: ApiError) -> Exception:
        status = error.status_code
        said = _said(error.body, self._secrets)
        if status in (401, 403):
            return PlatformError(
                f"Label Studio at {self.url} refused at {what}: {said or f'status {status}'}. The token"
                " must be valid, and of somebody who may do this; one of the older kind must be"
                " allowed in the server's organization settings."
            )
        if status is not None and 300 <= status < 400:
            return PlatformError(
                f"Label Studio at {self.url} sends callers elsewhere"
                f"{masked(_place_named(error.headers or {}), self._secrets)} at {what}: give the address at which it answers."
            )
        if status is None or status < 400:
            return TransientError("a web page instead of data" if _is_page(error.body) else
                                "an answer that cannot be read")  # fmt: skip
        if status in PASSING or status >= 500:
            words = said if isinstance(error.body, dict) else ""  # others may stand before it
            why = f"status {status}{': ' if words else ''}{words}"
            return TransientError(why, _rest_asked_for(error.headers or {}), words)
        if status == 404:
            return NotFoundError(
                f"Label Studio at {self.url} has not what was asked for at {what}: it was deleted, or"
                " the address is not that of the server itself, without /projects/... behind it."
            )
        if status == 413:
            said = "it is too long for the server, or for a proxy before it (status 413)"
        words = said or f"status {status}"
        return RefusedError(f"Label Studio at {self.url} refused at {what}: {words}.", words)


class NotFoundError(PlatformError):
    """What was asked for is not on the server."""


class RefusedError(PlatformError):
    """The server does not take what it was given.

    Attributes:
        words: why, in its own words.
    """

    def __init__(self, message: str, words: str) -> None:
        super().__init__(message)
        self.words = words


class ServerFailedError(UnreachableError):
    """The server answers, and fails each time at what it was given.

    Attributes:
        words: what it said.
    """

    def __init__(self, message: str, words: str) -> None:
        super().__init__(message)
        self.words = words


def _fault_of(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _wait(state: tenacity.RetryCallState) -> float:
    fault = _fault_of(state)
    growing: float = tenacity.wait_exponential(multiplier=FIRST_WAIT, max=LONGEST_WAIT)(state)
    return max(growing, fault.rest if isinstance(fault, TransientError) else 0.0)


def _rest_asked_for(headers: Mapping[str, str]) -> float:
    """Return the seconds of a Retry-After header, 0 where there is none."""
    asked = _header(headers, "retry-after")
    return min(float(asked), LONGEST_REST) if asked.isdecimal() else 0.0


def _place_named(headers: Mapping[str, str]) -> str:
    """Return where a Location header leads, without what may be secret in it."""
    parts = urllib.parse.urlsplit(_header(headers, "location"))
    return f", to {parts.scheme}://{parts.hostname}{parts.path}" if parts.hostname else ""


def _header(headers: Mapping[str, str], name: str) -> str:
    return {own.lower(): value for own, value in headers.items()}.get(name, "")


def checked_address(url: str) -> str:
    """Return the address of a server as it is used: scheme, host, port and path, no slash behind.

    >>> checked_address("http://localhost:8080/")
    'http://localhost:8080'
    """
    parts = urllib.parse.urlsplit(url) if isinstance(url, str) else urllib.parse.urlsplit("")
    try:
        known = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
    except ValueError:
        known = False
    if not known or parts.username is not None or parts.password is not None:
        what = "no name or password in it" if known else "such as http://localhost:8080"
        got = "one with a name or password" if known else repr(url)
        raise PlatformError(
            f"The address of Label Studio must begin with http:// or https://, {what}. Got {got}."
        )
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))


def _is_page(body: object) -> bool:
    return isinstance(body, str) and "<" in body[:200]


def _said(body: object, secrets: Collection[str]) -> str:
    """Return what the server said in words, if it did, without secrets."""
    if isinstance(body, dict):
        parts = [body.get("detail"), body.get("validation_errors")]
        found = "; ".join(str(part) for part in parts if part)
    else:
        found = "" if _is_page(body) else str(body or "")
    # Behind these a server quotes the sample: that is nobody's business in a log.
    lines = (line for line in found.splitlines() if not line.lstrip().startswith(("LINE ", "^")))
    text = " ".join(" ".join(lines).split())
    text = text.partition("::")[0].partition("CONTEXT:")[0]
    return masked(text, secrets)[:500].rstrip(".: ")
