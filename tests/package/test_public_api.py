"""The public surface is exactly what `__all__` says, and importing it is cheap."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import labeling as lb

HEAVY = (
    "torch",
    "snorkel",
    "modAL",
    "matplotlib",
    "label_studio_sdk",
    "dask",
    "polars",
    "sklearn",
    "scipy",
    "typer",
    "pydantic",
)


def test_all_is_sorted_and_complete():
    """`__all__` is sorted, and holds each name that can be had from the package."""
    lazy = {*lb._ROOM_OF, *lb._OPEN_ROOMS, "apply"}

    assert sorted(lb.__all__) == lb.__all__
    assert lazy == set(lb.__all__)


@pytest.mark.parametrize("name", lb.__all__)
def test_every_name_can_be_had(name):
    if name == "LabelStudio":
        pytest.importorskip("label_studio_sdk", reason="it comes with [label-studio]")

    assert getattr(lb, name) is not None


def test_dir_lists_the_public_names_alone():
    assert lb.__all__ == dir(lb)


def test_completing_a_name_in_a_notebook_loads_nothing_heavy():
    """A TAB after `labeling.` offers the public names, and loads no room for it.

    IPython shows a type beside each name that its completer evaluates in time (0.4 s): that reads
    the attribute, as of every package with lazy names, so it is switched off here.
    """
    pytest.importorskip("IPython", reason="it comes with [notebook]")
    code = (
        "import json, sys\n"
        "from IPython.core.completer import IPCompleter, provisionalcompleter\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "shell.run_cell('import labeling')\n"
        "shell.Completer.jedi_compute_type_timeout = 0\n"
        "with provisionalcompleter():\n"
        "    offered = shell.Completer.completions('labeling.', 9)\n"
        "    found = sorted({completion.text.lstrip('.') for completion in offered})\n"
        "print(json.dumps([found, sorted(sys.modules)]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found, modules = json.loads(done.stdout.splitlines()[-1])

    assert set(lb.__all__) <= {name.removeprefix("labeling.") for name in found}
    assert [name for name in HEAVY if name in modules] == []


def test_the_version_is_that_of_the_package():
    done = subprocess.run(
        [sys.executable, "-m", "labeling", "--version"], capture_output=True, text=True, check=True
    )
    project = Path(__file__).parents[2] / "pyproject.toml"
    version = tomllib.loads(project.read_text("utf-8"))["project"]["version"]

    assert (f"labeling {version}\n", version) == (done.stdout, lb.__version__)


def test_unknown_name_is_an_attribute_error():
    assert not hasattr(lb, "aply")


def test_every_error_is_a_labeling_error_and_every_warning_one_for_users():
    from labeling import errors

    own = [
        one for one in vars(errors).values() if getattr(one, "__module__", "") == errors.__name__
    ]
    found = [one for one in own if isinstance(one, type)]

    assert found
    kinds = {True: UserWarning, False: lb.LabelingError}
    assert all(issubclass(one, kinds[one.__name__.endswith("Warning")]) for one in found)
    assert all(one.__name__ in (errors.__doc__ or "") for one in found)


def test_import_is_cheap():
    """A new process imports the package, and its first names, without anything heavy."""
    code = (
        "import time, json, sys; begin = time.process_time(); import labeling;"
        "from labeling import ABSTAIN, LabelSchema, Votes, labeling_function;"
        "print(json.dumps([time.process_time() - begin, sorted(sys.modules)]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    _, modules = json.loads(done.stdout)

    assert [name for name in HEAVY if name in modules] == []


def test_a_missing_extra_is_named():
    """Without its package a name says what to install, as an error of ours."""
    code = (
        "import sys; sys.modules['yaml'] = None; import labeling as lb\n"
        "try:\n    lb.Project\nexcept lb.LabelingError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "This needs yaml: pip install 'labeling[cli]'" in done.stdout
