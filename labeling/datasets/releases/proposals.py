"""Branches, proposals and approvals, as their files hold them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from labeling.datasets.releases.names import is_digest
from labeling.errors import ReleaseError, quoted
from labeling.records import person_key
from labeling.rendering import Displayed

Check = Callable[[object], bool]


@dataclass(frozen=True, slots=True)
class DataTestRun(Displayed):
    """That the tests on the data were run on a release.

    Attributes:
        report: the digest of the report, in the folder `tests`.
        release: the digest of the release.
        onto: the digest of the head of main that it was compared with; `None` if there was none.
        passed: whether no test failed.
    """

    report: str
    release: str
    onto: str | None
    passed: bool


@dataclass(frozen=True, slots=True)
class Branch(Displayed):
    """A line of work on a training set, beside main.

    Attributes:
        name: its name.
        release: the digest of its newest release.
        base: the digest of the head of main that it was made from, or that was merged into it last;
            `None` if main did not exist. Of main itself: the head before.
        authors: who put releases on it or proposed them since it was last merged.
        tests: the last tests of its release; `None` if it was not tested.
    """

    name: str
    release: str
    base: str | None
    authors: tuple[str, ...] = ()
    tests: DataTestRun | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return what its file contains."""
        tests = None
        if self.tests is not None:
            tests = {name: getattr(self.tests, name) for name in _TESTS}
        return {
            "release": self.release,
            "base": self.base,
            "authors": list(self.authors),
            "tests": tests,
        }

    @classmethod
    def from_dict(cls, name: str, values: Any) -> Branch:
        """Return the branch of a file.

        Raises:
            ReleaseError: the file does not describe a branch.
        """
        where = f"branches/{name}.json"
        checked = _checked(values, _BRANCH, where)
        tests = checked.pop("tests")
        if tests is not None:
            tests = DataTestRun(**_checked(tests, _TESTS, where))
        return cls(name, authors=tuple(checked.pop("authors")), tests=tests, **checked)

    def is_tested(self, onto: str | None) -> bool:
        """Return whether its release was tested against a head of main, with whatever result."""
        tests = self.tests
        return tests is not None and (tests.release, tests.onto) == (self.release, onto)


@dataclass(frozen=True, slots=True)
class Approval(Displayed):
    """That somebody approved a release, which counts for exactly what they saw.

    Attributes:
        by: who.
        at: when, UTC, in ISO 8601.
        release: the digest of the release.
        onto: the digest of the head of main; `None` if there was none.
        tests: the digest of the report of the tests.
        acknowledged: why a failing test is accepted, by its name.
    """

    by: str
    at: str
    release: str
    onto: str | None
    tests: str
    acknowledged: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def is_among(self, approvals: Iterable[Approval]) -> bool:
        """Return whether the same was approved before by the same person, whatever the time."""
        return any(
            replace(earlier, by=self.by, at=self.at) == self
            for earlier in approvals
            if is_one_of(earlier.by, [self.by])
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what its file contains."""
        values = {name: getattr(self, name) for name in _APPROVAL}
        return {**values, "acknowledged": dict(self.acknowledged)}


@dataclass(frozen=True, slots=True)
class Proposal(Displayed):
    """That a branch is to be merged into main.

    Attributes:
        branch: its name.
        release: the digest of the release that is to become the head of main.
        onto: the digest of the head of main that it was proposed for; `None` if there was none.
        author: who proposed it.
        at: when, UTC, in ISO 8601.
        message: what the author wrote.
        approvals: of exactly this release and head of main, in order.
    """

    branch: str
    release: str
    onto: str | None
    author: str
    at: str
    message: str = ""
    approvals: tuple[Approval, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return what its file contains."""
        values = {name: getattr(self, name) for name in _PROPOSAL}
        return {**values, "approvals": [approval.to_dict() for approval in self.approvals]}

    @classmethod
    def from_dict(cls, name: str, values: Any) -> Proposal:
        """Return the proposal of a file.

        Raises:
            ReleaseError: the file does not describe a proposal.
        """
        where = f"proposals/{name}.json"
        checked = _checked(values, _PROPOSAL, where)
        approvals = [_checked(values, _APPROVAL, where) for values in checked.pop("approvals")]
        return cls(name, approvals=tuple(Approval(**values) for values in approvals), **checked)


def is_one_of(name: str, people: Iterable[str]) -> bool:
    """Return whether a name is that of one of some people, whatever its spelling.

    >>> is_one_of("ANN ", ["Ann", "bob"])
    True
    """
    return person_key(name) in {person_key(person) for person in people}


def with_authors(authors: tuple[str, ...], more: Iterable[str]) -> tuple[str, ...]:
    """Return authors and more of them; nobody is added twice, or without a name.

    >>> with_authors(("Ann",), ["bob", "", "ANN"])
    ('Ann', 'bob')
    """
    for name in more:
        if name and not is_one_of(name, authors):
            authors = (*authors, name)
    return authors


def _checked(values: Any, checks: Mapping[str, Check], where: str) -> dict[str, Any]:
    """Return the values of a file, which must be those that it is checked for."""
    if not isinstance(values, dict) or set(values) != set(checks):
        raise ReleaseError(f"{where} must have the keys {', '.join(checks)}. Got {quoted(values)}.")
    for name, check in checks.items():
        if not check(values[name]):
            raise ReleaseError(
                f"{where} has a wrong value of {name!r}: {quoted(values[name])}. Restore the file."
            )
    return dict(values)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_digest_or_null(value: object) -> bool:
    return value is None or is_digest(value)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _are_reasons(value: object) -> bool:
    return isinstance(value, dict) and all(map(_is_text, value.values()))


_TESTS: Mapping[str, Check] = {
    "report": is_digest,
    "release": is_digest,
    "onto": _is_digest_or_null,
    "passed": lambda value: isinstance(value, bool),
}
_BRANCH: Mapping[str, Check] = {
    "release": is_digest,
    "base": _is_digest_or_null,
    "authors": _are_texts,
    "tests": lambda value: value is None or isinstance(value, dict),
}
_APPROVAL: Mapping[str, Check] = {
    "by": _is_text,
    "at": _is_text,
    "release": is_digest,
    "onto": _is_digest_or_null,
    "tests": is_digest,
    "acknowledged": _are_reasons,
}
_PROPOSAL: Mapping[str, Check] = {
    "release": is_digest,
    "onto": _is_digest_or_null,
    "author": _is_text,
    "at": _is_text,
    "message": _is_text,
    "approvals": lambda value: isinstance(value, list),
}
