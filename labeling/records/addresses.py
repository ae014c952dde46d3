"""Network addresses: which of them stay on this machine."""

from __future__ import annotations

import ipaddress


def is_loopback(host: str | None) -> bool:
    """Return whether a host's name or IP address is this machine's own, by what is written.

    Nothing is looked up: what a name server says may be wrong.

    >>> [is_loopback(host) for host in ("localhost", "127.0.0.1", "::1", "example.com")]
    [True, True, True, False]
    """
    if not host:
        return False
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
