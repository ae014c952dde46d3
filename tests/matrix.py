"""The fast tests on every Python that is here, with the newest and with the oldest packages.

`make test-matrix` runs it; `PYTHONS="3.12 3.13"` and `SETS="newest"` choose. Each environment is
kept in .cache/matrix, and made again when what it must hold has changed.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".cache" / "matrix"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = ("active", "cli", "http", "plots", "report", "sql", "xlsx")  # light, and for any Python
TOOLS = ("hypothesis", "pytest", "pytest-cov")
FAST = "not (studio or browser or kill or postgres or heavy or slow)"  # as in the Makefile
SETS_OF = {"3.11": ("lowest",), "3.12": ("pandas-2", "newest"), "3.13": ("pandas-2", "newest")}
LOWEST = ("-W", "ignore::DeprecationWarning")  # old packages may use what newer ones warn of


def bounds() -> list[str]:
    """Return what the core and the light extras need, as pyproject.toml has it."""
    lines = list(PROJECT["dependencies"])
    for extra in EXTRAS:
        lines += PROJECT["optional-dependencies"][extra]
    return sorted({line for line in lines if not line.startswith("labeling[")})


def lowest(bound: str) -> str:
    """Return the oldest release series that a bound allows.

    >>> lowest("numpy>=2.0"), lowest("pandas>=2.2.2"), lowest("pyarrow>=17")
    ('numpy==2.0.*', 'pandas==2.2.2', 'pyarrow==17.0.*')
    """
    name, version = re.match(r"([\w.-]+)>=([\d.]+)", bound).groups()
    parts = version.split(".")
    if len(parts) > 2:
        return f"{name}=={version}"
    return f"{name}=={'.'.join([*parts, '0'][:2])}.*"


def requirements(kind: str) -> list[str]:
    """Return what an environment of a kind must hold."""
    if kind == "lowest":
        return [*map(lowest, bounds()), *TOOLS]
    return [*bounds(), *TOOLS, *(["pandas==2.2.*"] if kind == "pandas-2" else [])]


def interpreter(version: str) -> str | None:
    """Return a Python of a version, from the path or from pyenv; `None` where there is none."""
    pyenv = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    for path in (shutil.which(f"python{version}"), *map(str, reversed(pyenv))):
        asked = [path or "", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        if path and subprocess.run(asked, capture_output=True, text=True).stdout.strip() == version:
            return path
    return None


def made(python: str, version: str, kind: str) -> Path:
    """Return the Python of an environment that holds what it must."""
    folder = FOLDER / f"{version}-{kind}"
    inside = folder / "bin" / "python"
    wanted = "\n".join(requirements(kind)) + "\n"
    note = folder / "requirements.txt"
    install = [str(inside), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if not note.is_file() or note.read_text("utf-8") != wanted:
        print(f"Making an environment for Python {version} ({kind}) ...", flush=True)
        subprocess.run([python, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([*install, *requirements(kind)], check=True)
        note.write_text(wanted, "utf-8")
    subprocess.run([*install, "--no-deps", "--editable", str(ROOT)], check=True)
    return inside


def main() -> int:
    """Run the tests in each environment; return 0 if all that ran passed, and some did."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pythons", default="", help="versions, apart by spaces; all without it")
    parser.add_argument("--sets", default="", help="lowest, pandas-2, newest; all without it")
    parser.add_argument("rest", nargs="*", help="arguments for pytest, after --")
    asked = parser.parse_args()
    results = {}
    for version in asked.pythons.split() or list(SETS_OF):
        python = interpreter(version)
        for kind in SETS_OF.get(version, ("newest",)):
            if asked.sets and kind not in asked.sets.split():
                continue
            if python is None:
                results[version, kind] = f"SKIPPED: THERE IS NO PYTHON {version} HERE"
                continue
            print(f"=== Python {version}, {kind}", flush=True)
            more = LOWEST if kind == "lowest" else ()
            inside = str(made(python, version, kind))
            call = [inside, "-m", "pytest", "-m", FAST, "-q", "-p", "no:cacheprovider", *more]
            code = subprocess.run([*call, *asked.rest], cwd=ROOT).returncode
            results[version, kind] = "passed" if code == 0 else f"FAILED (pytest ended with {code})"
    for (version, kind), result in results.items():
        print(f"Python {version}, {kind}: {result}")
    ran = [result for result in results.values() if not result.startswith("SKIPPED")]
    return 0 if ran and all(result == "passed" for result in ran) else 1


if __name__ == "__main__":
    sys.exit(main())
