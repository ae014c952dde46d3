"""Credentials: finds the token of a server, and makes the HTTP client that sends it there alone."""

from __future__ import annotations

import contextlib
import logging
import os
import urllib.parse
from typing import TYPE_CHECKING

from labeling.errors import PlatformError
from labeling.label_studio.server.listener import verification_hooks
from labeling.label_studio.server.server import LocalServer, token_of
from labeling.records import is_loopback

if TYPE_CHECKING:
    import httpx

logger = logging.getLogger(__name__)

VARIABLE = "LABEL_STUDIO_API_KEY"
SERVICE = "labeling"  # in the keyring; the user name there is the server's address


def token_for(url: str, token: str | None = None) -> str:
    """Return the token for a server: a personal access token, or a legacy token.

    Args:
        url: the server's address.
        token: the token, if it was given; `None` looks in LABEL_STUDIO_API_KEY, then in the
            system's keyring, then at the local server of `labeling studio up`.

    Raises:
        PlatformError: there is no token, or it has characters that no token has.
    """
    token = token or os.environ.get(VARIABLE, "").strip() or _in_keyring(url) or token_of(url)
    if not token:
        raise PlatformError(
            f"There must be a token for Label Studio at {url}: put one into {VARIABLE}, or into the"
            f" keyring with `keyring set {SERVICE} {url}`. It is found in Label Studio under"
            " Account & Settings, Personal Access Token."
        )
    if any(not " " < character < "\x7f" for character in token):
        raise PlatformError(
            f"The token for Label Studio at {url} must be one word of printable ASCII characters,"
            f" as Label Studio shows it. The one given has {len(token)} characters, some of them"
            " others."
        )
    return token


def http_client(url: str, token: str, timeout: float) -> httpx.Client:
    """Return an HTTP client for requests with the token, which go to the server and nowhere else.

    It follows no redirects. For a server on this machine it uses no proxy; for the one of `labeling
    studio up` it verifies that each connection leads to that server's process.

    Args:
        url: the server's address.
        token: the token that will be sent.
        timeout: seconds that a request may take.
    """
    import httpx

    parts = urllib.parse.urlsplit(url)
    is_local, is_unencrypted = is_loopback(parts.hostname), parts.scheme == "http"
    if is_unencrypted and not is_local:
        logger.warning("The token is sent to %s unencrypted: use https:// to keep it secret.", url)
    is_own_server = token == token_of(url)
    return httpx.Client(
        timeout=timeout,
        # A proxy can read what is sent by http, but not what is sent by https.
        trust_env=not (is_local and is_unencrypted),
        event_hooks=verification_hooks(LocalServer().verify_connection) if is_own_server else None,
    )


def _in_keyring(url: str) -> str | None:
    import keyring

    with contextlib.suppress(
        Exception
    ):  # many machines have no keyring, and each fails in its own way
        return keyring.get_password(SERVICE, url)
    return None
