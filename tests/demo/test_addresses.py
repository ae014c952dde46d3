"""The addresses of the demo of spans, which pip fetches once into the user's cache."""

import numpy as np
import pytest

import labeling as lb
from labeling.demo import addresses
from labeling.records import LabelKind, decode_label

SCHEMA = lb.LabelSchema(addresses.LABELS, kind="spans")


@pytest.fixture(scope="module")
def table():
    return addresses.read_addresses(addresses.fetched_document())


def test_the_addresses_are_those_that_were_published(table):
    """usaddress 0.5.16: 1,513 marked addresses, of which 1,487 differ in more than case."""
    assert len(table) == table["address_id"].nunique() == 1_487
    assert table["address_id"].max() < 1_513
    assert {span.label for spans in table["spans"] for span in spans} == set(addresses.LABELS)


def test_each_span_is_a_part_of_its_text_without_separators_at_its_edges(table):
    for text, spans in zip(table["text"], table["spans"], strict=True):
        assert lb.records.checked_spans(spans, SCHEMA, text) == spans
        assert text == text.strip()
        for span in spans:
            part = text[span.start : span.end]
            assert part == part.strip(" \n\t,;()")
        ends = [0, *(span.end for span in spans)]
        assert all(end <= span.start for end, span in zip(ends, spans, strict=False))


def test_every_word_outside_of_spans_has_a_tag_that_is_not_marked():
    document = (
        b"<AddressCollection><AddressString>\n<Recipient>Ann</Recipient> <Recipient>Lee,"
        b"</Recipient> <NotAddress>near</NotAddress> <StreetName>Elm</StreetName>"
        b" <IntersectionSeparator>&amp;</IntersectionSeparator> <StreetName>Oak</StreetName>"
        b" <OccupancyType>(Apt</OccupancyType> <OccupancyIdentifier>4)</OccupancyIdentifier>"
        b"</AddressString></AddressCollection>"
    )

    text, spans = addresses.read_addresses(document).loc[0, ["text", "spans"]]

    assert text == "Ann Lee, near Elm & Oak (Apt 4)"
    assert [(text[span.start : span.end], span.label) for span in spans] == [
        ("Ann Lee", "NAME"),
        ("Elm", "STREET"),
        ("Oak", "STREET"),
        ("Apt 4", "UNIT"),
    ]


def test_entities_are_refused():
    """A document that declares entities could take any amount of memory."""
    with pytest.raises(lb.LabelingError, match="without declarations of entities"):
        addresses.read_addresses(b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')


def test_each_address_has_one_role(table):
    roles = addresses.assign_roles(table, seed=0)
    ids = {role: set(roles[role]["address_id"]) for role in ("dev", "pool", "held_out")}

    assert {role: len(of_role) for role, of_role in ids.items()} == {
        "dev": 80,
        "pool": 703,
        "held_out": 704,
    }
    assert set.union(*ids.values()) == set(table["address_id"])
    assert set(roles["votes"]["sample"]) == set(roles["reviewer"]["sample"]) == ids["pool"]


def test_no_address_is_both_in_the_pool_and_held_out(table):
    roles = addresses.assign_roles(table, seed=0)
    texts = [
        {" ".join(text.casefold().split()) for text in roles[role]["text"]}
        for role in ("dev", "pool", "held_out")
    ]

    assert sum(map(len, texts)) == len(set.union(*texts))


def test_simulated_annotators_make_mistakes_as_often_as_said(table):
    """3,000 answers: each share within four standard errors of the one that is published."""
    votes = addresses.assign_roles(table, seed=0)["votes"]
    truth = table.set_index("address_id")["spans"]
    n = same_place = kept = 0
    for sample, label in zip(votes["sample"], votes["label"], strict=True):
        answer = decode_label(label, LabelKind.SPANS)
        n += len(truth[sample])
        kept += len(answer)
        places = {(span.start, span.end): span.label for span in truth[sample]}
        same_place += sum(
            places.get((span.start, span.end), span.label) != span.label for span in answer
        )

    for count, share in ((n - kept, addresses.MISSED), (same_place, addresses.RELABELED)):
        assert count / n == pytest.approx(share, abs=4 * np.sqrt(share / n))
    assert votes["annotator"].nunique() == addresses.ANNOTATORS


def test_an_address_is_answered_the_same_whatever_the_others_are(table):
    whole = addresses.assign_roles(table, seed=1)["votes"]
    row = table[table["address_id"].isin(whole["sample"])].iloc[5]

    again = list(addresses.simulated_answers(row["text"], row["spans"], [1, row["address_id"]]))

    of_row = whole[whole["sample"] == row["address_id"]]["label"]
    assert [decode_label(label, LabelKind.SPANS) for label in of_row] == again
