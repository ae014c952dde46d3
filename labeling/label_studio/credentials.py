"""Where the token of a server comes from: the argument, the environment, a keyring, a local server."""

from __future__ import annotations

import contextlib
import logging
import os
import urllib.parse
from typing import TYPE_CHECKING

from labeling.errors import PlatformError
from labeling.label_studio.server.listener import proof_hooks
from labeling.label_studio.server.server import LocalServer, token_of
from labeling.records import is_loopback

if TYPE_CHECKING:
    import httpx

logger = logging.getLogger(__name__)

VARIABLE = "LABEL_STUDIO_API_KEY"
SERVICE = "labeling"  # in a keyring; the name there is the server's address


def token_for(url: str, token: str | None = None) -> str:
    """Return the token for a server: a personal access token, or one of the older kind.

    Args:
        url: the server's address.
        token: if it was given; `None` looks in LABEL_STUDIO_API_KEY, then in the keyring of the
            system, then among the servers that `labeling studio up` started.

    Raises:
        PlatformError: there is none.
    """
    found = token or os.environ.get(VARIABLE, "").strip() or _in_keyring(url) or token_of(url)
    if not found:
        raise PlatformError(
            f"There must be a token for Label Studio at {url}: put one into {VARIABLE}, or into the"
            f" keyring with `keyring set {SERVICE} {url}`. It is found in Label Studio under Account &"
            " Settings, Personal Access Token."
        )
    if any(not " " < letter < "\x7f" for letter in found):
        raise PlatformError(
            f"The token for Label Studio at {url} must be one word of plain letters and signs, as"
            f" Label Studio shows it. The one given has {len(found)} characters, and others in it."
        )
    return found


def client_for(url: str, token: str, timeout: float) -> httpx.Client:
    """Return an HTTP client that carries the token to its server and nowhere else.

    It follows no redirects. Where the server is on this machine it asks no proxy; and where it is
    the one of `labeling studio up`, each connection is proven to lead to that server's process.

    Args:
        url: the server's address.
        token: what is to be sent to it.
        timeout: seconds that a request may take.
    """
    import httpx

    parts = urllib.parse.urlsplit(url)
    is_here, is_plain = is_loopback(parts.hostname), parts.scheme == "http"
    if is_plain and not is_here:
        logger.warning("The token travels to %s unencrypted: https:// would keep it secret.", url)
    # A proxy sees all of what is sent by http; what is sent by https it hands on as it is.
    is_local = token == token_of(url)
    return httpx.Client(
        timeout=timeout,
        trust_env=not (is_here and is_plain),
        event_hooks=proof_hooks(LocalServer().prove) if is_local else None,
    )


def _in_keyring(url: str) -> str | None:
    import keyring

    with contextlib.suppress(Exception):  # many machines have none, and each fails in its own way
        return keyring.get_password(SERVICE, url)
    return None
