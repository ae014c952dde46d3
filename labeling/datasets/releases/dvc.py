"""DVC as an adapter: it tracks each release by a small pointer file, and pushes its files."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from labeling.datasets.releases.files import RepositoryFolder
from labeling.datasets.releases.objects import FOLDER, Objects
from labeling.errors import ReleaseError

IGNORED = f"/{FOLDER}/{'?' * 64}"
"""What git must not track beside DVC: all names as long as a digest, so that no merge conflicts.

DVC finds no pointers in folders of which git ignores all, or all folders.
"""
MOST_LINES = 12
"""Lines of DVC's output that an error quotes."""


def track_with_dvc(folder: RepositoryFolder, objects: Objects) -> tuple[str, ...]:
    """Let DVC track the releases that it does not track yet, and return their digests.

    Each gets a pointer `objects/<digest>.dvc` of its own, for git. Releases never change, so that
    pointers of several people do not conflict, and a release that is not here stays tracked. Only
    under the repository's lock.

    Raises:
        ReleaseError: DVC is not installed, or fails, as where there is no DVC repository; or a
            release was changed.
    """
    program = shutil.which("dvc")
    if program is None:
        raise ReleaseError(
            "DVC must be installed to track releases with it, as a program of its own: `pipx"
            " install dvc`. The command dvc was not found."
        )
    new = [digest for digest in objects.digests() if not pointer(folder.root, digest).is_file()]
    if not new:
        return ()
    for digest in new:
        objects.check(digest)
    _ignore(folder)
    done = subprocess.run(
        [program, "add", "--quiet", *(f"{FOLDER}/{digest}" for digest in new)],
        cwd=folder.root,
        env={**os.environ, "DVC_NO_ANALYTICS": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        lines = [*done.stdout.splitlines(), *done.stderr.splitlines()][-MOST_LINES:]
        raise ReleaseError(
            f"DVC must be able to track the releases in {str(folder.root)!r}, and failed. Is it in"
            f" a git repository in which `dvc init` was run? It says: {' '.join(lines)}"
        )
    return tuple(new)


def pointer(root: Path, digest: str) -> Path:
    """Return the path of the file by which DVC tracks a release."""
    return root / FOLDER / f"{digest}.dvc"


def _ignore(folder: RepositoryFolder) -> None:
    name = ".gitignore"
    lines = (folder.read(name) or b"").decode("utf-8", "replace").splitlines()
    if IGNORED not in lines:
        folder.write(name, ("\n".join([*lines, IGNORED]) + "\n").encode("utf-8"))
