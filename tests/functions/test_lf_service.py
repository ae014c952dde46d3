import json
import pickle
import sqlite3
import sys
import time
from types import SimpleNamespace

import pandas as pd
import pytest
import tenacity

import labeling as lb
from labeling import ABSTAIN
from labeling.errors import LabelingError, LabelingFunctionError, MissingExtraError
from labeling.functions import http_client, model, service
from tests.support.legacy_service import KEY, TOKEN, classify, serving


def x(text=None, **fields):
    return SimpleNamespace(text=text, **fields)


@pytest.fixture
def legacy(monkeypatch):
    monkeypatch.setattr(http_client, "BACKOFF", 0.01)
    with serving() as server:
        yield server


FRAME = pd.DataFrame({"text": ["free tea", "hello", None, "free", "good day"] * 2})
WANTED = [1, 0, -1, 1, 0] * 2


def test_a_service_votes_and_is_not_asked_about_missing_text(legacy, schema):
    rule = service("legacy", legacy.url)
    assert lb.apply(rule, FRAME, schema).to_array()[:, 0].tolist() == WANTED
    assert legacy.asked[:2] == [{"text": "free tea"}, {"text": "hello"}]
    assert len(legacy.asked) == 8
    assert (rule(x("free!")), rule(x(None))) == ("spam", None)


def test_votes_are_the_same_in_workers_which_open_lines_of_their_own(legacy, schema, tmp_path):
    rule = service("legacy", legacy.url, cache=tmp_path / "cache.sqlite")
    assert rule(x("warm")) == "ham"  # a live session, which is not handed over
    votes = lb.apply(rule, FRAME, schema, workers=2)
    assert votes.to_array()[:, 0].tolist() == WANTED
    assert pickle.loads(pickle.dumps(rule))(x("free")) == "spam"


def test_asking_answering_labels_and_threshold_are_the_callers(legacy):
    rule = service(
        "legacy", legacy.url, column=["text", "author"],
        ask=lambda both: {"text": f"{both['text']} {both['author']}"},
        answer=lambda got: (got["label"][0], got["confidence"]),
        labels={"s": "spam", "h": None}, threshold=0.9,
    )  # fmt: skip
    asked = [("free tea", "ann"), ("free", "a"), ("good day", "ann"), (None, float("nan"))]
    votes = [rule(x(text, author=author)) for text, author in asked]
    assert votes == ["spam", ABSTAIN, None, None]
    assert legacy.asked[0] == {"text": "free tea ann"}
    plain = service("plain", legacy.url, column=["text", "author"], threshold=0.5)
    assert plain(x("good day", author=None)) == "ham"
    assert legacy.asked[-1] == {"text": "good day", "author": None}


def many(body):
    return json.dumps([classify(value) for value in body]).encode()


def test_several_values_share_a_request(legacy, schema):
    legacy.answer = many
    rule = service("legacy", legacy.url, batch_size=3)
    assert lb.apply(rule, FRAME, schema).to_array()[:, 0].tolist() == WANTED
    assert [len(body) for body in legacy.asked] == [3, 3, 2]
    legacy.asked.clear()
    assert lb.apply(rule, FRAME, schema, workers=2).to_array()[:, 0].tolist() == WANTED


def test_a_batch_that_fails_is_asked_one_by_one_so_that_only_the_sample_is_at_fault(legacy, schema):
    legacy.answer = lambda body: b"[" if {"text": "hello"} in body else many(body)
    rule = service("legacy", legacy.url, batch_size=3)
    votes = lb.apply(rule, FRAME.head(5), schema, on_error="record")
    assert votes.to_array()[:, 0].tolist() == [1, -1, -1, 1, 0]
    assert [fault.sample_id for fault in votes.faults] == [1]


def test_failures_that_pass_are_tried_again_and_each_retry_is_logged(legacy, caplog):
    legacy.fails = 2
    rule = service("legacy", f"{legacy.url}?key={KEY}")
    assert rule(x("free")) == "spam"
    assert len(legacy.asked) == 3
    retries = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert retries == [
        f"Service 'legacy' at {legacy.url}: try {number} of 4 failed (status 503), trying again"
        for number in (1, 2)
    ]


def test_a_lasting_failure_names_service_and_sample_and_no_secret(
    legacy, schema, caplog, monkeypatch
):
    monkeypatch.setenv("LEGACY_TOKEN", TOKEN)
    legacy.fails = 99
    rule = service(
        "legacy", f"{legacy.url}?key={KEY}", retries=2,
        headers={"Authorization": "env:LEGACY_TOKEN"},
    )  # fmt: skip
    with pytest.raises(LabelingError, match=r"'legacy' failed on sample 0.*") as raised:
        lb.apply(rule, FRAME, schema)
    text = str(raised.value)
    assert f"Service 'legacy' at {legacy.url} failed 3 times: status 503." in text
    assert len(legacy.asked) == 3
    shown = text + repr(raised.value.__cause__) + caplog.text + repr(rule) + rule.__doc__
    assert KEY not in shown
    assert TOKEN not in shown + str(pickle.dumps(rule))


def test_no_connection_and_time_outs_are_clear_and_show_no_query(legacy, caplog):
    legacy.slow = 0.5
    slow = service("slow", f"{legacy.url}?key={KEY}", timeout=0.1, retries=1)
    with pytest.raises(LabelingFunctionError, match=r"failed 2 times: no answer within 0.1 s\."):
        slow(x("a"))
    nobody = service("nobody", f"http://127.0.0.1:9/x?key={KEY}", retries=1)
    with pytest.raises(
        LabelingFunctionError, match=r"127.0.0.1:9/x failed 2 times: ConnectError"
    ) as raised:
        nobody(x("a"))
    assert raised.value.__suppress_context__
    assert KEY not in caplog.text


@pytest.mark.parametrize("status", [302, 400, 401, 404])
def test_what_no_retry_mends_is_not_tried_again(legacy, status):
    legacy.fails, legacy.status = 1, status
    with pytest.raises(LabelingFunctionError, match=f"refused: status {status}, 'not now'"):
        service("legacy", legacy.url)(x("a"))
    assert len(legacy.asked) == 1


def test_a_service_that_is_down_is_left_alone_for_a_while(legacy, schema, monkeypatch):
    legacy.fails = 10**6
    rule = service("legacy", legacy.url, retries=1)
    frame = pd.DataFrame({"text": [f"text {number}" for number in range(100)]})
    votes = lb.apply(rule, frame, schema, on_error="record")
    assert len(votes.faults) == 100
    assert len(legacy.asked) == 2 * http_client.FAILURES_UNTIL_PAUSE
    assert "not asked for a minute, since 5 requests in a row failed: status 503" in str(
        votes.faults[-1].exception
    )
    legacy.fails = 0
    # Only the client's clock: other threads of this process have deadlines, too.
    later = time.monotonic() + http_client.PAUSE + 1
    monkeypatch.setattr(http_client, "time", SimpleNamespace(monotonic=lambda: later))
    assert rule(x("free")) == "spam"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<html>oops", "Got '<html>oops': it is not JSON"),
        (b"\xff\xfe", "must answer with JSON"),
        (b'{"class": "spam"}', r"Got '.\"class\": \"spam\".': KeyError\('label'\)"),
        (b"[]", "TypeError"),
        (b"null", "TypeError"),
        (b'{"label": "eggs"}', "`labels` of 'legacy' must say what 'eggs' means"),
    ],
)
def test_garbage_is_a_fault_and_is_not_kept(legacy, tmp_path, content, message):
    legacy.answer = lambda body: content
    rule = service("legacy", legacy.url, labels={"spam": "spam"}, cache=tmp_path / "cache.sqlite")
    with pytest.raises(LabelingFunctionError, match=message):
        rule(x("free"))
    legacy.answer = lambda body: json.dumps(classify(body)).encode()
    assert rule(x("free")) == "spam"


def test_a_wrong_number_of_answers_is_a_fault(legacy):
    legacy.answer = lambda body: b'[{"label": "spam"}, {"label": "spam"}]'
    rule = service("legacy", legacy.url, batch_size=4)
    with pytest.raises(LabelingFunctionError, match="it gave 2 answers for 3 values"):
        rule.batch([x("a"), x("b"), x("c")])


def test_an_answer_is_kept_by_url_and_exact_question(legacy, tmp_path):
    cache = tmp_path / "cache.sqlite"

    def rule(**options):
        return service("legacy", legacy.url, cache=cache, **options)

    assert [rule()(x("free")) for _ in range(3)] == ["spam"] * 3
    assert len(legacy.asked) == 1
    http_client._client.cache_clear()  # as in another process
    assert rule()(x("free")) == "spam"
    assert len(legacy.asked) == 1
    assert service("other", f"{legacy.url}?v=2", cache=cache)(x("free")) == "spam"
    assert len(legacy.asked) == 2
    legacy.fails = 99
    with pytest.raises(LabelingFunctionError):
        rule(retries=0)(x("else"))
    legacy.fails = 0
    assert rule(retries=0)(x("else")) == "ham"


def test_the_order_of_a_batch_tells_questions_apart(legacy, tmp_path):
    legacy.answer = lambda body: json.dumps(
        [{"label": "spam" if "free" in text else "ham"} for text in body]
    ).encode()
    rule = service(
        "legacy", legacy.url, ask=lambda texts: texts, batch_size=2, cache=tmp_path / "k.sqlite"
    )
    assert rule.batch([x("a"), x("free")]) == ["ham", "spam"]
    assert rule.batch([x("free"), x("a")]) == ["spam", "ham"]
    assert rule.batch([x("a"), x("free")]) == ["ham", "spam"]
    assert len(legacy.asked) == 2


def test_no_secret_is_kept_on_disk_and_nothing_is_pickled(legacy, tmp_path, monkeypatch):
    monkeypatch.setenv("LEGACY_TOKEN", TOKEN)
    cache = tmp_path / "cache.sqlite"
    rule = service(
        "legacy", f"{legacy.url}?key={KEY}", cache=cache,
        headers={"X-Legacy": "env:LEGACY_TOKEN", "Authorization": lambda: f"Bearer {TOKEN}"},
    )  # fmt: skip
    assert rule(x("free")) == "spam"
    assert legacy.headers[0]["X-Legacy"] == TOKEN
    assert legacy.headers[0]["Authorization"] == f"Bearer {TOKEN}"
    rule(x("free tea"))
    assert "cookie" not in {name.lower() for name in legacy.headers[1]}
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"classify" in stored
    assert TOKEN.encode() not in stored
    assert KEY.encode() not in stored
    database = sqlite3.connect(cache)
    stored = [json.loads(value) for (value,) in database.execute("SELECT text FROM kept")]
    database.close()
    assert len(stored) == 2


def test_secrets_go_to_the_address_given_alone(legacy, monkeypatch, tmp_path):
    """Neither a .netrc nor a proxy of the environment has a say."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ann password other-s3cr3t\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert service("legacy", legacy.url)(x("free")) == "spam"
    rule = service("legacy", legacy.url, headers={"Authorization": f"Bearer {TOKEN}"})
    assert rule(x("free tea")) == "spam"
    assert "Authorization" not in legacy.headers[0]
    assert legacy.headers[1]["Authorization"] == f"Bearer {TOKEN}"


def test_a_header_given_in_another_case_replaces_the_usual_one(legacy):
    rule = service("legacy", legacy.url, headers={"content-type": "application/x", "X-Name": "é"})
    assert rule(x("free")) == "spam"
    names = [name for name in legacy.headers[0] if name.lower() == "content-type"]
    assert [legacy.headers[0][name] for name in names] == ["application/x"]
    for value, message in [(f"{TOKEN}\n", "LocalProtocolError"), (f"{TOKEN}→", "in Latin-1")]:
        rule = service("legacy", legacy.url, headers={"X-Name": value}, retries=0)
        with pytest.raises(LabelingFunctionError, match=message) as raised:
            rule(x("a"))
        assert TOKEN not in str(raised.value) + repr(raised.value.__context__)


@pytest.mark.parametrize("wait", ["0.07", "Thu, 01 Jan 1970 00:00:00 GMT", "2", "soon"])
def test_a_retry_after_header_says_how_long_to_wait(legacy, monkeypatch, wait):
    slept = []
    # Only the retries' sleep: a thread that waits in a loop would never sleep again.
    monkeypatch.setattr(tenacity.nap, "time", SimpleNamespace(sleep=slept.append))
    legacy.fails, legacy.retry_after = 2, wait
    assert service("legacy", legacy.url)(x("free")) == "spam"
    backoff = [0.0, 2 * http_client.BACKOFF]
    expected = {"2": [2.0, 2.0], "Thu, 01 Jan 1970 00:00:00 GMT": [0.0, 0.0]}
    assert slept == expected.get(wait, backoff)


def test_a_cache_of_requests_cache_is_left_as_it_is_and_is_not_read(legacy, tmp_path):
    cache = tmp_path / "cache.sqlite"
    database = sqlite3.connect(cache)
    database.execute("CREATE TABLE responses (key TEXT PRIMARY KEY, value TEXT, expires INTEGER)")
    database.execute("CREATE TABLE redirects (key TEXT PRIMARY KEY, value TEXT)")
    database.execute("INSERT INTO responses VALUES ('key', '{\"label\": \"ham\"}', NULL)")
    database.commit()
    database.close()
    rule = service("legacy", legacy.url, cache=cache)
    assert [rule(x("free")) for _ in range(2)] == ["spam", "spam"]
    assert len(legacy.asked) == 1
    database = sqlite3.connect(cache)
    assert database.execute("SELECT count(*) FROM responses").fetchone() == (1,)
    database.close()


def test_a_token_that_is_not_set_is_named(legacy, monkeypatch):
    monkeypatch.delenv("LEGACY_TOKEN", raising=False)
    rule = service("legacy", legacy.url, headers={"Authorization": "env:LEGACY_TOKEN"})
    message = "header 'Authorization' of service 'legacy' in LEGACY_TOKEN, which is not set"
    with pytest.raises(LabelingFunctionError, match=message):
        rule(x("a"))
    assert legacy.asked == []


@pytest.mark.parametrize(
    ("url", "options", "message"),
    [
        ("legacy.example/x", {}, "must begin with http"),
        ("file:///etc/passwd", {}, "must begin with http:// or https:// and a host. Got 'file'"),
        (f"http://user:{KEY}@h/", {}, "must hold no credentials.*env:NAME"),
        ("http://h/", {"timeout": 0}, "`timeout` above 0"),
        ("http://h/", {"retries": -1}, "`retries` from 0"),
        ("http://h/", {"retries": True}, "`retries` from 0"),
        ("http://h/", {"batch_size": 0}, "`batch_size` of 'legacy' must be"),
        ("http://h/", {"threshold": 2}, "threshold of 'legacy' must be between 0 and 1"),
    ],
)
def test_a_service_that_could_not_be_asked_is_refused(url, options, message):
    with pytest.raises(LabelingFunctionError, match=message) as raised:
        service("legacy", url, **options)
    assert KEY not in str(raised.value)


def test_a_question_that_json_cannot_hold_is_a_fault(legacy):
    for wrong in (float("inf"), {1, 2}):
        rule = service("legacy", legacy.url, ask=lambda text, wrong=wrong: {"text": wrong})
        with pytest.raises(LabelingFunctionError, match=r"what JSON can hold.*`ask` may change it"):
            rule(x("a"))


@pytest.mark.parametrize("content", [None, b"this is no database, but a text of some length"])
def test_a_cache_that_cannot_be_written_is_refused_and_not_waited_for(legacy, tmp_path, content):
    cache = tmp_path / "cache.sqlite"
    cache.write_bytes((content or b"") * 50)
    if content is None:
        cache /= "inside_a_file.sqlite"
    with pytest.raises(LabelingFunctionError, match="cache of service 'legacy' must be an SQLite"):
        service("legacy", legacy.url, cache=cache)(x("a"))


def test_without_the_packages_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "tenacity", None)
    with pytest.raises(MissingExtraError, match=r"tenacity: pip install 'labeling\[http\]'"):
        service("legacy", "http://localhost/")


def test_a_legacy_system_that_is_called_is_a_model(schema):
    """What answers for many samples at once needs no kind of its own."""

    def call_legacy(texts):
        return [("S" if "free" in text else "H", 0.9) for text in texts]

    rule = model("legacy", call_legacy, labels={"S": "spam", "H": None}, threshold=0.8)
    assert lb.apply(rule, FRAME.dropna(), schema).to_array()[:3, 0].tolist() == [1, -1, 1]


SENSELESS = [
    (b'{"label": "eggs"}', {}, "'eggs'"),
    (b'{"label": 7}', {}, "7"),
    (b'{"label": true}', {}, "True is not a label"),
    (b'{"label": ["spam"]}', {}, "spam"),
    (b'{"label": "spam", "confidence": NaN}', {"threshold": 0.5}, "from 0 to 1. Got nan"),
    (b'{"label": "spam", "confidence": 87.0}', {"threshold": 0.5}, "Divide percentages by 100"),
    (b'{"label": "spam", "confidence": -0.2}', {"threshold": 0.5}, "from 0 to 1. Got -0.2"),
    (b'{"label": "spam", "confidence": Infinity}', {"threshold": 0.5}, "from 0 to 1. Got inf"),
    (b'{"label": "spam", "confidence": "0.9"}', {"threshold": 0.5}, "from 0 to 1. Got '0.9'"),
    (b'{"label": "spam", "confidence": true}', {"threshold": 0.5}, "from 0 to 1. Got True"),
    (b'{"label": "spam", "confidence": null}', {"threshold": 0.5}, "from 0 to 1. Got None"),
    (b'{"label": "spam"}', {"answer": lambda got: 1 // 0}, "ZeroDivisionError"),
    (b"[" * 100_000, {}, "must answer with JSON"),
]


@pytest.mark.parametrize(("content", "options", "message"), SENSELESS)
def test_what_is_no_vote_is_never_kept(legacy, schema, tmp_path, content, options, message):
    """Also where only the schema tells that it is none."""
    cache, frame = tmp_path / "cache.sqlite", pd.DataFrame({"text": ["free", "free"]})
    legacy.answer = lambda body: content
    rule = service("legacy", legacy.url, cache=cache, **options)
    votes = lb.apply(rule, frame, schema, on_error="record")
    assert [message in str(fault.exception) for fault in votes.faults] == [True, True]
    assert len(legacy.asked) == 2
    legacy.answer = lambda body: b'{"label": "spam", "confidence": 0.9}'
    healed = service("legacy", legacy.url, cache=cache)
    assert lb.apply(healed, frame, schema).to_array()[:, 0].tolist() == [1, 1]
    assert len(legacy.asked) == 3


def test_a_batch_with_one_answer_that_is_no_vote_is_not_kept(legacy, schema, tmp_path):
    legacy.answer = lambda body: b'[{"label": "spam"}, {"label": "eggs"}]'
    rule = service("legacy", legacy.url, batch_size=2, cache=tmp_path / "cache.sqlite")
    frame = pd.DataFrame({"text": ["free", "hello"]})
    assert len(lb.apply(rule, frame, schema, on_error="record").faults) == 2
    legacy.answer = many
    assert lb.apply(rule, frame, schema).to_array()[:, 0].tolist() == [1, 0]


def test_an_answer_below_the_threshold_is_kept_whatever_its_label(legacy, schema, tmp_path):
    legacy.answer = lambda body: b'{"label": "eggs", "confidence": 0.1}'
    rule = service("legacy", legacy.url, threshold=0.5, cache=tmp_path / "cache.sqlite")
    frame = pd.DataFrame({"text": ["free", "free"]})
    assert lb.apply(rule, frame, schema).to_array()[:, 0].tolist() == [-1, -1]
    assert len(legacy.asked) == 1


def test_what_makes_no_sense_in_a_cache_of_before_is_asked_again(legacy, schema, tmp_path):
    """Such as a label that was one before the schema changed."""
    cache, frame = tmp_path / "cache.sqlite", pd.DataFrame({"text": ["free"]})
    rule = service("legacy", legacy.url, cache=cache)
    old = lb.LabelSchema(["eggs", "ham"])
    legacy.answer = lambda body: b'{"label": "eggs"}'
    assert lb.apply(rule, frame, old).to_array().tolist() == [[0]]
    assert lb.apply(rule, frame, old).to_array().tolist() == [[0]]
    assert len(legacy.asked) == 1
    legacy.answer = lambda body: b'{"label": "spam"}'
    assert lb.apply(rule, frame, schema).to_array().tolist() == [[1]]
    assert lb.apply(rule, frame, schema).to_array().tolist() == [[1]]
    assert len(legacy.asked) == 2
    legacy.answer = lambda body: b'{"label": "bread"}'
    assert len(lb.apply(rule, frame, old, on_error="record").faults) == 1
    assert len(legacy.asked) == 3
