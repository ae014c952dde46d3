"""A foreign listener at an address, which answers every request and records all it receives."""

import contextlib
import json
import socket
import threading

ANSWER = {"status": "UP", "token": "f" * 40, "invite_url": "/user/signup/?token=x", "id": 1}


class Listener:
    """Listens until it is closed; `received` is every byte sent to it, `connections` a count."""

    def __init__(self, port=0, host="127.0.0.1", status="200 OK", headers=()):
        self.received, self.connections = b"", 0
        body = json.dumps(ANSWER).encode()
        lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", *headers]
        lines += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
        self._answer = "\r\n".join(lines).encode() + body
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((host, port))
        self._socket.listen()
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.connections += 1
                with connection, contextlib.suppress(OSError):
                    connection.settimeout(2)
                    self._talk(connection)

    def _talk(self, connection):
        """Read a request as far as it comes, and answer it."""
        while data := connection.recv(1 << 16):
            self.received += data
            if b"\r\n\r\n" in self.received:
                connection.sendall(self._answer)
                return
