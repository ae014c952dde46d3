"""Files and folders that only their user may look into."""

from __future__ import annotations

import os
import stat
from pathlib import Path

FOLDER, FILE = 0o700, 0o600
OTHERS = 0o077  # the rights of the group and of everybody else


def make_private(path: str | os.PathLike[str]) -> None:
    """Take from others every right to a file or folder; what the user may do with it stays.

    A link is left alone, and so is what it leads to.

    Raises:
        OSError: there is no such file, or it is another user's.

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
    """Make a folder that only its user may look into, unless it is there; then it stays as it is.

    Folders above it that are missing are made as usual.

    Raises:
        OSError: it cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.mkdir(mode=FOLDER)
    except FileExistsError:
        path.mkdir(exist_ok=True)  # an error where it is no folder
    else:
        path.chmod(FOLDER)  # whatever the umask took


def private_file(path: str | os.PathLike[str]) -> None:
    """Make an empty file that only its user may read and write, unless it is there.

    Raises:
        OSError: it cannot be made.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE)
    except FileExistsError:
        return
    os.close(descriptor)
    os.chmod(path, FILE)  # whatever the umask took
