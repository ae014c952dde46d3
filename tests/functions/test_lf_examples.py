"""The examples that experts learn from work as they stand."""

import http.server
import importlib.util
import json
import sqlite3
import threading
from pathlib import Path

import pandas as pd
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import labeling as lb

FILE = Path(__file__).parents[2] / "lfs" / "examples.py"
COMMENTS = pd.DataFrame(
    [
        ("c1", "Win CASH now! Call 555-1234!!", "bot1", "XX", 9.0, 1),
        ("c2", "Thanks, it fits", "ann", "NZ", 20.0, 0),
        ("c3", "Feel free to ask", "bob", "DE", 20.0, 1),
        ("c4", "Free gold! Gold! GOLD! gold gold gold", "cy", None, 900.0, 3),
        ("c5", "Buy cheap pills, your last chance", "BOT2", "US", None, 1),
    ],
    columns=["comment_id", "text", "author", "country", "price", "links"],
).set_index("comment_id")
VOTES = {
    "link_or_chat": " h s ",
    "dear_and_pushy": "   s ",
    "money": "s    ",
    "phone": "s    ",
    "free_offer": "s  s ",
    "thanks_of_a_buyer": " h   ",
    "known_bots": "s   s",
    "by_country": "sh   ",
    "old_filter": "s   s",
    "crowd_ann": "sh   ",
    "crowd_bob": "s    ",
    "shouting_bargain": "    s",
    "repeats_itself": "   s ",
}
CODES = {"h": 0, "s": 1, " ": -1}


@pytest.fixture
def examples(tmp_path, monkeypatch):
    """The module, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    spec = importlib.util.spec_from_file_location("examples_of_lfs", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("workers", [1, 2])
def test_every_kind_votes_as_it_says(tmp_path, monkeypatch, schema, workers):
    monkeypatch.chdir(tmp_path)
    lfs = lb.load_labeling_functions(FILE)
    assert [lf.name for lf in lfs] == list(VOTES)
    assert all(lf.__doc__ for lf in lfs)
    votes = lb.apply(lfs, COMMENTS, schema, workers=workers)
    codes = {name: votes.to_array()[:, column].tolist() for column, name in enumerate(votes.voters)}
    assert codes == {name: [CODES[letter] for letter in text] for name, text in VOTES.items()}


def test_the_example_of_a_table(examples, schema, tmp_path, monkeypatch):
    with sqlite3.connect(tmp_path / "crm.db") as database:
        database.execute("CREATE TABLE accounts (name TEXT, verdict TEXT)")
        database.execute("INSERT INTO accounts VALUES ('Bot2', 'spam'), ('bob', 'ham')")
    database.close()
    monkeypatch.setenv("CRM_URL", f"sqlite:///{tmp_path}/crm.db")
    votes = lb.apply(examples.banned_in_crm("env:CRM_URL"), COMMENTS, schema)
    assert votes.to_array()[:, 0].tolist() == [-1, -1, 0, -1, 1]


def test_the_example_of_a_file(examples, schema, tmp_path):
    (tmp_path / "banned.txt").write_text("# by hand\nBOT1\n\ncy\n", encoding="utf-8")
    votes = lb.apply(examples.banned_by_hand("banned.txt"), COMMENTS, schema)
    assert votes.to_array()[:, 0].tolist() == [1, -1, -1, 1, -1]


def test_the_example_of_a_fitted_classifier(examples, schema):
    texts = ["cash now", "cash prize", "thanks", "thanks a lot", "free gold"] * 20
    classifier = make_pipeline(CountVectorizer(), LogisticRegression())
    classifier.fit(texts, [1, 1, 0, 0, 1] * 20)
    votes = lb.apply(examples.trained_before(classifier), COMMENTS, schema)
    assert votes.to_array()[:, 0].tolist() == [1, 0, 1, 1, -1]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["q"]
        score = 0.95 if self.headers["Authorization"] == "token" else 0.0
        content = json.dumps({"class": "S" if "!" in asked else "H", "score": score}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        pass


def test_the_example_of_a_service(examples, schema, tmp_path, monkeypatch):
    monkeypatch.setenv("SPAM_SERVICE_TOKEN", "token")
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        rule = examples.spam_service(f"http://127.0.0.1:{server.server_port}/")
        votes = lb.apply(rule, COMMENTS, schema)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert votes.to_array()[:, 0].tolist() == [1, 0, 0, 1, 0]


def test_the_examples_of_models_of_others(examples, schema):
    spacy = pytest.importorskip("spacy", reason="it comes with [spacy]")
    pytest.importorskip("transformers", reason="it comes with [transformers]")
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "PERSON", "pattern": "CASH"}])
    votes = lb.apply(examples.names_a_person(nlp), COMMENTS, schema)
    assert votes.to_array()[:, 0].tolist() == [0, -1, -1, -1, -1]
    assert examples.spam_transformer("a/folder").__doc__.startswith("Trained on text messages")
