"""`Store`: a project's database, artifacts, and the lock that guards both."""

from __future__ import annotations

import contextlib
import logging
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from labeling.errors import StoreError
from labeling.records import LabelKind
from labeling.store.artifacts import Artifacts
from labeling.store.batches import Batches
from labeling.store.consistency import LedgerCheck, check_store
from labeling.store.database import Database, sqlite_at
from labeling.store.events import EventLog
from labeling.store.facts import Facts
from labeling.store.ledger import Ledger
from labeling.store.lock import project_lock
from labeling.store.outbox import StoredOutbox
from labeling.store.permissions import keep_private, make_store_folder
from labeling.store.progress import StageWatcher
from labeling.store.runs import Run, RunLog

logger = logging.getLogger(__name__)

CREATION_CHECKS, CHECK_INTERVAL = 20, 0.05
"""How often, and every how many seconds, to check whether another process creates the database."""


class Store:
    """The persistent state of a project.

    Nothing is created before something is written: reading a project leaves no trace.

    Args:
        folder: holds `labeling.db` and the artifacts.
        project: the project's name; a store belongs to one project.
        kind: of the labels.
        url: of another database, such as `postgresql://user@host/name`.
        lock_timeout: seconds to wait for another process that holds the project lock.
        on_wait: called with a message about that process, before waiting.

    Attributes:
        events: all that happened, append-only and hash-chained.
        ledger: the annotations.
        outbox: the requests to an annotation platform.
        batches: the selected samples and their states.
        artifacts: votes, soft labels, models and training sets.
        runs: the run log.
        facts: small project state.
        watcher: listens to the stages of long work.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = Store(Path(folder, "memory"), "spam")
    ...     with store.locked("apply"):
    ...         store.facts.put("fact", "true")
    ...     store.facts.get("fact")
    'true'
    """

    def __init__(
        self,
        folder: Path,
        project: str,
        *,
        kind: LabelKind = LabelKind.ONE,
        url: str | None = None,
        lock_timeout: float = 30.0,
        on_wait: Callable[[str], object] = logger.warning,
    ) -> None:
        self.folder = folder
        self.project = project
        self.kind = kind
        self.lock_timeout = lock_timeout
        self.on_wait = on_wait
        self.database = Database(url or sqlite_at(folder / "labeling.db"))
        self.events = EventLog(self.database)
        self.ledger = Ledger(self.database, self.events, kind)
        self.outbox = StoredOutbox(self.database, self.events)
        self.batches = Batches(self.database, self.events, kind)
        address_hash = f"{zlib.crc32(self.database.display_url.encode()):08x}"
        folder_name = "files" if url is None else f"files-{address_hash}"
        self.artifacts = Artifacts(self.database, folder / folder_name)
        self.runs = RunLog(self.database)
        self.facts = Facts(self.database)
        self.watcher: StageWatcher | None = None
        self._run: Run | None = None

    @property
    def exists(self) -> bool:
        """Whether anything was ever written to the store.

        Raises:
            StoreError: it was, and its database is missing, empty, or not a file.
        """
        path = Path(self.database.url.database or "")
        try:
            has_database = self._has_database
            remains = [] if has_database else self._remains()
        except OSError as error:  # an unreadable folder must not be taken for a missing store
            raise StoreError(
                f"The project's folder {str(self.folder)!r} must be readable: {error}"
            ) from error
        if self.database.is_sqlite and path.is_dir():
            raise StoreError(
                f"The store {str(path)!r} must be a file. It is a folder: move it away."
            )
        if has_database and self.database.version() is not None:
            return True
        remains = remains or self._remains()
        if remains and not self._is_being_created():
            raise self._lost(remains)
        return bool(remains)

    @property
    def _has_database(self) -> bool:
        """Whether there is a database file; always true for a server.

        To be checked before connecting: SQLite would create a new file and remove the write-ahead
        log of an old one.
        """
        path = Path(self.database.url.database or "")
        return not self.database.is_sqlite or (path.is_file() and path.stat().st_size > 0)

    def _is_being_created(self) -> bool:
        """Return whether another process has just created the database."""
        for _ in range(CREATION_CHECKS):
            time.sleep(CHECK_INTERVAL)
            if self._has_database and self.database.version() is not None:
                return True
        return False

    def _remains(self) -> list[str]:
        """Return descriptions of the files that are useless without the database."""
        remains = []
        count = sum(1 for _ in self.artifacts.folder.glob("*/*.parquet"))
        if count:
            remains.append(f"{count} files in {str(self.artifacts.folder)!r}")
        log = self.folder / "labeling.db-wal"
        if self.database.is_sqlite and log.is_file() and log.stat().st_size:
            remains.append(f"its log {str(log)!r}")
        return remains

    def _lost(self, remains: list[str]) -> StoreError:
        what = "gone or empty" if self.database.is_sqlite else "without its tables"
        return StoreError(
            f"The project's database {self.database.display_url} is {what}, but these still exist:"
            f" {' and '.join(remains)}. The database held annotations, batches and states: restore"
            f" it from a backup. To start over without it, move {str(self.folder)!r} away;"
            " annotations can be pulled again from the annotation platform."
        )

    @contextlib.contextmanager
    def locked(
        self, verb: str, *, config_hash: str = "", code_version: str = "", seed: int = 0
    ) -> Iterator[Run]:
        """Hold the project lock for a verb and record it in the run log; nested verbs belong to it.

        Raises:
            ProjectLockedError: another process holds the project lock.
            StoreError: the store cannot be written, or belongs to another project.
        """
        if self._run is not None:
            yield self._run
            return
        self._make_folder()
        with self._project_lock():
            keep_private(self.folder)
            _ = self.exists  # raises if the database was lost, which must not be created again
            self.database.migrate()
            self._claim()
            self.artifacts.remove_orphans()
            with self.runs.record(
                verb, config_hash=config_hash, code_version=code_version, seed=seed
            ) as run:
                self._run = run
                try:
                    yield run
                finally:
                    self._run = None

    def _project_lock(self) -> contextlib.AbstractContextManager[None]:
        return project_lock(
            self.database,
            self.folder,
            self.lock_timeout,
            self._describe_holder,
            lambda holder: self.on_wait(f"Waiting for {holder} ..."),
        )

    @contextlib.contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Callable[[int], object]]:
        """Run a stage of long work: report it to the watcher and its duration to the run log.

        Args:
            name: a description of the stage.
            total: its number of steps, if known; the yielded function counts them.
        """
        with contextlib.ExitStack() as stack:
            if self._run is not None:
                stack.enter_context(self._run.stage(name))
            if self.watcher is None:
                yield lambda steps: None
                return
            expected = None if self._run is None else self.runs.last_duration(name)
            advance = self.watcher.begin(name, total, expected)
            stack.callback(self.watcher.end)
            yield advance

    @contextlib.contextmanager
    def rolled_back(self) -> Iterator[None]:
        """Hold the project lock and roll back at the end whatever was written, for a dry run.

        It leaves no trace in the run log either. The store must be `ready`.
        """
        with contextlib.ExitStack() as stack:
            if self._run is None:
                stack.enter_context(self._project_lock())
            stack.enter_context(self.database.rolled_back())
            yield

    def update(self) -> None:
        """Migrate a store of an earlier version of the package; others are not changed.

        Raises:
            ProjectLockedError: another process holds the project lock.
            StoreError: the store cannot be read or written.
        """
        if self.exists and self.database.is_older():
            with self.locked("update"):
                logger.info("the store %s is up to date now", self.database.display_url)

    def ready(self) -> bool:
        """Return whether the store exists, after checking that it can be read.

        Raises:
            StoreError: its schema is not that of this version, or it is another project's.
        """
        if not self.exists:
            return False
        self.database.check_version()
        self._check_project()
        return True

    def check(self) -> LedgerCheck:
        """Return whether annotations, batches, states, labels and questions follow from the events.

        Raises:
            LedgerError: an event was changed, removed or inserted; it names the first.
        """
        return check_store(self.database, self.events, self.ledger)

    def _make_folder(self) -> None:
        try:
            make_store_folder(self.folder)
        except OSError as error:
            raise StoreError(
                f"The project's folder {str(self.folder)!r} cannot be made: {error}"
            ) from error

    def _describe_holder(self) -> str:
        try:
            return self.runs.describe_current()
        except StoreError:  # it is creating the tables at this moment
            return "a process that has just begun"

    def _claim(self) -> None:
        if self.facts.get("project") is None:
            self.facts.put("project", self.project)
            if self.kind != LabelKind.ONE:
                self.facts.put("kind", self.kind.value)
        self._check_project()

    def _check_project(self) -> None:
        owner = self.facts.get("project")
        if owner is not None and owner != self.project:
            raise StoreError(
                f"The store {self.database.display_url} belongs to project {owner!r}, and this is"
                f" {self.project!r}. Give each project its own store, or set `name: {owner}` in the"
                " config if it is the same project with another file name."
            )
        kind = self.facts.get("kind") or LabelKind.ONE.value
        if owner is not None and kind != self.kind:
            raise StoreError(
                f"The store {self.database.display_url} holds labels of kind {kind!r}, and the"
                f" project's are of kind {self.kind.value!r}. Give the project of the other kind"
                " its own name and store."
            )
