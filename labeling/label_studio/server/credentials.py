"""Credentials of a local server's admin, in a file that only its user can read."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ADMIN = "admin@localhost.local"
HOST = "127.0.0.1"
REQUIRED_KEYS = ("email", "password", "token")


def default_folder() -> Path:
    """Return the default data folder of the local server."""
    import platformdirs

    return Path(platformdirs.user_data_path("labeling")) / "label-studio"


def file_in(folder: Path) -> Path:
    """Return the path of the credentials in a server's data folder."""
    return folder / "credentials.json"


def new() -> dict[str, Any]:
    """Return random credentials."""
    return {
        "email": ADMIN,
        "password": secrets.token_urlsafe(18),
        "token": secrets.token_hex(20),
    }


def read(folder: Path) -> dict[str, Any]:
    """Return a server's credentials and port; empty if the file is missing or invalid."""
    try:
        values = json.loads(file_in(folder).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    is_valid = isinstance(values, dict) and all(
        isinstance(values.get(key), str) for key in REQUIRED_KEYS
    )
    return values if is_valid else {}


def write(folder: Path, values: dict[str, Any]) -> None:
    """Write credentials atomically; the file is private to the user from its creation on."""
    path = file_in(folder)
    temporary = path.with_name(f"{path.name}.new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        json.dump(values, stream, indent=2)
    os.replace(temporary, path)


def token_of(url: str, folder: Path | None = None) -> str | None:
    """Return the admin's token if a URL is the local server's address, else `None`."""
    try:
        values = read(folder or default_folder())
        parts = urlsplit(url)
        is_local = parts.scheme == "http" and parts.hostname in (HOST, "localhost")
        is_own = is_local and (parts.port or 80) == values.get("port")
    except (OSError, ValueError):
        return None
    return str(values["token"]) if is_own else None
