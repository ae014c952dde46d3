"""The admin's credentials of a local Label Studio server: a file that only its user reads."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ADMIN = "admin@localhost.local"
HOST = "127.0.0.1"
NEEDED = ("email", "password", "token")


def default_folder() -> Path:
    """Return the folder of the local server's data."""
    import platformdirs

    return Path(platformdirs.user_data_path("labeling")) / "label-studio"


def file_in(folder: Path) -> Path:
    """Return where a server's credentials are kept."""
    return folder / "credentials.json"


def new() -> dict[str, Any]:
    """Return credentials that nobody can guess."""
    return {
        "email": ADMIN,
        "password": secrets.token_urlsafe(18),
        "token": secrets.token_hex(20),
    }


def read(folder: Path) -> dict[str, Any]:
    """Return a server's credentials and port; nothing where the file is missing or broken."""
    try:
        found = json.loads(file_in(folder).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    whole = isinstance(found, dict) and all(isinstance(found.get(one), str) for one in NEEDED)
    return found if whole else {}


def write(folder: Path, known: dict[str, Any]) -> None:
    """Write credentials whole or not at all, for the user alone from the first byte on."""
    path = file_in(folder)
    made = path.with_name(f"{path.name}.new")
    made.unlink(missing_ok=True)
    with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        json.dump(known, stream, indent=2)
    os.replace(made, path)


def token_of(url: str, folder: Path | None = None) -> str | None:
    """Return the admin's token for the local server at an address; `None` for any other."""
    try:
        known = read(folder or default_folder())
        parts = urlsplit(url)
        here = parts.scheme == "http" and parts.hostname in (HOST, "localhost")
        ours = here and (parts.port or 80) == known.get("port")
    except (OSError, ValueError):
        return None
    return str(known["token"]) if ours else None
