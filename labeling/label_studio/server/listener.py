"""Who listens at an address of this machine: a secret is sent to the server that was started, alone."""

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

ACCEPTED_WITHIN = 10.0  # seconds in which a busy server takes a connection
LONGEST_COMMAND = 80  # signs of a command line in a message
EVERYWHERE = ("0.0.0.0", "::", "::ffff:0.0.0.0")
CONNECTED = "connection.connect_tcp.complete"  # the event of httpx: nothing has been sent yet


class UnprovenError(PlatformError):
    """What listens at an address is not the server that it should be; nothing was sent to it."""


class NotAcceptedError(Exception):
    """The server listens, but did not take a connection in time."""


def verification_hooks(
    verify_connection: Callable[[Address, Address], None],
) -> dict[str, list[Callable[..., Any]]]:
    """Return the event hooks with which an httpx client proves each connection before it sends.

    Args:
        prove: gets the address that was connected to, and that of this end of the connection.
    """

    def look(event: str, info: Mapping[str, Any]) -> None:
        if event != CONNECTED:
            return
        stream = info["return_value"]
        ends = (stream.get_extra_info(name)[:2] for name in ("server_addr", "client_addr"))
        try:
            verify_connection(*ends)
        except BaseException:
            stream.close()  # nobody else knows of it yet
            raise

    def watch(request: httpx.Request) -> None:
        request.extensions["trace"] = look

    return {"request": [watch]}


def require_listener(server: psutil.Process | None, address: Address) -> None:
    """Raise an UnprovenError unless a process listens at an address (IP and port).

    Args:
        server: the process; `None` if it does not run.
        address: where it must listen.
    """
    if server is None or (psutil.CONN_LISTEN, address, None) not in _sockets(server):
        host, port = address
        raise UnprovenError(
            f"Port {port} of {host} must be that of the Label Studio server that `labeling studio"
            f" up` started. There listens {listener_at(host, port)}: nothing secret was sent to it."
            " Stop it, then `labeling studio up`; or start the server on another port with --port."
        )


def require_connection(server: psutil.Process | None, address: Address, caller: Address) -> None:
    """Raise unless a process holds the other end of a connection.

    That it listens there is not enough: whoever listened a moment before may have taken it.

    Args:
        server: the process; `None` if it does not run.
        address: IP and port that were connected to.
        caller: IP and port of this end.

    Raises:
        UnprovenError: another listens at the address.
        NotAcceptedError: the process takes no connections.
    """
    deadline = time.monotonic() + ACCEPTED_WITHIN
    while server is None or not _is_held(server, address, caller):
        require_listener(server, address)
        if time.monotonic() > deadline:
            raise NotAcceptedError(f"no connection was taken within {ACCEPTED_WITHIN:.0f} s")
        time.sleep(0.01)


def _is_held(process: psutil.Process, address: Address, caller: Address) -> bool:
    return any(found[1:] == (address, caller) for found in _sockets(process))


def listener_at(host: str, port: int) -> str:
    """Return in words which process listens at an address, as far as this user may see."""
    wanted = [(ip, port) for ip in (host, *EVERYWHERE)]
    for process in psutil.process_iter():
        if any(
            state == psutil.CONN_LISTEN and own in wanted for state, own, _ in _sockets(process)
        ):
            return f"process {process.pid} ({_command_of(process)})"
    return "a program that this user cannot see"


def _sockets(process: psutil.Process) -> set[Socket]:
    """Return the state and both ends of each TCP socket of a process; none where it is another's."""
    with contextlib.suppress(psutil.Error):
        return {
            (found.status, _address(found.laddr), _address(found.raddr))
            for found in process.net_connections("tcp")
        }
    return set()


def _address(end: Any) -> Address | None:
    return (end.ip, end.port) if end else None


def _command_of(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        command = shlex.join(process.cmdline()) or process.name()
        is_long = len(command) > LONGEST_COMMAND
        return command[: LONGEST_COMMAND - 4] + " ..." if is_long else command
    return "it has ended"
