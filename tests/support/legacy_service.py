"""A real HTTP service on this machine that answers as a legacy system, or fails on demand."""

import contextlib
import http.server
import json
import threading
import time

from labeling.functions import http_client

TOKEN = "s3cr3t-token"
KEY = "s3cr3t-key"


def classify(body):
    text = body["text"] or ""
    return {"label": "spam" if "free" in text else "ham", "confidence": min(1.0, len(text) / 10)}


class Legacy(http.server.ThreadingHTTPServer):
    """A service that answers JSON, and fails as its attributes say."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked, self.headers = [], []
        self.fails = 0  # how many requests it fails, and with which status
        self.status, self.refusal = 503, b"not now"
        self.retry_after = None
        self.slow = 0.0
        self.answer = lambda body: json.dumps(classify(body)).encode()
        self.url = f"http://127.0.0.1:{self.server_port}/classify"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        server = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server.asked.append(body)
        server.headers.append(dict(self.headers))
        if server.fails:
            server.fails -= 1
            self.reply(server.status, server.refusal)
            return
        if server.slow:
            time.sleep(server.slow)
        self.reply(200, server.answer(body))

    def reply(self, status, content):
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Content-Type", "application/json")
            self.send_header("Set-Cookie", f"session={TOKEN}")
            self.send_header("Location", "/elsewhere")
            if self.server.retry_after:
                self.send_header("Retry-After", self.server.retry_after)
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            pass  # it waited no longer

    def log_message(self, *args):
        pass


@contextlib.contextmanager
def serving():
    """A service that answers as long as the context lasts."""
    http_client._client.cache_clear()
    server = Legacy()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
