"""Permissions of files and folders that only their owner may access."""

from __future__ import annotations

import os
import stat
from pathlib import Path

FOLDER, FILE = 0o700, 0o600
OTHERS = 0o077  # the permissions of the group and of others


def make_private(path: str | os.PathLike[str]) -> None:
    """Remove the permissions of group and others from a file or folder; the owner's stay.

    Symbolic links and their targets are not changed.

    Raises:
        OSError: there is no such file, or it belongs to another user.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     os.chmod(file.name, 0o644)
    ...     make_private(file.name)
    ...     oct(os.stat(file.name).st_mode & 0o777)
    '0o600'
    """
    mode = stat.S_IMODE(os.lstat(path).st_mode)
    if mode & OTHERS and not os.path.islink(path):
        os.chmod(path, mode & ~OTHERS)


def private_folder(path: Path) -> None:
    """Create a folder that only its owner may access; an existing folder is not changed.

    Missing parent folders are created with the usual permissions.

    Raises:
        OSError: it cannot be created.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.mkdir(mode=FOLDER)
    except FileExistsError:
        path.mkdir(exist_ok=True)  # raises where it is not a folder
    else:
        path.chmod(FOLDER)  # regardless of the umask


def private_file(path: str | os.PathLike[str]) -> None:
    """Create an empty file that only its owner may read and write, unless it exists.

    Raises:
        OSError: it cannot be created.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE)
    except FileExistsError:
        return
    os.close(descriptor)
    os.chmod(path, FILE)  # regardless of the umask
