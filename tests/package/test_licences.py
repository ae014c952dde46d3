"""No copyleft in what users install, and every licence is named in docs/dependencies.md."""

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
WITHOUT_COPYLEFT = ("core", "cli", "report", "demo", "label-studio")
COPYLEFT = re.compile(
    r"\b[AL]?GPL|\b(Affero |Lesser )?General Public Licen[cs]e|\b(EUPL|OSL|SSPL|CDDL|CC-BY-SA)\b",
    re.IGNORECASE,
)
# What a licence is called in metadata, and the short name of its family.
FAMILIES = {
    "LGPL": r"LGPL|Lesser General Public",
    "GPL": r"\bGPL|GNU General Public",
    "MPL": r"MPL|Mozilla",
    "Apache": r"Apache",
    "BSD": r"BSD|Redistribution and use in source and binary forms",
    "MIT": r"\bMIT\b|Permission is hereby granted, free of charge",
    "ISC": r"\bISC\b",
    "PSF": r"\bPSF|Python Software Foundation",
}
# Packages whose metadata and files name no licence at all: where it is written instead.
ELSEWHERE: dict[str, str] = {
    "mlcroissant": "Apache-2.0",  # LICENSE of github.com/mlcommons/croissant
}


def named(extra):
    """The requirements of an extra in pyproject.toml, and those of extras that it names."""
    lines = PROJECT["dependencies"] if extra == "core" else EXTRAS[extra]
    found = [Requirement(line) for line in lines]
    own = [one for one in found if one.name != PROJECT["name"]]
    return own + [more for one in found if one not in own for x in one.extras for more in named(x)]


def closure(requirements):
    """The names of all distributions that requirements bring, here and now."""
    seen, todo = set(), list(requirements)
    while todo:
        wanted = todo.pop()
        key = (canonicalize_name(wanted.name), frozenset(wanted.extras))
        if key in seen:
            continue
        seen.add(key)
        for line in importlib.metadata.requires(wanted.name) or ():
            needed = Requirement(line)
            extras = ("", *wanted.extras)
            if not needed.marker or any(needed.marker.evaluate({"extra": x}) for x in extras):
                todo.append(needed)
    return sorted({name for name, _ in seen})


def licence_of(name):
    """What a distribution says of its licence: expression, classifiers, field, or licence files."""
    about = importlib.metadata.distribution(name)
    expression = about.metadata.get("License-Expression")
    if expression:
        return expression
    of_trove = [x for x in about.metadata.get_all("Classifier") or () if x.startswith("License ::")]
    specific = [x.rpartition(" :: ")[2] for x in of_trove if not x.endswith("OSI Approved")]
    field = (about.metadata.get("License") or "").strip()
    if specific or field:
        # A whole text in the field quotes other licences; its classifier says which one it is.
        return "; ".join(specific or [field.partition("\n")[0]])
    files = [one for one in about.files or () if re.match(r"(?i)(un)?licen[cs]e|copying", one.name)]
    return "; ".join(" ".join(one.read_text("utf-8").split()[:40]) for one in files)


def is_copyleft(licence):
    """Whether every choice that a licence leaves is copyleft.

    An exception of GCC's runtime lets programs of any licence be linked.
    """
    choices = re.split(r"\s+OR\s+", licence)
    return all(
        COPYLEFT.search(one) and "GCC-exception" not in one and "LLVM-exception" not in one
        for one in choices
    )


@pytest.mark.parametrize("extra", WITHOUT_COPYLEFT)
def test_what_users_install_has_no_copyleft(extra):
    """Followed through all that is installed with it, each with the licence that it states."""
    names = closure(named("core") + named(extra))
    licences = {name: ELSEWHERE.get(name) or licence_of(name) for name in names}

    assert {} == {name: text for name, text in licences.items() if is_copyleft(text)}
    assert [] == [name for name, text in licences.items() if not text]
    assert {"numpy", "pandas", "python-dateutil"} <= set(names)


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("GPL-3.0-or-later", True),
        ("GNU General Public License v3 (GPLv3)", True),
        ("LGPL-3.0-only", True),
        ("AGPL-3.0", True),
        ("GNU AFFERO GENERAL PUBLIC LICENSE Version 3", True),
        ("MIT AND GPL-2.0-only", True),
        ("MIT OR GPL-2.0-only", False),
        ("GPL-3.0-with-GCC-exception", False),
        ("MPL-2.0", False),
        ("BSD-3-Clause", False),
        ("", False),
    ],
)
def test_copyleft_is_known_by_any_of_its_names(licence, expected):
    assert expected == bool(is_copyleft(licence))


def test_a_package_under_lgpl_is_found():
    """The same look finds psycopg, which only the extra for PostgreSQL brings."""
    assert is_copyleft(licence_of("psycopg"))
    assert "psycopg" in closure(named("postgresql"))


def documented():
    """The tables of docs/dependencies.md: the licence that stands beside each package."""
    found = {}
    for line in (ROOT / "docs" / "dependencies.md").read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) >= 3 and set(cells[0]) != {"-"}:
            packages, licence = (cells[0], cells[1]) if len(cells) == 3 else (cells[1], cells[2])
            found |= {canonicalize_name(name): licence for name in packages.split(", ")}
    return found


def families(licence):
    return {name for name, pattern in FAMILIES.items() if re.search(pattern, licence)}


def test_the_licence_of_every_dependency_is_documented():
    direct = {canonicalize_name(one.name) for extra in ("core", *EXTRAS) for one in named(extra)}
    written = documented()

    assert [] == sorted(direct - set(written))
    licences = {name: ELSEWHERE.get(name) or licence_of(name) for name in direct}
    stated = {name: families(licence) for name, licence in licences.items()}
    assert {} == {
        name: (written[name], licences[name][:60])
        for name, found in stated.items()
        if not found or found != families(written[name])
    }


def test_documentation_names_no_package_that_is_gone():
    direct = {canonicalize_name(one.name) for extra in ("core", *EXTRAS) for one in named(extra)}

    assert [] == sorted(set(documented()) - direct - {"package"})


def test_the_extra_of_a_package_that_is_gone_still_installs():
    """Whoever installs `labeling[agreement]` gets what it was for: the core has it."""
    assert [] == EXTRAS["agreement"]
