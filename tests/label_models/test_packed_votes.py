"""Packed votes equal the plain table."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import labeling as lb
from labeling.label_models.distinct_rows import distinct_rows, row_keys
from labeling.label_models.packed_votes import PackedVotes, votes_per_byte
from labeling.label_models.patterns import patterns_of, voter_columns
from labeling.records import label_ranks


@st.composite
def tables(draw):
    k, n, m = (
        draw(st.sampled_from([2, 3, 5, 16, 130])),
        draw(st.integers(0, 40)),
        draw(st.integers(1, 13)),
    )
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    array = rng.integers(-1, k, (n, m))
    array[rng.random((n, m)) < 0.4] = lb.ABSTAIN
    labels = [f"l{number}" for number in rng.permutation(k)]
    return lb.Votes.from_array(
        array, schema=lb.LabelSchema(labels), voters=[f"v{j}" for j in rng.permutation(m)]
    )


def packed(votes, voters):
    return PackedVotes.of(
        voter_columns(votes, voters), len(votes.sample_ids), label_ranks(votes.schema)
    )


@given(votes=tables(), seed=st.integers(0, 99))
def test_sums_codes_and_coverage_are_those_of_the_plain_table(votes, seed):
    voters = tuple(sorted([*votes.voters, "mute"]))
    found, plain = packed(votes, voters), patterns_of(votes, voters)
    k = len(votes.schema)
    evidence = np.random.default_rng(seed).normal(size=(len(voters), k, 2))
    np.testing.assert_allclose(
        found.sums(evidence), plain.sums(evidence)[plain.pattern_of_row], atol=1e-9
    )
    assert found.covered.tolist() == votes.covered.tolist()
    assert (
        found.codes(np.arange(len(votes.sample_ids))).tolist()
        == plain.codes()[plain.pattern_of_row].tolist()
    )


@given(votes=tables())
def test_equal_rows_have_equal_hashes_in_any_order_of_voters_and_labels(votes):
    voters = tuple(sorted(votes.voters))
    hashes = packed(votes, voters).hashes()
    pattern_of_row = patterns_of(votes, voters).pattern_of_row
    assert len(set(hashes.tolist())) == len(set(pattern_of_row.tolist()))
    labels = votes.schema.labels[::-1]
    code = np.append(np.arange(len(labels))[::-1], lb.ABSTAIN)
    turned = lb.Votes.from_array(
        code[votes.to_array()[:, ::-1]], schema=lb.LabelSchema(labels), voters=votes.voters[::-1]
    )
    assert packed(turned, voters).hashes().tolist() == hashes.tolist()


@given(votes=tables(), ordered=st.booleans())
def test_distinct_rows_are_found_as_numpy_finds_them(votes, ordered):
    codes = votes.to_array()
    found, pattern_of_row = distinct_rows(codes, ordered)
    assert found[pattern_of_row].tolist() == codes.tolist()
    assert len(found) == len(np.unique(codes, axis=0)) or not codes.size
    again, _ = distinct_rows(codes[::-1], ordered)
    assert ordered or again.tolist() == found.tolist()


@given(votes=tables())
def test_patterns_have_the_keys_of_their_rows(votes):
    patterns = patterns_of(votes, tuple(sorted(votes.voters)))
    assert patterns.keys().tolist() == row_keys(patterns.codes()).tolist()


@given(votes=tables())
def test_groups_of_packed_rows_are_those_of_equal_rows(votes):
    rows = packed(votes, tuple(sorted(votes.voters)))
    groups = rows.groups()
    assert (groups is None) == (len(rows.rows) not in (1, 2))
    if groups is not None:
        first, group = groups
        codes = rows.codes(np.arange(len(votes)))
        assert codes[first][group].tolist() == codes.tolist()
        assert len(first) == len(np.unique(codes, axis=0))


@given(votes=tables())
def test_votes_of_packed_rows_are_counted_without_decoding_them(votes):
    rows = packed(votes, tuple(sorted(votes.voters)))
    samples = np.arange(len(votes))[::2]
    assert rows.n_cast(samples) == int((rows.codes(samples) >= 0).sum())


@given(votes=tables())
def test_some_patterns_or_voters_are_those_of_their_rows(votes):
    patterns = patterns_of(votes, tuple(sorted(votes.voters)))
    chosen = np.arange(len(patterns.counts)) % 3 > 0
    some = patterns.of_patterns(chosen, patterns.counts[chosen] * 2)
    assert some.codes().tolist() == patterns.codes()[chosen].tolist()
    assert some.counts.tolist() == (patterns.counts[chosen] * 2).tolist()
    voters = np.arange(0, patterns.n_voters, 2)
    assert patterns.of_voters(voters).codes().tolist() == patterns.codes()[:, voters].tolist()


def test_rows_whose_keys_clash_are_still_told_apart(monkeypatch):
    monkeypatch.setattr(
        "labeling.label_models.distinct_rows.row_keys", lambda rows: np.zeros(len(rows), np.uint64)
    )
    codes = np.array([[1, 0], [0, 1], [1, 0], [-1, -1]], dtype=np.int8)
    found, pattern_of_row = distinct_rows(codes, False)
    assert found[pattern_of_row].tolist() == codes.tolist()
    assert len(found) == 3


def test_five_voters_on_two_labels_fit_into_a_byte():
    assert [votes_per_byte(base) for base in (3, 4, 6, 7, 17, 256)] == [5, 4, 3, 2, 1, 1]
