"""Candidates for span labeling functions: names, words and patterns of the dev set's spans."""

from __future__ import annotations

import bisect
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from labeling.errors import counted, literal
from labeling.functions.term_search import TermSearch
from labeling.notebook.parts.span_patterns import patterns_of
from labeling.notebook.suggestions.rules import DEFINE, LABEL, NAME, Rule

Place = tuple[int, int]
Find = Callable[[str], list[Place]]

LEAST_SAMPLES = 3
"""Samples of the dev set in which a word or pattern must be a span."""
CLEAN = 0.9
"""A name is one of a gazetteer if so many of its occurrences are spans of the label."""
MOST_PATTERNS = 400
"""Patterns of a label that are looked for in the dev set: those of most samples."""
MOST_KEPT = 60
"""Patterns of a label that are looked for in all samples."""
TAIL = 0.1
LEAST_LOW = 0.5
"""A rule must rather be right than wrong, even by its lower bound."""


class DevText(NamedTuple):
    """A sample of the dev set.

    Attributes:
        text: the text.
        spans: its gold spans by label: (start, end) in code points.
    """

    text: str
    spans: Mapping[str, Collection[Place]]


@dataclass(frozen=True, slots=True, eq=False)
class SpanCandidate:
    """A rule that marks spans of one label.

    Attributes:
        label: of the spans.
        rule: what it looks for, with its source code.
        find: returns the spans of a text.
        n: how many spans it marks in the dev set; of a gazetteer, names that are not from the same
            sample alone.
        right: how many of these are gold spans of the label.
        n_samples: in how many samples of the dev set it marks any.
    """

    label: str
    rule: Rule
    find: Find
    n: int
    right: int
    n_samples: int

    @property
    def low(self) -> float:
        """A 10 % lower bound of its precision; spans of one sample count as one."""
        from scipy.stats import beta

        share = self.right / self.n if self.n else 0.0
        size = self.n_samples
        return round(float(beta.ppf(TAIL, share * size + 1, (1 - share) * size + 1)), 9)


def gazetteers(dev: Sequence[DevText], label: str, column: str) -> list[SpanCandidate]:
    """Return lists of the names that are nearly always spans of a label, one or two.

    A list is judged on each sample as it would be without that sample.
    """
    occurrences = _occurrences(dev, label)
    found = [_counts(each, places, label) for each, places in zip(dev, occurrences, strict=True)]
    total = _sums(found)
    made = {}
    for least in (2, 1):
        terms = sorted(term for term, counts in total.items() if _is_clean(counts, least))
        if len(terms) < 2:
            continue
        n = right = n_samples = 0
        for (text, spans), places, own in zip(dev, occurrences, found, strict=True):
            known = _known_elsewhere(text, places, total, own, least)
            n += len(known)
            right += sum(place in spans.get(label, ()) for place in known)
            n_samples += bool(known)
        finder = _longest(TermSearch(dict.fromkeys(terms, label), "Names", ignore_case=False))
        shown = ", ".join(terms[:3]) + (", ..." if len(terms) > 3 else "")
        rule = Rule(
            "lookup",
            f"{counted(len(terms), 'name')}: {shown}",
            _call("span_lookup", _listed(terms), column),
        )
        made[tuple(terms)] = SpanCandidate(label, rule, finder, n, right, n_samples)
    return list(made.values())


def words(dev: Sequence[DevText], label: str, column: str) -> list[SpanCandidate]:
    """Return single names that are often spans of a label."""
    occurrences = _occurrences(dev, label)
    total = _sums(
        [_counts(each, places, label) for each, places in zip(dev, occurrences, strict=True)]
    )
    made = []
    for term, counts in sorted(total.items()):
        if counts.right >= LEAST_SAMPLES:
            finder = _longest(TermSearch({term: label}, "A name", ignore_case=False))
            rule = term_rule(term, column, ignore_case=False)
            made.append(_measured(dev, label, rule, finder)[0])
    return made


def patterns(dev: Sequence[DevText], label: str, column: str) -> list[SpanCandidate]:
    """Return the best patterns that several spans of a label are examples of."""
    times: Counter[str] = Counter()
    known = {}
    for text, spans in dev:
        of_sample = {
            each.pattern: each
            for start, end in sorted(spans.get(label, ()))
            for each in patterns_of(text, start, end)
        }
        known.update({name: each for name, each in of_sample.items() if name not in known})
        times.update(of_sample.keys())
    frequent = [name for name in times if times[name] >= LEAST_SAMPLES]
    frequent.sort(key=lambda name: (-times[name], len(name), name))
    by_matches: dict[tuple[object, ...], SpanCandidate] = {}
    for name in frequent[:MOST_PATTERNS]:
        rule = span_pattern_rule(known[name].words, name, column)
        candidate, matches = _measured(dev, label, rule, pattern_finder(name))
        is_simpler = candidate.low > LEAST_LOW and _is_simpler(rule, by_matches.get(matches))
        if is_simpler:
            by_matches[matches] = candidate
    best = sorted(by_matches.values(), key=lambda each: (-each.low, each.rule.words))
    return best[:MOST_KEPT]


def _is_simpler(rule: Rule, other: SpanCandidate | None) -> bool:
    if other is None:
        return True
    return (len(rule.template), rule.words) < (len(other.rule.template), other.rule.words)


def _measured(
    dev: Sequence[DevText], label: str, rule: Rule, find: Find
) -> tuple[SpanCandidate, tuple[object, ...]]:
    """Return a candidate with its counts, and where in the dev set it marks spans."""
    matches, right, n_samples = [], 0, 0
    for number, (text, spans) in enumerate(dev):
        places = find(text)
        true = spans.get(label, ())
        right += sum(place in true for place in places)
        n_samples += bool(places)
        matches += [(number, place) for place in places]
    return SpanCandidate(label, rule, find, len(matches), right, n_samples), tuple(matches)


KINDS: dict[str, Callable[[Sequence[DevText], str, str], list[SpanCandidate]]] = {
    "lookup": gazetteers,
    "ngram": words,
    "regex": patterns,
}


def term_rule(term: str, column: str, *, ignore_case: bool) -> Rule:
    """Return the rule that marks a word or phrase wherever it stands."""
    case = "" if ignore_case else ", ignore_case=False"
    said = f"{term} in any case" if ignore_case and term != term.lower() else term
    return Rule("ngram", said, _call("span_keywords", f"[{literal(term)}]", column, case))


def span_pattern_rule(said: str, pattern: str, column: str) -> Rule:
    """Return the rule that marks the first group of a pattern."""
    return Rule("regex", said, _call("span_regex", literal(pattern), column, ", group=1"))


def pattern_finder(pattern: str) -> Find:
    """Return what finds the first group of a pattern in a text."""
    find = re.compile(pattern).finditer
    return lambda text: [match.span(1) for match in find(text)]


def _call(kind: str, first: str, column: str, more: str = "") -> str:
    place = "" if column == "text" else f", column={literal(column)}"
    return f"{DEFINE} = {kind}({LABEL}, {first}, name={NAME}{place}{more})"


def _listed(terms: Sequence[str]) -> str:
    return f"[{', '.join(map(literal, terms))}]"


class Counts(NamedTuple):
    """How often a name occurs, and how often it is a gold span there."""

    n: int = 0
    right: int = 0

    def plus(self, other: Counts, sign: int = 1) -> Counts:
        """Return the sum of counts."""
        return Counts(self.n + sign * other.n, self.right + sign * other.right)


def _occurrences(dev: Sequence[DevText], label: str) -> list[list[Place]]:
    """Return where names of a label stand in each sample, also those within longer names."""
    terms = {
        text[start:end]
        for text, spans in dev
        for start, end in spans.get(label, ())
        if text[start:end].strip()
    }
    if not terms:
        return [[] for _ in dev]
    search = TermSearch({term: term for term in terms}, "Names", ignore_case=False)
    return [[(start, end) for start, end, _ in search.find(text)] for text, _ in dev]


def _counts(sample: DevText, places: Sequence[Place], label: str) -> dict[str, Counts]:
    """Return of each name in a sample, the longest where they overlap, how it stands to gold."""
    counts: dict[str, Counts] = {}
    for start, end in _without_overlaps(places):
        term = sample.text[start:end]
        is_right = (start, end) in sample.spans.get(label, ())
        counts[term] = counts.get(term, Counts()).plus(Counts(1, is_right))
    return counts


def _known_elsewhere(
    text: str,
    places: Sequence[Place],
    total: Mapping[str, Counts],
    own: Mapping[str, Counts],
    least: int,
) -> list[Place]:
    """Return what a list would mark in a sample if it were made without that sample.

    Args:
        text: of the sample.
        places: of all names in it.
        total: of all samples.
        own: of this sample.
        least: in how many places a name of the list must be a gold span.
    """
    known = []
    for start, end in places:
        term = text[start:end]
        elsewhere = total.get(term, Counts()).plus(own.get(term, Counts()), -1)
        if _is_clean(elsewhere, least):
            known.append((start, end))
    return list(_without_overlaps(known))


def _sums(found: Sequence[Mapping[str, Counts]]) -> dict[str, Counts]:
    total: dict[str, Counts] = {}
    for of_sample in found:
        for term, counts in of_sample.items():
            total[term] = total.get(term, Counts()).plus(counts)
    return total


def _is_clean(counts: Counts, least: int) -> bool:
    return counts.right >= least and counts.right >= CLEAN * counts.n


def _longest(search: TermSearch) -> Find:
    """Return what finds terms, the longest where they overlap."""

    def find(text: str) -> list[Place]:
        places = [(start, end) for start, end, _ in search.find(text)]
        return sorted(_without_overlaps(places))

    return find


def _without_overlaps(places: Sequence[Place]) -> Iterator[Place]:
    """Yield places that overlap no longer one, nor an equally long one before: the longest first.

    >>> list(_without_overlaps([(0, 2), (1, 5), (5, 7), (6, 8)]))
    [(1, 5), (5, 7)]
    """
    taken: list[Place] = []  # sorted, so that only the two neighbours can overlap
    for start, end in sorted(places, key=lambda place: (place[0] - place[1], place)):
        at = bisect.bisect_left(taken, (start, end))
        is_free = (at == 0 or taken[at - 1][1] <= start) and (
            at == len(taken) or end <= taken[at][0]
        )
        if is_free:
            taken.insert(at, (start, end))
            yield start, end
