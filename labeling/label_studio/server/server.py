"""A Label Studio server on this machine, for people who have none."""

from __future__ import annotations

import os
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labeling.errors import PlatformError
from labeling.label_studio.server import credentials, process
from labeling.label_studio.server.credentials import HOST, token_of
from labeling.label_studio.server.environment import (
    VERSION,
    Say,
    alone,
    default_environment,
    install,
    is_installed,
    last_lines,
    program,
)
from labeling.label_studio.server.listener import (
    Address,
    NotAcceptedError,
    UnprovenError,
    listener_at,
    require_connection,
    require_listener,
    verification_hooks,
)
from labeling.records import make_private, private_folder

if TYPE_CHECKING:
    import httpx
    import psutil

__all__ = ["VERSION", "LocalServer", "Status", "token_of"]

PORT = 8080
PATIENCE = 600.0  # seconds until it must answer; the first start takes over a minute
DATABASE = "label_studio.sqlite3"

# The server obeys variables with such common names as HOST, PORT or DEBUG: it is shown few.
PASSED = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
SETTINGS = {
    "DJANGO_DB": "sqlite",
    "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
    "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",  # is read when the database is made
    # Webhooks to this machine: `labeling studio listen` is on it, as is the server itself.
    "SSRF_PROTECTION_ENABLED": "false",
    "COLLECT_ANALYTICS": "false",
    "LATEST_VERSION_CHECK": "false",
    "SENTRY_DSN": "",
    "FRONTEND_SENTRY_DSN": "",
    "PYTHONUNBUFFERED": "1",  # so that its last words are in the log
}


@dataclass(frozen=True)
class Status:
    """What is known of a local server; nothing of it is secret but the link to sign up with."""

    running: bool
    url: str
    pid: int | None
    version: str
    folder: Path
    environment: Path
    installed: bool
    email: str | None
    invite: str | None
    stranger: str | None
    """Who listens at the address instead of this server, as far as this user may see."""


class LocalServer:
    """A server for this machine alone: its data in one folder, its programs in another.

    Args:
        folder: where its database, log, and the admin's credentials are kept.
        environment: the virtual environment that it is installed in.
        port: on which it listens; without it the one it had last, or 8080.

    Raises:
        PlatformError: there is no such port.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        environment: Path | None = None,
        port: int | None = None,
    ) -> None:
        if port is not None and not 1 <= port <= 65535:
            raise PlatformError(f"A port is a whole number from 1 to 65535, not {port}")
        self.folder = (folder or credentials.default_folder()).expanduser().resolve()
        self.environment = (environment or default_environment()).expanduser().absolute()
        self.credentials = credentials.file_in(self.folder)
        self.log = self.folder / "server.log"
        self._pid_file = self.folder / "server.pid"
        self._ending = f" --data-dir {self.folder}"  # of the command line; no other ends so
        self._asked_port = port

    @property
    def port(self) -> int:
        """The port that it listens on, or will."""
        return self._asked_port or self._last_port() or PORT

    @property
    def url(self) -> str:
        """The address for a browser on this machine."""
        return f"http://{HOST}:{self.port}"

    @property
    def pid(self) -> int | None:
        """The id of its process; `None` where it does not run."""
        process = self._process()
        return process.pid if process else None

    def _process(self) -> psutil.Process | None:
        return process.server_process(self._pid_file, self._ending)

    def install(self, say: Say) -> None:
        """Install the server unless it is installed.

        Raises:
            PlatformError: pip cannot.
        """
        process.refuse_windows()
        install(self.environment, say)

    def up(self, say: Say) -> Status:
        """Start the server unless it runs, and return when it answers.

        Raises:
            PlatformError: it cannot be installed, its port is taken, or it does not start.
        """
        self.install(say)
        private_folder(self.folder)
        with self._alone(say):
            self._keep_private()
            if self.pid is None:
                self._start(say)
            else:
                self._refuse_to_move()
                say(f"Label Studio is already running at {self.url}.")
            self._wait()
            self._check_token()
        return self.status()

    def down(self, say: Say) -> None:
        """Stop the server if it runs; its data stay.

        Raises:
            PlatformError: it does not end.
        """
        if self.pid is None and not self._pid_file.exists():
            say("Label Studio is not running.")
            return
        with self._alone(say):
            was = self.pid
            self._stop()
            self._pid_file.unlink(missing_ok=True)
        said = "stopped; its data are kept" if was else "not running"
        say(f"Label Studio is {said}.")

    def status(self) -> Status:
        """Return what is known of the server, whether it runs or not."""
        known, pid = credentials.read(self.folder), self.pid
        if pid is not None:  # it is where it is, not where it would be started
            self._asked_port = self._last_port() or self._asked_port
        stranger = self._stranger()
        return Status(
            running=pid is not None,
            url=self.url,
            pid=pid,
            version=VERSION,
            folder=self.folder,
            environment=self.environment,
            installed=is_installed(self.environment),
            email=known.get("email"),
            invite=self._invite(known) if pid and not stranger else None,
            stranger=stranger,
        )

    def verify_connection(self, address: Address, caller: Address) -> None:
        """Raise unless this server holds the other end of a connection.

        Args:
            address: IP and port that were connected to.
            caller: IP and port of this end.

        Raises:
            UnprovenError: somebody else listens there.
            httpx.ConnectTimeout: the server takes no connections.
        """
        import httpx

        try:
            require_connection(self._process(), address, caller)
        except NotAcceptedError as error:
            raise httpx.ConnectTimeout(str(error)) from error

    def _stranger(self) -> str | None:
        """Return who else listens at the address; `None` where it is this server, or nobody."""
        if not process.answers(HOST, self.port):
            return None
        try:
            require_listener(self._process(), (HOST, self.port))
        except UnprovenError:
            return listener_at(HOST, self.port)
        return None

    def _last_port(self) -> int | None:
        port = credentials.read(self.folder).get("port")
        return port if isinstance(port, int) else None

    def _alone(self, say: Say) -> AbstractContextManager[None]:
        waits = "Another process starts or stops this server; waiting for it ..."
        return alone(self.folder / "server.lock", say, waits)

    def _keep_private(self) -> None:
        """Take others' rights to what was copied, edited or restored with them."""
        for name in (self.credentials.name, f"{DATABASE}*", "server.*", ".env"):
            for path in self.folder.glob(name):
                make_private(path)

    def _refuse_to_move(self) -> None:
        at = self._last_port()
        if at != self.port:
            raise PlatformError(
                f"The server of {self.folder} already runs, at port {at}: to move it to"
                f" {self.port}, stop it first: labeling studio down"
            )

    def _start(self, say: Say) -> None:
        process.refuse_taken(HOST, self.port)
        known = self._known()
        first = "" if (self.folder / DATABASE).exists() else " (the first time takes longer)"
        say(f"Starting Label Studio at {self.url}{first} ...")
        if self.log.exists():
            os.replace(self.log, self.log.with_name("server.log.old"))
        options = ["--no-browser", "--internal-host", HOST, "--port", str(self.port)]
        command = [*program(self.environment), "start", *options, "--data-dir", str(self.folder)]
        process.start(command, self._variables(known), self.log, self._pid_file)

    def _known(self) -> dict[str, Any]:
        """Return the admin's credentials, made before the first start."""
        known = credentials.read(self.folder)
        if not known:
            if (self.folder / DATABASE).exists():
                raise PlatformError(
                    f"{self.folder} holds a Label Studio database, but its credentials.json is"
                    " missing or broken: put it back, or name another folder with --folder"
                )
            known = credentials.new()
        if known.get("port") != self.port:
            known["port"] = self.port
            credentials.write(self.folder, known)
        return known

    def _variables(self, known: dict[str, Any]) -> dict[str, str]:
        passed = {name: os.environ[name] for name in PASSED if name in os.environ}
        return {
            **passed,
            **SETTINGS,
            "LABEL_STUDIO_BASE_DATA_DIR": str(self.folder),
            "LABEL_STUDIO_DATABASE_NAME": str(self.folder / DATABASE),
            "LABEL_STUDIO_USERNAME": known["email"],
            "LABEL_STUDIO_PASSWORD": known["password"],
            "LABEL_STUDIO_USER_TOKEN": known["token"],
        }

    def _wait(self) -> None:
        """Wait until the server answers; where it does not, stop it and say why."""
        deadline = time.monotonic() + PATIENCE
        with self._client(timeout=5) as client:
            while not self._is_up(client):
                if self.pid is None:
                    self._give_up("does not start")
                if time.monotonic() > deadline:
                    self._stop()
                    self._give_up(f"did not answer within {PATIENCE:.0f} s")
                time.sleep(0.2)

    def _is_up(self, client: httpx.Client) -> bool:
        """Return whether the server answers.

        Raises:
            PlatformError: somebody else listens at its port; Label Studio then takes the next one,
                where nobody looks for it, and is stopped.
        """
        import httpx

        try:
            return client.get("/health").status_code == 200
        except httpx.HTTPError:
            if f"Port {self.port} is in use" in last_lines(self.log, 1000):
                self._stop()
                self._give_up(f"found port {self.port} taken in the meantime")
            return False
        except UnprovenError:
            self._stop()
            raise

    def _stop(self) -> None:
        process.stop(self._pid_file, self._ending)

    def _give_up(self, why: str) -> None:
        said = last_lines(self.log)
        raise PlatformError(f"Label Studio {why}; its last words (all are in {self.log}):\n{said}")

    def _check_token(self) -> None:
        """Learn the admin's token anew where it was changed, or a first start was broken off."""
        known = credentials.read(self.folder)
        with self._client() as client:
            if client.get("/api/current-user/whoami", headers=_header(known)).status_code == 200:
                return
            client.get("/user/login/")
            form = {name: known.get(name) for name in ("email", "password")}
            form["csrfmiddlewaretoken"] = client.cookies.get("csrftoken")
            client.post("/user/login/", data=form, headers={"Referer": self.url})
            answer = client.get("/api/current-user/token")
        if answer.status_code != 200:
            raise PlatformError(
                f"The server at {self.url} knows neither the token nor the password in"
                f" {self.credentials}: write the admin's own into it"
            )
        credentials.write(self.folder, {**known, "token": answer.json()["token"]})

    def _invite(self, known: dict[str, Any]) -> str | None:
        import httpx

        try:
            with self._client(timeout=10) as client:
                answer = client.get("/api/invite", headers=_header(known))
                return f"{self.url}{answer.json()['invite_url']}"
        except (httpx.HTTPError, UnprovenError, ValueError, KeyError, TypeError):
            return None  # it is still starting

    def _client(self, timeout: float = 60) -> httpx.Client:
        import httpx

        # What is on this machine is not behind a proxy, whatever the variables say.
        return httpx.Client(
            base_url=self.url,
            timeout=timeout,
            trust_env=False,
            event_hooks=verification_hooks(self.verify_connection),
        )


def _header(known: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Token {known.get('token')}"}
