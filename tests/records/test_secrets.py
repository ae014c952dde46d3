"""A secret is shown nowhere, whoever quotes it and however it is encoded."""

import base64
import html
import json
import logging
import pickle
import threading
import traceback
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from urllib.parse import quote, quote_plus

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import labeling as lb
from labeling.errors import LabelingError, LabelingFunctionError, PlatformError, StoreError
from labeling.functions import http_client, service
from labeling.label_studio.client import StudioClient
from labeling.records import masked
from labeling.store.database import Database
from tests.support.legacy_service import serving

SECRET = "pa55 w/rd+\"é'&x"
USER = "somebody"
BASIC = base64.b64encode(f"{USER}:{SECRET}".encode()).decode()

ENCODINGS = {
    "plain": lambda secret: secret,
    "upper case": str.upper,
    "url": lambda secret: quote(secret, safe=""),
    "path": quote,
    "form": quote_plus,
    "JSON": json.dumps,
    "JSON in letters": lambda secret: json.dumps(secret, ensure_ascii=False),
    "HTML": html.escape,
    "repr": repr,
    "hex": lambda secret: secret.encode().hex(),
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64 of more": lambda secret: base64.b64encode(f"ab {secret} cd".encode()).decode(),
    "base64 for urls": lambda secret: base64.urlsafe_b64encode(f"a{secret}z".encode()).decode(),
}


def forms(secret):
    return {name: encode(secret) for name, encode in ENCODINGS.items()}


@given(secret=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=20))
@example(SECRET.replace(" ", "_"))
@example("abcd:efgh")
def test_a_secret_is_masked_in_every_encoding(secret):
    for name, form in forms(secret).items():
        text = masked(f"<{form}>", [f"Bearer {secret}"])
        middle = len(form) // 2
        assert form[middle - 2 : middle + 2] not in text, name


def test_the_password_of_basic_authentication_is_masked_by_itself():
    text = f"no {USER}:{SECRET} and no {SECRET}; {BASIC}"
    assert masked(text, [f"Basic {BASIC}"]) == "no *** and no ***; ***"


def test_without_secrets_a_text_stays_what_it_is():
    assert masked("a text", []) == masked("a text", ["", " "]) == "a text"


# Services


@pytest.fixture
def legacy(monkeypatch):
    monkeypatch.setattr(http_client, "BACKOFF", 0.01)
    with serving() as server:
        yield server


def asked(url, **options):
    headers = {"Authorization": "env:LEGACY_TOKEN", "X-Second": lambda: "second-s3cr3t"}
    return service("legacy", f"{url}?key=third-s3cr3t", headers=headers, retries=0, **options)


def fails(got):
    raise RuntimeError(f"cannot read {got}")


@pytest.mark.parametrize("encoding", sorted(ENCODINGS))
@pytest.mark.parametrize(
    ("content", "options"),
    [
        ("<html>{}", {}),
        ('{{"error": {}}}', {}),
        ('{{"label": {}}}', {}),
        ('{{"label": {}}}', {"labels": {"a": "spam"}}),
        ('{{"label": "spam", "confidence": {}}}', {"threshold": 0.5}),
        ('{{"label": {}}}', {"answer": fails}),
        (None, {}),
    ],
)
def test_a_service_that_quotes_a_secret_does_not_get_it_shown(
    legacy, schema, tmp_path, monkeypatch, caplog, encoding, content, options
):
    monkeypatch.setenv("LEGACY_TOKEN", f"Basic {BASIC}")
    secrets = [BASIC, SECRET, "second-s3cr3t", "third-s3cr3t"]
    quoted = " ".join(ENCODINGS[encoding](secret) for secret in secrets)
    if content is None:
        legacy.fails, legacy.status, legacy.refusal = 9, 403, ("x" * 190 + quoted).encode()
    else:
        said = content.format(json.dumps(quoted) if content[0] == "{" else quoted)
        legacy.answer = lambda body: said.encode()
    rule = asked(legacy.url, cache=tmp_path / "kept.sqlite", **options)
    with caplog.at_level(logging.DEBUG):
        votes = lb.apply(rule, pd.DataFrame({"text": ["free"]}), schema, on_error="record")
        with pytest.raises(LabelingError) as raised:
            lb.apply(rule, pd.DataFrame({"text": ["free"]}), schema)
    (fault,) = votes.faults
    shown = "".join(
        [
            *(
                "".join(traceback.format_exception(error))
                for error in (raised.value, fault.exception)
            ),
            *(repr(votes.faults), caplog.text, repr(rule), str(pickle.dumps(fault.exception))),
            repr(fault.exception.__context__),
        ]
    )
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir()).decode(errors="replace")
    assert "***" in shown
    for secret in secrets:
        for name, form in forms(secret).items():
            assert form.strip("\"'") not in shown, name
            assert form.strip("\"'") not in stored, name


def test_an_answer_that_makes_sense_and_quotes_a_secret_is_taken_and_not_kept(
    legacy, tmp_path, monkeypatch
):
    monkeypatch.setenv("LEGACY_TOKEN", "s3cr3t-token")
    legacy.answer = lambda body: b'{"label": "spam", "you": "s3cr3t-token"}'
    rule = asked(legacy.url, cache=tmp_path / "kept.sqlite")
    assert [rule(SimpleNamespace(text="a")) for _ in range(2)] == ["spam", "spam"]
    assert len(legacy.asked) == 2
    assert b"s3cr3t-token" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_settings_in_the_code_are_no_secrets(legacy):
    legacy.answer = lambda body: b'{"error": "version 1 needs application/json"}'
    headers = {"X-Version": "1", "Accept": "application/json"}
    with pytest.raises(LabelingFunctionError, match="version 1 needs application/json"):
        service("legacy", legacy.url, headers=headers)(SimpleNamespace(text="a"))


# Databases, and Label Studio


@pytest.mark.parametrize(
    "options", [f"password={quote(SECRET)}", f"sslpassword={quote(SECRET)}&connect_timeout=1"]
)
def test_a_store_shows_no_password_among_the_options_of_its_address(options):
    database = Database(f"postgresql://{USER}@127.0.0.1:9/none?{options}")
    with pytest.raises(StoreError) as raised, database.reading():
        pass
    text = "".join(traceback.format_exception(raised.value)) + database.display_url
    assert all(form.strip("\"'") not in text for form in forms(SECRET).values())


class _Echo(BaseHTTPRequestHandler):
    def do_GET(self):
        content = json.dumps({"detail": f"no entry with {self.headers['Authorization']}"}).encode()
        self.send_response(403)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        pass


def test_what_a_server_says_of_a_token_is_masked(caplog):
    with HTTPServer(("127.0.0.1", 0), _Echo) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            line = StudioClient(
                f"http://127.0.0.1:{server.server_address[1]}", "0123456789abcdef0123"
            )
            with caplog.at_level(logging.INFO), pytest.raises(PlatformError) as raised:
                line.request_idempotent(
                    "reading projects", lambda client: client.projects.get(id=1)
                )
        finally:
            server.shutdown()
            thread.join()
    assert "no entry with ***" in str(raised.value)
    shown = "".join(traceback.format_exception(raised.value)) + caplog.text
    assert "0123456789abcdef0123" not in shown
