"""A project's memory: the database, the files beside it, and the lock that guards both."""

from __future__ import annotations

import contextlib
import logging
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from labeling.errors import StoreError
from labeling.store.artifacts import Files
from labeling.store.batches import Batches
from labeling.store.database import Database, sqlite_at
from labeling.store.ledger import Ledger
from labeling.store.lock import held
from labeling.store.outbox import StoredOutbox
from labeling.store.permissions import keep_private, make_store_folder
from labeling.store.progress import StageWatcher
from labeling.store.runs import History, Run

logger = logging.getLogger(__name__)

LOOKS_AGAIN, PAUSE = 20, 0.05
"""How often, and after how many seconds, it is looked again whether a database is being made."""


class Store:
    """What a project remembers between runs.

    Nothing is made before something is written: a project that was only looked at leaves no trace.

    Args:
        folder: holds `labeling.db` and the Parquet files.
        project: its name; a store belongs to one project.
        url: of another database, such as `postgresql://user@host/name`.
        patience: seconds to wait for another process that holds the project.
        waits: told who holds it, before waiting.

    Attributes:
        ledger: what people said.
        outbox: what is asked of a platform.
        batches: who was chosen, and where each sample stands.
        files: votes, soft labels and training sets.
        history: runs, looks and facts.
        watcher: told of the stages of long work.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = Store(Path(folder, "memory"), "spam")
    ...     with store.held("apply"):
    ...         store.history.put("fact", "true")
    ...     store.history.get("fact")
    'true'
    """

    def __init__(
        self,
        folder: Path,
        project: str,
        *,
        url: str | None = None,
        patience: float = 30.0,
        waits: Callable[[str], object] = logger.warning,
    ) -> None:
        self.folder = folder
        self.project = project
        self.patience = patience
        self.waits = waits
        self.database = Database(url or sqlite_at(folder / "labeling.db"))
        self.ledger = Ledger(self.database)
        self.outbox = StoredOutbox(self.database)
        self.batches = Batches(self.database)
        beside = "files" if url is None else f"files-{zlib.crc32(self.database.shown.encode()):08x}"
        self.files = Files(self.database, folder / beside)
        self.history = History(self.database)
        self.watcher: StageWatcher | None = None
        self._run: Run | None = None

    @property
    def exists(self) -> bool:
        """Whether anything was ever remembered.

        Raises:
            StoreError: it was, and its database is gone, empty, or no file.
        """
        try:
            path = Path(self.database.url.database or "")
            is_there = not self.database.is_sqlite or (path.is_file() and path.stat().st_size > 0)
            left = [] if is_there else self._left_behind()
        except OSError as error:  # who may not look must not be told that nothing is there
            raise StoreError(
                f"The project's folder {str(self.folder)!r} must be readable: {error}"
            ) from error
        if self.database.is_sqlite and path.is_dir():
            raise StoreError(
                f"The store {str(path)!r} must be a file. It is a folder: move it away."
            )
        # Not connected to before: SQLite would make a new one, and remove an old one's log.
        if is_there and self.database.version() is not None:
            return True
        left = left or self._left_behind()
        if left and not self._is_being_made():
            raise self._lost(left)
        return bool(left)

    def _is_being_made(self) -> bool:
        """Return whether another process was just making what was not there a moment ago."""
        path = Path(self.database.url.database or "")
        for _ in range(LOOKS_AGAIN):
            time.sleep(PAUSE)
            is_there = not self.database.is_sqlite or (path.is_file() and path.stat().st_size > 0)
            if is_there and self.database.version() is not None:
                return True
        return False

    def _left_behind(self) -> list[str]:
        """Return what is there beside the database that it alone can make sense of."""
        found = []
        count = sum(1 for _ in self.files.folder.glob("*/*.parquet"))
        if count:
            found.append(f"{count} files in {str(self.files.folder)!r}")
        log = self.folder / "labeling.db-wal"
        if self.database.is_sqlite and log.is_file() and log.stat().st_size:
            found.append(f"its log {str(log)!r}")
        return found

    def _lost(self, left: list[str]) -> StoreError:
        what = "gone or empty" if self.database.is_sqlite else "without its tables"
        return StoreError(
            f"The project's database {self.database.shown} is {what}, and these are still there:"
            f" {' and '.join(left)}. What people said, batches and states were in it: put it back"
            f" from a backup. To begin anew without it, move {str(self.folder)!r} away; what people"
            " wrote can be pulled again from where they label."
        )

    @contextlib.contextmanager
    def held(
        self, verb: str, *, config_hash: str = "", code_version: str = "", seed: int = 0
    ) -> Iterator[Run]:
        """Hold the project for one verb, and write it into the run log; verbs within it belong to it.

        Raises:
            HeldError: another process holds the project.
            StoreError: the store cannot be written, or belongs to another project.
        """
        if self._run is not None:
            yield self._run
            return
        self._make_folder()
        with held(self.database, self.folder, self.patience, self._holder, self._waits):
            keep_private(self.folder)
            _ = self.exists  # raises where a database was lost, which must not be made anew
            self.database.migrate()
            self._claim()
            self.files.tidy()
            with self.history.running(
                verb, config_hash=config_hash, code_version=code_version, seed=seed
            ) as run:
                self._run = run
                try:
                    yield run
                finally:
                    self._run = None

    @contextlib.contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Callable[[int], object]]:
        """Do a stage of long work: who watches is told, and the run log how long it took.

        Args:
            name: what is done, in words.
            total: how many steps it has, if that is known; the function that is given counts them.
        """
        with contextlib.ExitStack() as stack:
            if self._run is not None:
                stack.enter_context(self._run.stage(name))
            if self.watcher is None:
                yield lambda steps: None
                return
            expected = None if self._run is None else self.history.seconds_of(name)
            advance = self.watcher.begin(name, total, expected)
            stack.callback(self.watcher.end)
            yield advance

    @contextlib.contextmanager
    def trying(self) -> Iterator[None]:
        """Hold the project to find out what would happen: at the end all that was written is gone.

        Not even the run log tells of it. The store must be `ready`.
        """
        with contextlib.ExitStack() as stack:
            if self._run is None:
                told = (self._holder, self._waits)
                stack.enter_context(held(self.database, self.folder, self.patience, *told))
            stack.enter_context(self.database.trying())
            yield

    def update(self) -> None:
        """Bring a store that an earlier version of the package made up to date; no other is touched.

        Raises:
            HeldError: another process holds the project.
            StoreError: the store cannot be read or written.
        """
        if self.exists and self.database.is_older():
            with self.held("update"):
                logger.info("the store %s is up to date now", self.database.shown)

    def ready(self) -> bool:
        """Return whether there is something to read, after checking that it can be read.

        Raises:
            StoreError: the store's schema is not that of this version, or it is another project's.
        """
        if not self.exists:
            return False
        self.database.check_version()
        self._check_project()
        return True

    def _make_folder(self) -> None:
        try:
            make_store_folder(self.folder)
        except OSError as error:
            raise StoreError(
                f"The project's folder {str(self.folder)!r} cannot be made: {error}"
            ) from error

    def _holder(self) -> str:
        try:
            return self.history.holder()
        except StoreError:  # it is making the tables at this moment
            return "a process that has just begun"

    def _waits(self, holder: str) -> None:
        self.waits(f"Waiting for {holder} ...")

    def _claim(self) -> None:
        if self.history.get("project") is None:
            self.history.put("project", self.project)
        self._check_project()

    def _check_project(self) -> None:
        owner = self.history.get("project")
        if owner is not None and owner != self.project:
            raise StoreError(
                f"The store {self.database.shown} belongs to project {owner!r}, and this is"
                f" {self.project!r}. Give each project a store of its own, or say `name: {owner}`"
                " in the config if it is the same project with another file name."
            )
