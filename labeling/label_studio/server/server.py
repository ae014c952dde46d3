"""Local Label Studio server: installs, starts, checks and stops it."""

from __future__ import annotations

import os
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labeling.errors import PlatformError
from labeling.label_studio.server import credentials
from labeling.label_studio.server.credentials import HOST, token_of
from labeling.label_studio.server.environment import (
    VERSION,
    Notify,
    default_environment,
    exclusive_lock,
    install,
    is_installed,
    log_tail,
    server_command,
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
from labeling.label_studio.server.process import (
    find_server,
    is_listening,
    refuse_windows,
    require_free_port,
    start,
    stop,
)
from labeling.records import make_private, private_folder

if TYPE_CHECKING:
    import httpx
    import psutil

__all__ = ["VERSION", "LocalServer", "Status", "token_of"]

PORT = 8080
START_TIMEOUT = 600.0  # seconds until it must answer; the first start takes over a minute
DATABASE = "label_studio.sqlite3"

# The server reads variables with such common names as HOST, PORT or DEBUG: few are passed on.
PASSED_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
SETTINGS = {
    "DJANGO_DB": "sqlite",
    "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
    "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",  # read when the database is created
    # Allows webhooks to this machine, where `labeling studio listen` runs.
    "SSRF_PROTECTION_ENABLED": "false",
    "COLLECT_ANALYTICS": "false",
    "LATEST_VERSION_CHECK": "false",
    "SENTRY_DSN": "",
    "FRONTEND_SENTRY_DSN": "",
    "PYTHONUNBUFFERED": "1",  # so that its last lines are in the log
}


@dataclass(frozen=True)
class Status:
    """The state of a local server; only the invitation link is secret."""

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
    """The process that listens at the address instead, as far as this user can see."""


class LocalServer:
    """A server that only this machine can reach.

    Args:
        folder: the folder of its database, log, and the admin's credentials.
        environment: the virtual environment that it is installed in.
        port: the port that it listens on; by default the one it had last, or 8080.

    Raises:
        PlatformError: the port is out of range.
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
        self._ending = f" --data-dir {self.folder}"  # of the command line, and of no other
        self._requested_port = port

    @property
    def port(self) -> int:
        """The port that it listens on, or will listen on."""
        return self._requested_port or self._last_port() or PORT

    @property
    def url(self) -> str:
        """The address for a browser on this machine."""
        return f"http://{HOST}:{self.port}"

    @property
    def pid(self) -> int | None:
        """The id of its process; `None` if it does not run."""
        process = self._find_process()
        return process.pid if process else None

    def _find_process(self) -> psutil.Process | None:
        return find_server(self._pid_file, self._ending)

    def install(self, notify: Notify) -> None:
        """Install the server unless it is installed.

        Raises:
            PlatformError: pip fails.
        """
        refuse_windows()
        install(self.environment, notify)

    def up(self, notify: Notify) -> Status:
        """Start the server unless it runs, and return when it answers requests.

        Raises:
            PlatformError: it cannot be installed, its port is taken, or it does not start.
        """
        self.install(notify)
        private_folder(self.folder)
        with self._lock(notify):
            self._keep_private()
            if self.pid is None:
                self._start(notify)
            else:
                self._require_same_port()
                notify(f"Label Studio is already running at {self.url}.")
            self._wait()
            self._check_token()
        return self.status()

    def down(self, notify: Notify) -> None:
        """Stop the server if it runs; its data are kept.

        Raises:
            PlatformError: it does not end.
        """
        if self.pid is None and not self._pid_file.exists():
            notify("Label Studio is not running.")
            return
        with self._lock(notify):
            was_running = self.pid is not None
            self._stop()
            self._pid_file.unlink(missing_ok=True)
        state = "stopped; its data are kept" if was_running else "not running"
        notify(f"Label Studio is {state}.")

    def status(self) -> Status:
        """Return the state of the server, whether it runs or not."""
        values, pid = credentials.read(self.folder), self.pid
        if pid is not None:  # the running server's port, not the requested one
            self._requested_port = self._last_port() or self._requested_port
        stranger = self._stranger()
        return Status(
            running=pid is not None,
            url=self.url,
            pid=pid,
            version=VERSION,
            folder=self.folder,
            environment=self.environment,
            installed=is_installed(self.environment),
            email=values.get("email"),
            invite=self._invite(values) if pid and not stranger else None,
            stranger=stranger,
        )

    def verify_connection(self, address: Address, client: Address) -> None:
        """Raise an error unless this server has accepted a connection.

        Args:
            address: IP and port that were connected to.
            client: IP and port of the client's end.

        Raises:
            UnprovenError: another process listens there.
            httpx.ConnectTimeout: the server does not accept connections.
        """
        import httpx

        try:
            require_connection(self._find_process(), address, client)
        except NotAcceptedError as error:
            raise httpx.ConnectTimeout(str(error)) from error

    def _stranger(self) -> str | None:
        """Return which other process listens at the server's address; `None` if none does."""
        if not is_listening(HOST, self.port):
            return None
        try:
            require_listener(self._find_process(), (HOST, self.port))
        except UnprovenError:
            return listener_at(HOST, self.port)
        return None

    def _last_port(self) -> int | None:
        port = credentials.read(self.folder).get("port")
        return port if isinstance(port, int) else None

    def _lock(self, notify: Notify) -> AbstractContextManager[None]:
        message = "Another process starts or stops this server; waiting for it ..."
        return exclusive_lock(self.folder / "server.lock", notify, message)

    def _keep_private(self) -> None:
        """Make files private that were copied, edited or restored with other permissions."""
        for name in (self.credentials.name, f"{DATABASE}*", "server.*", ".env"):
            for path in self.folder.glob(name):
                make_private(path)

    def _require_same_port(self) -> None:
        current = self._last_port()
        if current != self.port:
            raise PlatformError(
                f"The server of {self.folder} already runs, at port {current}: to move it to"
                f" {self.port}, stop it first: labeling studio down"
            )

    def _start(self, notify: Notify) -> None:
        require_free_port(HOST, self.port)
        values = self._credentials()
        note = "" if (self.folder / DATABASE).exists() else " (the first time takes longer)"
        notify(f"Starting Label Studio at {self.url}{note} ...")
        if self.log.exists():
            os.replace(self.log, self.log.with_name("server.log.old"))
        options = ["--no-browser", "--internal-host", HOST, "--port", str(self.port)]
        command = [
            *server_command(self.environment),
            "start",
            *options,
            "--data-dir",
            str(self.folder),
        ]
        start(command, self._variables(values), self.log, self._pid_file)

    def _credentials(self) -> dict[str, Any]:
        """Return the admin's credentials, which are generated before the first start."""
        values = credentials.read(self.folder)
        if not values:
            if (self.folder / DATABASE).exists():
                raise PlatformError(
                    f"{self.folder} holds a Label Studio database, but its credentials.json is"
                    " missing or broken: put it back, or name another folder with --folder"
                )
            values = credentials.new()
        if values.get("port") != self.port:
            values["port"] = self.port
            credentials.write(self.folder, values)
        return values

    def _variables(self, values: dict[str, Any]) -> dict[str, str]:
        passed = {name: os.environ[name] for name in PASSED_VARIABLES if name in os.environ}
        return {
            **passed,
            **SETTINGS,
            "LABEL_STUDIO_BASE_DATA_DIR": str(self.folder),
            "LABEL_STUDIO_DATABASE_NAME": str(self.folder / DATABASE),
            "LABEL_STUDIO_USERNAME": values["email"],
            "LABEL_STUDIO_PASSWORD": values["password"],
            "LABEL_STUDIO_USER_TOKEN": values["token"],
        }

    def _wait(self) -> None:
        """Wait until the server answers; if it does not, stop it and raise a PlatformError."""
        deadline = time.monotonic() + START_TIMEOUT
        with self._client(timeout=5) as client:
            while not self._is_up(client):
                if self.pid is None:
                    self._fail("does not start")
                if time.monotonic() > deadline:
                    self._stop()
                    self._fail(f"did not answer within {START_TIMEOUT:.0f} s")
                time.sleep(0.2)

    def _is_up(self, client: httpx.Client) -> bool:
        """Whether the server answers.

        Raises:
            PlatformError: another process listens at its port; Label Studio then takes the next
                port, where nobody would find it, and is stopped.
        """
        import httpx

        try:
            return client.get("/health").status_code == 200
        except httpx.HTTPError:
            if f"Port {self.port} is in use" in log_tail(self.log, 1000):
                self._stop()
                self._fail(f"found port {self.port} taken in the meantime")
            return False
        except UnprovenError:
            self._stop()
            raise

    def _stop(self) -> None:
        stop(self._pid_file, self._ending)

    def _fail(self, reason: str) -> None:
        raise PlatformError(
            f"Label Studio {reason}; its last lines (all are in {self.log}):\n{log_tail(self.log)}"
        )

    def _check_token(self) -> None:
        """Read the admin's token again if it was changed, or the first start was interrupted."""
        values = credentials.read(self.folder)
        with self._client() as client:
            if client.get("/api/current-user/whoami", headers=_header(values)).status_code == 200:
                return
            client.get("/user/login/")
            form = {name: values.get(name) for name in ("email", "password")}
            form["csrfmiddlewaretoken"] = client.cookies.get("csrftoken")
            client.post("/user/login/", data=form, headers={"Referer": self.url})
            response = client.get("/api/current-user/token")
        if response.status_code != 200:
            raise PlatformError(
                f"The server at {self.url} accepts neither the token nor the password in"
                f" {self.credentials}: write the admin's own into it"
            )
        credentials.write(self.folder, {**values, "token": response.json()["token"]})

    def _invite(self, values: dict[str, Any]) -> str | None:
        import httpx

        try:
            with self._client(timeout=10) as client:
                response = client.get("/api/invite", headers=_header(values))
                return f"{self.url}{response.json()['invite_url']}"
        except (httpx.HTTPError, UnprovenError, ValueError, KeyError, TypeError):
            return None  # it is still starting

    def _client(self, timeout: float = 60) -> httpx.Client:
        import httpx

        # A server on this machine is not behind a proxy, whatever the variables say.
        return httpx.Client(
            base_url=self.url,
            timeout=timeout,
            trust_env=False,
            event_hooks=verification_hooks(self.verify_connection),
        )


def _header(values: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Token {values.get('token')}"}
