"""Webhooks on the server: one a project for each address that listens, gone when it stops."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from labeling.errors import PlatformError
from labeling.label_studio.client import NotFoundError, StudioClient
from labeling.label_studio.webhook_receiver import HEADER

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio as Client

logger = logging.getLogger(__name__)

ACTIONS = ("ANNOTATION_CREATED", "ANNOTATION_UPDATED", "ANNOTATIONS_DELETED")
REFUSED = "reserved network address"  # what the server says of an address that it sends nothing to


@contextlib.contextmanager
def listening(
    line: StudioClient, project_ids: Iterable[int], hook_url: str, secret: str
) -> Iterator[None]:
    """Have the server tell an address of each annotation that is made, changed or deleted.

    Args:
        line: to the server.
        project_ids: of which projects.
        hook_url: where it is told; older webhooks of the same address are removed.
        secret: what the server says to be known.

    Raises:
        PlatformError: the server sends nothing to this address.
        UnreachableError: the server does not answer.
    """
    with contextlib.ExitStack() as stack:
        for own in project_ids:
            _register(line, own, hook_url, secret)
            stack.callback(_remove_at_last, line, own, hook_url)
        yield


def _register(line: StudioClient, project_id: int, hook_url: str, secret: str) -> None:
    what = f"asking to be told of news of project {project_id}"

    def create(client: Client) -> object:
        return client.webhooks.create(
            project=project_id,
            url=hook_url,
            actions=ACTIONS,
            headers={HEADER: secret},
            send_payload=False,
            send_for_all_actions=False,
        )

    def attempt() -> None:
        _remove(line, project_id, hook_url)  # that of an attempt whose answer was lost, too
        line.call(what, create)

    try:
        line.with_retries(what, attempt)
    except PlatformError as error:
        if REFUSED not in str(error):
            raise
        raise PlatformError(
            f"Label Studio at {line.url} sends no webhooks to {hook_url}: it refuses addresses of its"
            " own machine and network. For a server on this machine, start it with the setting"
            " SSRF_PROTECTION_ENABLED=false (`labeling studio up` does so); or go without, and"
            " poll: `labeling run --watch`."
        ) from error


def _remove(line: StudioClient, project_id: int, hook_url: str) -> None:
    what = f"removing webhooks of project {project_id}"
    # The SDK wants the id as text.
    found: Any = line.call(what, lambda client: client.webhooks.list(project=str(project_id)))
    for own in [one.id for one in found if one.url == hook_url and one.id is not None]:
        with contextlib.suppress(NotFoundError):
            line.call(what, lambda client, own=own: client.webhooks.delete(own))  # type: ignore[misc]  # inferred


def _remove_at_last(line: StudioClient, project_id: int, hook_url: str) -> None:
    """Remove a webhook; one that stays does little harm, since nobody listens there."""
    try:
        line.with_retries("removing a webhook", lambda: _remove(line, project_id, hook_url))
    except PlatformError as error:
        logger.warning("The webhook to %s was not removed: %s", hook_url, error)
