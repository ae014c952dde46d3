"""Parses CoNLL files: a token and its tag on each line, and an empty line after each sample."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from labeling.annotation_files.parsing import content_digest
from labeling.errors import DataError, listed
from labeling.records import SourceAnnotation, SourceAnnotations, SourceSpan

SUFFIXES = (".conll", ".bio", ".iob", ".iob2", ".bioes")
COMMENT = re.compile(r"#\s*(\w+)\s*=\s*(.*)")
TAG = re.compile(r"O|([BIESLUM])-(.+)")
MARK = "\ufeff"  # of the byte order, as some programs begin a file
DOCUMENT = "-DOCSTART-"
OUTSIDE = "O"
BEGINS, CONTINUES, ENDS = frozenset("BSU"), frozenset("IMEL"), frozenset("ESLU")
MIXED = "samples in which spans begin with I-, though others begin with B- after something else"
BROKEN = "samples with tags that are no whole spans"

Tag = tuple[str, str]
"""The letter and the label; the letter is "O" outside of spans."""


class Block(NamedTuple):
    """The lines of a sample: the number of the first, comments, tokens and their tags."""

    line: int
    comments: dict[str, str]
    tokens: list[str]
    tags: list[Tag]


class Places(NamedTuple):
    """The spans of a block by tokens, and what its tags are like.

    Attributes:
        spans: first token, the one after the last, and label.
        stray: whether a span begins with I- where no span of its label was open.
        begun: whether a span begins with B- where no span of its label is just before, which
            IOB1 never writes.
        broken: whether a span of a scheme with ends has no begin, or no end.
    """

    spans: list[tuple[int, int, str]]
    stray: bool
    begun: bool
    broken: bool


def conll_annotations(path: Path) -> SourceAnnotations:
    """Return the annotations of a file in IOB1, IOB2 (BIO), BIOES or BILOU.

    The columns of a line are separated by tabs, or else by spaces; the first is the token, the last
    the tag. Lines such as `# id = s1` and `# annotator = ann` before a sample name its fields. The
    spans are counted in tokens until the text is known. Samples whose tags are in no scheme are
    left out and counted.

    Raises:
        DataError: the file cannot be read, or a line has no token and tag.
    """
    blocks = list(_blocks(path))
    if not blocks:
        raise DataError(f"{path.name!r} must hold tokens and tags. It has none.")
    letters = {letter for block in blocks for letter, _ in block.tags}
    has_ends = bool(letters & ENDS)
    places = [_places(block.tags) for block in blocks]
    is_mixed = any(place.stray for place in places) and any(place.begun for place in places)
    annotations = []
    wrong: dict[str, list[str]] = {}
    for block, place in zip(blocks, places, strict=True):
        if has_ends and (place.broken or place.stray):
            wrong.setdefault(BROKEN, []).append(f"line {block.line}")
        elif is_mixed and place.stray:
            wrong.setdefault(MIXED, []).append(f"line {block.line}")
        else:
            annotations.append(_annotation(path.name, block, place))
    left_out = {f"{why} ({listed(lines, 3)})": len(lines) for why, lines in wrong.items()}
    return SourceAnnotations(f"CoNLL file {path.name!r}", tuple(annotations), left_out)


def _annotation(file: str, block: Block, places: Places) -> SourceAnnotation:
    identity = block.comments.get("id") or content_digest([block.comments, block.tokens])
    return SourceAnnotation(
        key=f"conll/{identity}/",
        where=f"{file}, line {block.line}",
        data=block.comments,
        annotator=block.comments.get("annotator", ""),
        choices={},
        spans={"": tuple(SourceSpan(*span) for span in places.spans)},
        tokens=tuple(block.tokens),
    )


def _places(tags: Sequence[Tag]) -> Places:
    """Return the spans that tags say.

    >>> _places([("B", "PER"), ("I", "PER"), ("O", ""), ("S", "ORG")]).spans
    [(0, 2, 'PER'), (3, 4, 'ORG')]
    >>> _places([("I", "PER"), ("B", "PER"), ("I", "PER")])  # IOB1
    Places(spans=[(0, 1, 'PER'), (1, 3, 'PER')], stray=True, begun=False, broken=True)
    """
    spans: list[tuple[int, int, str]] = []
    is_open = stray = begun = broken = False
    before = ""  # the label of the token before
    for number, (letter, label) in enumerate(tags):
        goes_on = letter in CONTINUES and is_open and spans[-1][2] == label
        if goes_on:
            first, _, _ = spans.pop()
            spans.append((first, number + 1, label))
        else:
            broken |= is_open
            if letter != OUTSIDE:
                spans.append((number, number + 1, label))
                stray |= letter in CONTINUES
                begun |= letter in BEGINS and before != label
        is_open = letter != OUTSIDE and letter not in ENDS
        before = label
    return Places(spans, stray, begun, broken or is_open)


def _blocks(path: Path) -> Iterator[Block]:
    """Yield the samples of a file; a document's head is none."""
    block = Block(1, {}, [], [])
    for number, line in enumerate([*_lines(path), ""], start=1):
        comment = COMMENT.fullmatch(line)
        if not line.strip():
            if block.tokens:
                yield block
            block = Block(number + 1, {}, [], [])
        elif comment and not block.tokens:
            block.comments[comment[1]] = comment[2].strip()
        elif not line.startswith(DOCUMENT):
            token, tag = _token_and_tag(line, f"{path.name}, line {number}")
            block.tokens.append(token)
            block.tags.append(tag)


def _token_and_tag(line: str, where: str) -> tuple[str, Tag]:
    cells = line.split("\t") if "\t" in line else line.split(" ")
    cells = [cell for cell in cells if cell]
    match = TAG.fullmatch(cells[-1]) if len(cells) > 1 else None
    if match is None:
        raise DataError(
            f"{where} must have a token and a tag such as B-PER or O, with a tab or spaces between"
            f" them. Got {line[:80]!r}."
        )
    return cells[0], (match[1] or OUTSIDE, match[2] or "")


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise DataError(f"{str(path)!r} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path.name!r} must be text in UTF-8, and is not.") from error
    if text.startswith(MARK) and text[1:2] not in ("\t", " "):  # else it is the first token
        text = text.removeprefix(MARK)
    return [line.removesuffix("\r") for line in text.split("\n")]
