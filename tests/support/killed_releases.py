"""Steps of a release in children that are killed at a write; run as a script.

It imports everything once, and forks a child for each write to be killed at. It prints a JSON list:
for each kill the write, and what was wrong afterwards.
"""

import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from labeling.datasets.releases import Releases
from labeling.errors import ReleaseError
from tests.support.releases import approved, merged, passing, relabelled, training_set

WRITES = ("os.rename", "os.remove", "os.mkdir", "os.chmod", "os.truncate", "os.rmdir")


def prepare(folder, step):
    """Bring a repository as far as a step needs."""
    if step == "branch":
        return
    merged(folder)
    releases = Releases(folder)
    if step in ("test", "propose", "approve", "merge"):
        releases.branch("r2", relabelled(a="spam"), by="ann")
    if step in ("propose", "approve", "merge"):
        releases.run_tests("r2", passing)
    if step in ("approve", "merge"):
        releases.propose("r2", by="ann")
    if step == "merge":
        releases.approve("r2", by="bob")
    if step == "update":
        approved(folder, "r3", relabelled(b="ham"))
        approved(folder, "r2", relabelled(a="spam")).merge("r2", by="ann")


def take(folder, step):
    """Take a step."""
    releases = Releases(folder)
    steps = {
        "branch": lambda: releases.branch("r1", training_set(), by="ann"),
        "test": lambda: releases.run_tests("r2", passing),
        "propose": lambda: releases.propose("r2", by="ann"),
        "approve": lambda: releases.approve("r2", by="bob"),
        "merge": lambda: releases.merge("r2", by="ann"),
        "update": lambda: update(releases),
    }
    steps[step]()


def update(releases):
    """Merge main, which has moved, into a branch, and test it."""
    # Merging once more is refused where the update was logged: it waits for approval.
    with contextlib.suppress(ReleaseError):
        releases.merge("r3", by="ann")
    releases.run_tests("r3", passing)


def state_of(folder):
    """Return what a repository holds but for times and what depends on them."""
    releases = Releases(folder)
    check = releases.verify()
    log = [
        (one.action, one.branch, one.by, one.release, dict(one.details)) for one in releases.log()
    ]
    heads = {one.name: one.to_dict() for one in releases.branches}
    objects = sorted(path.name for path in (folder / "objects").iterdir())
    hidden = sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.name.startswith(".") and path.name not in (".lock", ".gitignore")
    )
    return json.loads(json.dumps([log, heads, objects, check.findings, hidden]))


def killed_at(number, folder, step):
    """Take a step in a child that kills itself at a write; return the write, or nothing."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        count = 0

        def audit(event, arguments):
            nonlocal count
            is_open = event == "open" and isinstance(arguments[2], int) and arguments[2] & 3
            if event in WRITES or is_open or event == "torn":
                count += 1
                if count == number:
                    os.write(writing, f"{event} {arguments[0]}".encode())
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(audit)
        take(folder, step)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        said = stream.read().decode()
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status) and status:
        raise RuntimeError(f"{step} failed with {status}")
    return said if os.WIFSIGNALED(status) else ""


def main(step):
    kills = []
    with tempfile.TemporaryDirectory() as top:
        start, expected = Path(top, "start"), Path(top, "expected")
        start.mkdir()
        prepare(start, step)
        shutil.copytree(start, expected)
        take(expected, step)
        wanted = state_of(expected)
        number = 0
        while True:
            number += 1
            folder = Path(top, "killed")
            shutil.copytree(start, folder)
            write = killed_at(number, folder, step)
            if not write:
                break
            problem = ""
            try:
                Releases(folder).log()  # readable by whoever comes first
                take(folder, step)
                found = state_of(folder)
                problem = "" if found == wanted else f"{found} is not {wanted}"
            except Exception as error:  # noqa: BLE001  # it is told, and judged there
                problem = f"{type(error).__name__}: {error}"
            kills.append([write.replace(top, ""), problem])
            shutil.rmtree(folder)
    print(json.dumps(kills))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1])
