"""Codec of the `ask` cell of a row: which question it answers, and whether the row is unchanged."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from urllib.parse import quote, unquote

from labeling.errors import PlatformError
from labeling.label_files.cells import tidy
from labeling.records import ids, person_key

UNQUOTED = (
    " !\"#$&'()*+,/:;<=>?@[\\]^`{}"  # characters that a cell keeps as they are: all but % and |
)
CELL = re.compile(
    r"(?:review|check|([0-9]{1,6})x([0-9]{1,6})((?:![0-9a-f]{8})*))"
    r"\|([^|]*)\|([is])([^|]*)\|([0-9a-f]{8})"
)
WHOLE_NUMBER = re.compile(r"-?[0-9]{1,1000}")


@dataclass(frozen=True, slots=True)
class RowKey:
    """A question about a sample, as the `ask` cell of a row holds it.

    Attributes:
        key: the message's key.
        sample_id: the sample's id, a text or a whole number.
        round: 1 for the first question about it, 2 when asked again, and so on.
        votes: how many people are asked.
        reviewer: whether a reviewer is asked for a decision.
        check: whether a reviewer is asked to check one vote.
        excluded: digests of the names of those who must not answer; see `excluding`.
    """

    key: str
    sample_id: str | int
    round: int = 1
    votes: int = 1
    reviewer: bool = False
    check: bool = False
    excluded: tuple[str, ...] = ()

    def excluding(self, names: Iterable[str]) -> RowKey:
        """Return the same question, which these people must not answer.

        Their names are stored as digests that differ from question to question, so that nobody who
        labels reads who labeled before.
        """
        digests = sorted({self._digest_of(name) for name in names})
        return dataclasses.replace(self, excluded=tuple(digests))

    def is_excluded(self, name: str) -> bool:
        """Return whether a person must not answer the question."""
        return self._digest_of(name) in self.excluded

    def _digest_of(self, name: str) -> str:
        text = f"{person_key(name)}|{self.key}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, digest_size=4).hexdigest()


def encode_row_key(row_key: RowKey, text: str) -> str:
    """Return the `ask` cell of a question about a sample with this text.

    It holds the id with its type, since a spreadsheet may turn 007 into 7 in the visible column,
    digests of who must not answer, and a digest that detects changes of the row.

    >>> encode_row_key(RowKey("b1-17", "007", votes=2), "Call me")
    '1x2|b1-17|s007|95b6a026'
    """
    id_type = "i" if isinstance(row_key.sample_id, int) else "s"
    head = "".join([f"{row_key.round}x{row_key.votes}", *(f"!{one}" for one in row_key.excluded)])
    head = "review" if row_key.reviewer else head
    head = "check" if row_key.check else head
    front = f"{head}|{_quoted(row_key.key)}|{id_type}{_quoted(str(row_key.sample_id))}"
    return f"{front}|{_digest(front, text)}"


def parse_row_key(cell: str) -> RowKey | None:
    """Return the question of a cell; `None` if `encode_row_key` cannot have written it.

    >>> parse_row_key("1x2|b1-17|s007|95b6a026")
    RowKey(key='b1-17', sample_id='007', round=1, votes=2, reviewer=False, check=False, excluded=())
    """
    match = CELL.fullmatch(cell.strip())
    if match is None:
        return None
    round_, votes, excluded, key, id_type, id_text, _ = match.groups()
    id_text = _unquoted(id_text)
    if id_type == "i" and not WHOLE_NUMBER.fullmatch(id_text):
        return None
    sample_id = int(id_text) if id_type == "i" else id_text
    is_check = cell.strip().startswith("check|")
    numbers = int(round_ or 1), int(votes or 1)
    digests = tuple((excluded or "").split("!")[1:])
    return RowKey(_unquoted(key), sample_id, *numbers, round_ is None, is_check, digests)


def is_unchanged(cell: str, text: str) -> bool:
    """Return whether a row's `ask` cell and text are as they were sent, except for white space.

    >>> cell = encode_row_key(RowKey("b1-17", 7), "Call me")
    >>> is_unchanged(cell, "Call  me "), is_unchanged(cell, "Call you")
    (True, False)
    """
    front, _, digest = cell.strip().rpartition("|")
    # A spreadsheet may remove an apostrophe at the beginning of the text.
    return digest in (_digest(front, text), _digest(front, f"'{text}"))


def plain_id(sample_id: Hashable) -> str | int:
    """Return a sample id as a `str` or `int`; another type is a PlatformError."""
    return ids.plain_id(sample_id, "to go through files and come back", PlatformError)


def _quoted(text: str) -> str:
    return quote(text, safe=UNQUOTED, errors="surrogatepass")


def _unquoted(cell: str) -> str:
    return unquote(cell, errors="surrogatepass") if "%" in cell else cell


def _digest(front: str, text: str) -> str:
    content = f"{front}|{tidy(text)}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(content, digest_size=4).hexdigest()
