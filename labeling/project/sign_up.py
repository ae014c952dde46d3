"""Sign-up link for annotators that leads on to the label stream of their project."""

from __future__ import annotations

import os
from urllib.parse import quote, urlsplit

from labeling.config import load_config
from labeling.errors import LabelingError
from labeling.project.links import work_links
from labeling.project.status import store_of


def sign_up_link(invite: str, stream: str | None) -> str:
    """Return the address to sign up at, which redirects to the label stream if there is one.

    Args:
        invite: the server's sign-up address.
        stream: the annotators' label stream; `None` where no project is known.

    >>> stream = "http://localhost:8080/projects/3/data?labeling=1"
    >>> sign_up_link("http://127.0.0.1:8080/user/signup/?token=x", stream)
    'http://127.0.0.1:8080/user/signup/?token=x&next=/projects/3/data%3Flabeling%3D1'
    """
    if stream is None:
        return invite
    parts = urlsplit(stream)
    return f"{invite}&next={quote(f'{parts.path}?{parts.query}')}"


def stream_on(server: str, config_path: str | os.PathLike[str]) -> str | None:
    """Return the annotators' label stream, if the project of a config is on this server.

    A config or a store that cannot be read is no error here: a server is useful without a project.
    """
    try:
        config = load_config(config_path)
        stream = work_links(config, store_of(config)).get("annotators")
    except LabelingError:
        return None
    if config.label_studio is None or stream is None:
        return None
    return stream if _origin(stream) == _origin(server) else None


def _origin(url: str) -> tuple[str, int | None]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    return ("localhost" if host == "127.0.0.1" else host), parts.port
