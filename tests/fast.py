"""Which tests are fast: no servers, no browser, no kills, no heavy extras; `pytest --fast` runs them."""

from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[1]
SERVERS = {"browser", "postgres", "studio", "studio_server"}
# What needs the packages of heavy extras (Label Studio's SDK, torch, spaCy, Snorkel, notebooks, ...).
EXTRAS = (
    *("labeling/label_studio/*", "labeling/label_models/snorkel.py"),
    *("labeling/functions/pretrained.py", "tests/test_against_snorkel.py"),
    *(
        "tests/test_export_hugging_face.py",
        "tests/test_faulty_proxy.py",
        "tests/test_label_studio*",
    ),
    *("tests/test_label_model_snorkel.py", "tests/test_lf_pretrained.py", "tests/test_licences.py"),
    *("tests/test_notebooks.py", "tests/test_secrets.py", "tests/test_store_schema.py"),
    *("tests/test_studio_*", "tests/test_watching.py", "tests/test_webhook_receiver.py"),
    *("tests/postgres.py", "tests/studio*.py"),
)
# What takes long: kills, many processes, the demo, benchmarks.
SLOW = (
    *("tests/killing.py", "tests/test_demo.py", "tests/test_dependencies.py"),
    *("tests/test_full_disk.py", "tests/test_killed.py", "tests/test_locks.py"),
    *("tests/test_quality_bench.py", "tests/watched.py"),
)


def is_left_out(path):
    """Whether `pytest --fast` leaves a file out."""
    own = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else ""
    return any(fnmatch(own, pattern) for pattern in (*EXTRAS, *SLOW))


def needs_server(item):
    """Whether a test needs a server or a browser."""
    given = item.callspec.params if hasattr(item, "callspec") else {}
    names = set(getattr(item, "fixturenames", ()))
    return bool(names & SERVERS) or given.get("url") == "postgresql"


def pytest_ignore_collect(collection_path):
    return True if is_left_out(collection_path) else None


def pytest_collection_modifyitems(config, items):
    left_out = [item for item in items if needs_server(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not needs_server(item)]
