"""A real PostgreSQL server from Debian's package, for as long as the tests run."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import psycopg

USER, GUARDED, PASSWORD = "labeling", "guarded", "p@ss:word/1"  # the second must give a password
QUICK = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
    "max_connections=40",
)

GUARD = '"$@" & read line; kill -QUIT $!; wait $!'  # it ends with the tests, however they end


def programs():
    """Return the folder of the newest server that is installed; `None` where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    on_path = shutil.which("postgres")
    if found:
        return max(found, key=lambda path: int(path.parts[-3])).parent
    return Path(on_path).resolve().parent if on_path else None


class Server:
    """A server on a free port of 127.0.0.1; its data are thrown away."""

    def __init__(self, programs):
        self.folder = Path(tempfile.mkdtemp(prefix="labeling-postgres-"))
        self.made = 0
        self.user = _somebody()
        if self.user is not None:
            shutil.chown(self.folder, self.user)
        data = self.folder / "data"
        self._do(
            *(programs / "initdb", "-D", data, "-U", USER, "--auth=trust"),
            *("--encoding=UTF8", "--no-locale", "--no-sync"),
        )
        rules = data / "pg_hba.conf"
        first = f"host all {GUARDED} 127.0.0.1/32 scram-sha-256\n"
        rules.write_text(first + rules.read_text("utf-8"), encoding="utf-8")
        self.port = _free_port()
        settings = [*QUICK, f"port={self.port}", "listen_addresses=127.0.0.1"]
        settings += [f"unix_socket_directories={self.folder}", "unix_socket_permissions=0777"]
        self._log = (self.folder / "log").open("wb")
        self.process = subprocess.Popen(
            ["sh", "-c", GUARD, "sh", programs / "postgres", "-D", data]
            + [f"--{one}" for one in settings],
            **{"stdin": subprocess.PIPE, "stdout": self._log, "stderr": subprocess.STDOUT},
            **{"user": self.user, "cwd": self.folder},
            start_new_session=True,  # Ctrl-C in the tests must not reach it before they end
        )
        self._wait()
        self.say(f"CREATE ROLE {GUARDED} LOGIN SUPERUSER PASSWORD '{PASSWORD}'")

    def url(self, database, password=None):
        """Return the address of a database, for who needs a password where one is given."""
        who = f"{GUARDED}:{quote(password, safe='')}" if password else USER
        return f"postgresql://{who}@127.0.0.1:{self.port}/{database}"

    def new(self, like="template1"):
        """Return the name of a new database, which is a copy of another."""
        self.made += 1
        name = f"test_{os.getpid()}_{self.made}"
        with self._connected("postgres") as connection:
            # Copying files takes half the time of copying by way of the log, the default since 15.
            quick = "STRATEGY FILE_COPY" if connection.info.server_version >= 150_000 else ""
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {like} {quick}")
        return name

    def drop(self, database):
        """Remove a database, whoever is still connected to it."""
        self.say(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")

    def say(self, statement, database="postgres"):
        """Run a statement as the server's own administrator."""
        with self._connected(database) as connection:
            connection.execute(statement)

    def stop(self):
        """Stop the server at once, and remove its data."""
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self._log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _connected(self, database):
        return psycopg.connect(
            **{"host": "127.0.0.1", "port": self.port, "user": USER},
            **{"dbname": database, "autocommit": True, "connect_timeout": 10},
        )

    def _do(self, *command):
        done = subprocess.run(
            [str(one) for one in command],
            **{"user": self.user, "cwd": self.folder, "check": False},
            **{"capture_output": True, "text": True},
        )
        if done.returncode:
            self._give_up(done.stdout + done.stderr)

    def _wait(self):
        deadline = time.monotonic() + 60
        while True:
            try:
                self._connected("postgres").close()
                return
            except psycopg.OperationalError as error:
                said = str(error)
            if self.process.poll() is not None or time.monotonic() > deadline:
                said += (self.folder / "log").read_text("utf-8", "replace")
                self.stop()
                self._give_up(said)
            time.sleep(0.05)

    def _give_up(self, said):
        shutil.rmtree(self.folder, ignore_errors=True)
        raise RuntimeError(f"The PostgreSQL server does not start: {said}")


def _somebody():
    """Return whom the server runs as: it refuses to be root's."""
    if os.geteuid() != 0:
        return None
    known = {one.pw_name for one in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


def _free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]
