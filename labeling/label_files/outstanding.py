"""Outstanding votes, and files that were sent but are missing."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from labeling.errors import counted, listed
from labeling.label_files.assignment import Roster
from labeling.label_files.file_names import is_file_of, split_file_names, stem
from labeling.label_files.row_index import RowIndex, SampleRows
from labeling.label_files.row_key import plain_id
from labeling.label_files.sheets import Contents
from labeling.records import Annotation, Message, MessageKind, Problem

SentMessages = Mapping[Message, str]
"""The confirmed messages, each with its platform id: the names of its files, joined by a comma."""


@dataclass(slots=True)
class Responses:
    """Who responded.

    Attributes:
        annotators: sample id -> who annotated the sample, reviewers excepted.
        people: message key -> who answered the message.
        rejected: message key -> whose answer was rejected; none is to be expected there.
        paused: who is not asked now.
    """

    annotators: dict[Hashable, set[str]] = field(default_factory=dict)
    people: dict[str, set[str]] = field(default_factory=dict)
    rejected: dict[str, set[str]] = field(default_factory=dict)
    paused: frozenset[str] = frozenset()

    @classmethod
    def from_annotations(
        cls,
        live: Iterable[Annotation],
        roster: Roster,
        rejected: Iterable[Annotation] = (),
        paused: Collection[str] = (),
    ) -> Responses:
        """Return who responded, by the names in the roster.

        Args:
            live: the annotations that count.
            roster: who may be asked.
            rejected: the annotations that were rejected.
            paused: who is not asked now, as names are written.
        """
        responses = cls(paused=frozenset(roster.resolve(name) or name for name in paused))
        for annotation in rejected:
            person = roster.resolve(annotation.annotator) or annotation.annotator
            key = annotation.platform_id.removesuffix(f"/{annotation.annotator}")
            responses.rejected.setdefault(key, set()).add(person)
            responses.people.setdefault(key, set()).add(person)
        for annotation in live:
            person = annotation.annotator
            if not annotation.reviewer:
                person = roster.resolve(person) or person
                responses.annotators.setdefault(annotation.sample_id, set()).add(person)
            key = annotation.platform_id.removesuffix(f"/{annotation.annotator}")
            responses.people.setdefault(key, set()).add(person)
        return responses


def outstanding_votes(index: RowIndex, responses: Responses, roster: Roster) -> dict[Hashable, int]:
    """Return how many votes the rows of the files may still bring, by sample, without zeros."""
    counts = {
        sample_id: _outstanding(
            of_sample, responses, responses.annotators.get(sample_id, ()), roster
        )
        for sample_id, of_sample in index.items()
    }
    return {sample_id: count for sample_id, count in counts.items() if count}


def _outstanding(
    of_sample: SampleRows, responses: Responses, answered: Collection[str], roster: Roster
) -> int:
    from_anybody = 0
    from_named: set[str] = set()
    for key, row_key in of_sample.row_keys.items():
        if row_key.reviewer:
            continue
        if _is_for_anybody(of_sample.annotators[key], roster):
            from_anybody += max(row_key.votes - len(responses.people.get(key, ())), 0)
        else:
            people = of_sample.people(key, roster)
            from_named |= people.difference(responses.rejected.get(key, ()))
    unavailable = responses.paused.union(answered)
    count = from_anybody + len(from_named.difference(unavailable))
    return min(count, len(set(roster.names).difference(unavailable))) if roster.names else count


def _is_for_anybody(names: Collection[str], roster: Roster) -> bool:
    """Return whether anybody may fill in rows with these names in column `annotator`."""
    return not roster.names or "" in names


@dataclass(frozen=True, slots=True)
class FileCheck:
    """Compares the files that were sent with those in the folder.

    Attributes:
        sent: the messages that were sent, each with its files.
        contents: the contents of the folder.
        names: the names of everything in the folder.
        index: what the files ask about each sample.
    """

    sent: SentMessages
    contents: Contents
    names: Collection[str]
    index: RowIndex

    def hidden_votes(self, responses: Responses) -> dict[Hashable, int]:
        """Return how many votes are outstanding in files that cannot be read now, by sample.

        A file without rows counts as well, and so does one that may be there under another name.
        """
        readable = {row.source.file for row in self.contents.rows}
        stems = set(map(stem, self.names))
        has_unread = bool(self.contents.unread)
        is_hidden = {
            names: any(
                has_unread or stem(name) in stems
                for name in split_file_names(names)
                if name not in readable
            )
            for names in set(self.sent.values())
        }
        to_annotators = [message for message in self.sent if message.kind != MessageKind.ESCALATE]
        votes: dict[Hashable, int] = {
            message.sample_id: 0 for message in to_annotators if is_hidden[self.sent[message]]
        }
        for message in to_annotators:
            if message.sample_id in votes:
                received = len(responses.people.get(message.key, ()))
                votes[message.sample_id] += max(message.votes - received, 0)
        return {sample_id: count for sample_id, count in votes.items() if count}

    def missing(self, responses: Responses, roster: Roster) -> Iterator[Problem]:
        """Yield a problem for each missing file with unanswered questions.

        Questions that were asked again since are not reported.
        """
        stems = set(map(stem, self.names))
        missing_files = {
            names: [name for name in split_file_names(names) if stem(name) not in stems]
            for names in set(self.sent.values())
        }
        last = {
            (message.sample_id, message.kind == MessageKind.ESCALATE): message
            for message in sorted(self.sent, key=lambda message: message.number)
        }
        samples_in: dict[str, list[Hashable]] = {}
        for message in last.values():
            files = missing_files[self.sent[message]]
            for name in self._lost_with(message, files, responses, roster):
                samples_in.setdefault(name, []).append(message.sample_id)
        for name in sorted(samples_in):
            yield Problem(name, _missing_sentence(samples_in[name]))

    def _lost_with(
        self, message: Message, files: Sequence[str], responses: Responses, roster: Roster
    ) -> list[str]:
        """Return which missing files hold an unanswered question that is in no other file."""
        if not files:
            return []
        of_sample = self.index.get(plain_id(message.sample_id), SampleRows())
        names = of_sample.annotators.get(message.key, set())
        is_review = message.kind == MessageKind.ESCALATE
        if names and (is_review or _is_for_anybody(names, roster)):
            return []
        in_files = {roster.resolve(name) or name for name in names}
        people = responses.people.get(message.key, set()) | in_files
        expected = message.votes
        if names:
            expected = min(expected, len(split_file_names(self.sent[message])))
        if len(people) >= expected:
            return []
        return [name for name in files if not any(is_file_of(who, name) for who in people)]


def _missing_sentence(sample_ids: list[Hashable]) -> str:
    samples = counted(len(sample_ids), "sample in it waits", "samples in it wait")
    return (
        f"The file was sent, and is missing. {samples} for an answer: {listed(sample_ids)}."
        " Put it back, under any name; what is in no file is asked again."
    )
