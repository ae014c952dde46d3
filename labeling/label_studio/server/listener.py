"""Verification of the process that listens at a local address, before a secret is sent to it."""

from __future__ import annotations

import contextlib
import shlex
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import psutil

from labeling.errors import PlatformError

if TYPE_CHECKING:
    import httpx

Address = tuple[str, int]
Socket = tuple[str, Address | None, Address | None]

ACCEPT_TIMEOUT = 10.0  # seconds in which a busy server accepts a connection
MAX_COMMAND_LENGTH = 80  # characters of a command line in a message
ANY_ADDRESS = ("0.0.0.0", "::", "::ffff:0.0.0.0")
CONNECTED = "connection.connect_tcp.complete"  # httpx's event: nothing has been sent yet


class UnprovenError(PlatformError):
    """The process at an address is not the expected server; nothing was sent to it."""


class NotAcceptedError(Exception):
    """The server listens, but did not accept a connection in time."""


def verification_hooks(
    verify: Callable[[Address, Address], None],
) -> dict[str, list[Callable[..., Any]]]:
    """Return the event hooks by which an httpx client verifies each connection before it sends.

    Args:
        verify: is called with the server's and the client's address of the connection.
    """

    def trace(event: str, info: Mapping[str, Any]) -> None:
        if event != CONNECTED:
            return
        stream = info["return_value"]
        server, client = (
            stream.get_extra_info(name)[:2] for name in ("server_addr", "client_addr")
        )
        try:
            verify(server, client)
        except BaseException:
            stream.close()  # httpx does not know of it yet
            raise

    def add_trace(request: httpx.Request) -> None:
        request.extensions["trace"] = trace

    return {"request": [add_trace]}


def require_listener(server: psutil.Process | None, address: Address) -> None:
    """Raise an UnprovenError unless a process listens at an address.

    Args:
        server: the process; `None` if it does not run.
        address: IP and port at which it must listen.
    """
    if server is None or (psutil.CONN_LISTEN, address, None) not in _sockets(server):
        host, port = address
        raise UnprovenError(
            f"Port {port} of {host} must be that of the Label Studio server that `labeling studio"
            f" up` started. There listens {listener_at(host, port)}: nothing secret was sent to it."
            " Stop it, then `labeling studio up`; or start the server on another port with --port."
        )


def require_connection(server: psutil.Process | None, address: Address, client: Address) -> None:
    """Raise an error unless a process has accepted a connection.

    That the process listens at the address is not enough: another process that listened a moment
    before may have accepted the connection.

    Args:
        server: the process; `None` if it does not run.
        address: IP and port that were connected to.
        client: IP and port of the client's end.

    Raises:
        UnprovenError: another process listens at the address.
        NotAcceptedError: the process does not accept connections.
    """
    deadline = time.monotonic() + ACCEPT_TIMEOUT
    while server is None or not _has_accepted(server, address, client):
        require_listener(server, address)
        if time.monotonic() > deadline:
            raise NotAcceptedError(f"no connection was accepted within {ACCEPT_TIMEOUT:.0f} s")
        time.sleep(0.01)


def _has_accepted(process: psutil.Process, address: Address, client: Address) -> bool:
    return any((local, remote) == (address, client) for _, local, remote in _sockets(process))


def listener_at(host: str, port: int) -> str:
    """Return in words which process listens at an address, as far as this user can see."""
    addresses = [(ip, port) for ip in (host, *ANY_ADDRESS)]
    for process in psutil.process_iter():
        if any(
            status == psutil.CONN_LISTEN and local in addresses
            for status, local, _ in _sockets(process)
        ):
            return f"process {process.pid} ({_command_of(process)})"
    return "a program that this user cannot see"


def _sockets(process: psutil.Process) -> set[Socket]:
    """Return the status and both ends of a process's TCP sockets; empty for another user's."""
    with contextlib.suppress(psutil.Error):
        return {
            (connection.status, _address(connection.laddr), _address(connection.raddr))
            for connection in process.net_connections("tcp")
        }
    return set()


def _address(end: Any) -> Address | None:
    return (end.ip, end.port) if end else None


def _command_of(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        command = shlex.join(process.cmdline()) or process.name()
        is_long = len(command) > MAX_COMMAND_LENGTH
        return command[: MAX_COMMAND_LENGTH - 4] + " ..." if is_long else command
    return "it has ended"
