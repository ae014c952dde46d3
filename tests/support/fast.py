"""Which tests are fast: no servers, no browser, no kills, no heavy extras; `pytest --fast` runs them."""

import re
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]
SERVERS = {"browser", "postgres", "studio", "studio_server"}
# A test file that imports one of these at its top needs a heavy extra, or a server.
HEAVY = re.compile(
    r"^(?:from|import) (?:datasets|httpx|label_studio_sdk|labeling\.label_studio|nbformat|polars"
    r"|psutil|psycopg|snorkel|spacy|tests\.support\.(?:postgres|studio\w*)|torch|transformers)\b",
    re.MULTILINE,
)
# What needs them further inside.
EXTRAS = (
    *("labeling/label_studio/*", "labeling/label_models/snorkel.py"),
    *("labeling/functions/pretrained.py", "tests/analysis/test_against_snorkel.py"),
    *(
        "tests/datasets/test_hugging_face.py",
        "tests/label_studio/*",
        "tests/acceptance/*",
        "tests/package/test_licences.py",
    ),
    *("tests/label_models/test_snorkel.py", "tests/functions/test_lf_pretrained.py"),
    *(
        "tests/package/test_notebooks.py",
        "tests/package/test_reference.py",
        "tests/cli/test_studio_*",
    ),
)
# What takes long: kills, many processes, the demo, benchmarks.
SLOW = (
    *("tests/support/killing.py", "tests/demo/*", "tests/analysis/test_dependencies.py"),
    *("tests/store/test_lock.py",),
    *(
        "tests/package/test_quality_bench.py",
        "tests/project/test_watching.py",
        "tests/support/watched.py",
    ),
)


def is_left_out(path):
    """Whether `pytest --fast` leaves a file out."""
    if not path.is_relative_to(ROOT):
        return False
    own = path.relative_to(ROOT).as_posix()
    if any(fnmatch(own, pattern) for pattern in (*EXTRAS, *SLOW)):
        return True
    is_test = own.startswith("tests/") and path.suffix == ".py"
    return is_test and HEAVY.search(path.read_text("utf-8")) is not None


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
