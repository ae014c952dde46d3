"""Which tests are collected, their markers, and their order; registered as a plugin by conftest.py.

It is a plugin and not part of a conftest.py, so that it holds for the doctests in labeling/ too.
"""

import ast
import functools
import importlib.util
import os
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]
MARKER_OF_FIXTURE = {
    "browser": "browser",
    "postgres": "postgres",
    "real_data": "slow",
    "studio": "studio",
    "studio_server": "studio",
}
MARKER_OF_PARAMETER = {"postgresql": "postgres", "snorkel": "heavy"}
MARKER_OF_FILE = {
    "labeling/functions/pretrained.py": "heavy",
    "labeling/label_models/snorkel.py": "heavy",
    "tests/acceptance/test_full_disk.py": "slow",
    "tests/acceptance/test_killed.py": "kill",
    "tests/acceptance/test_label_studio_*.py": "kill",
    "tests/analysis/test_against_snorkel.py": "heavy",
    "tests/analysis/test_dependencies.py": "slow",
    "labeling/datasets/formats/torch_dataset.py": "heavy",
    "tests/datasets/test_docbin.py": "heavy",
    "tests/datasets/test_hugging_face.py": "heavy",
    "tests/datasets/test_hugging_face_dataset.py": "heavy",
    "tests/datasets/test_torch_dataset.py": "heavy",
    "tests/datasets/releases/test_dvc.py": "slow",
    "tests/datasets/releases/test_killed.py": "kill",
    "tests/demo/*.py": "slow",
    "tests/distributed/test_killed_*.py": "kill",
    "tests/distributed/test_on_*.py": "slow",
    "tests/engine/test_slow_calls.py": "slow",
    "tests/functions/test_lf_pretrained.py": "heavy",
    "tests/label_models/test_snorkel.py": "heavy",
    "tests/label_studio/test_local_server.py": "studio",
    "tests/label_studio/test_webhook_receiver.py": "slow",
    "tests/package/test_notebooks.py": "slow",
    "tests/project/test_watching.py": "slow",
    "tests/records/test_size_limits.py": "slow",
    "tests/store/test_lock.py": "slow",
}
# Test files that import these inside of functions, without `pytest.importorskip`.
NEEDS = {
    "labeling/analysis/label_errors.py": "cleanlab",
    "labeling/functions/pretrained.py": "transformers",
    "labeling/label_models/snorkel.py": "snorkel",
    "tests/distributed/test_on_dask.py": "distributed",
    "tests/distributed/test_on_spark.py": "pyspark",
    "tests/functions/test_lf_pretrained.py": "transformers",
    "tests/notebook/test_explorer_browser.py": "jupyterlab",
    "tests/package/test_licences.py": "label_studio_sdk",
    "tests/package/test_reference.py": "label_studio_sdk",
}
# Packages of the heavy extras and of the tests: where all are installed, every file is collected.
OPTIONAL = (
    "IPython",
    "anywidget",
    "datasets",
    "distributed",
    "httpx",
    "jupyterlab",
    "label_studio_sdk",
    "nbclient",
    "nbformat",
    "openpyxl",
    "polars",
    "psutil",
    "psycopg",
    "pyspark",
    "snorkel",
    "sqlalchemy",
    "transformers",
)
# They take minutes, and come first, so that no process is left alone with one of them at the end.
LONG = (
    "tests/acceptance/test_label_studio_faults.py",
    "tests/acceptance/test_killed.py",
    "tests/acceptance/test_label_studio_killed.py",
    "tests/label_studio/test_local_server.py",
)


def pytest_ignore_collect(collection_path):
    """Do not collect a file whose packages are not all installed, as with few extras."""
    if collection_path.suffix != ".py" or os.environ.get("LABELING_NO_SKIPS"):
        return None
    if not any(_is_missing(package) for package in OPTIONAL):
        return None
    return True if _lacks_a_package(collection_path) else None


def pytest_collection_modifyitems(items):
    """Mark tests by the servers that they use, and put those in long files first."""
    for item in items:
        for marker in _markers(item):
            item.add_marker(marker)
    rank = {name: number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: rank.get(_name(item.path), len(rank)))


def _markers(item):
    name = _name(item.path)
    found = {marker for files, marker in MARKER_OF_FILE.items() if fnmatch(name, files)}
    fixtures = getattr(item, "fixturenames", ())
    found |= {MARKER_OF_FIXTURE[name] for name in fixtures if name in MARKER_OF_FIXTURE}
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    texts = [value for value in parameters if isinstance(value, str)]
    found |= {MARKER_OF_PARAMETER[text] for text in texts if text in MARKER_OF_PARAMETER}
    return sorted(found)


def _name(path):
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)


def _lacks_a_package(path):
    """Whether a file needs a package that is not installed, itself or by a file that it imports."""
    packages = [folder / "__init__.py" for folder in path.parents]
    seen, todo = set(), [path, *(file for file in packages if file.is_file())]
    while todo:
        file = todo.pop()
        seen.add(file)
        needed = [NEEDS[_name(file)]] if _name(file) in NEEDS else []
        for module in _imported(file):
            top = module.partition(".")[0]
            if top in ("labeling", "tests"):
                todo += [own for own in _files_of(module) if own not in seen]
            else:
                needed.append(top)
        if any(_is_missing(package) for package in needed):
            return True
    return False


@functools.cache
def _imported(path):
    """Return the modules that a file imports at its top."""
    modules = []
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules += [f"{node.module}.{alias.name}" for alias in node.names]
    return modules


def _files_of(module):
    """Return the files in this repository that are run when a module is imported."""
    parts = module.split(".")
    for count in range(1, len(parts) + 1):
        path = ROOT.joinpath(*parts[:count])
        for file in (path / "__init__.py", path.with_suffix(".py")):
            if file.is_file():
                yield file


@functools.cache
def _is_missing(package):
    return importlib.util.find_spec(package) is None
