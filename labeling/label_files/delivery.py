"""Questions put into files: which rows, in which files, each exactly once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from labeling.errors import PlatformError, counted, shown
from labeling.label_files.assignment import Assignment, Roster, assign, is_excluded, name_in_file
from labeling.label_files.cells import tidy
from labeling.label_files.columns import ANNOTATOR, ASK, NOT_FOR, REVIEWER, SAMPLE_ID, Columns
from labeling.label_files.folder import Folder
from labeling.label_files.formats import WRITERS
from labeling.label_files.guide import Guide
from labeling.label_files.own_messages import Asked
from labeling.label_files.row_content import SampleContent
from labeling.label_files.row_key import RowKey, encode_row_key, parse_row_key, plain_id
from labeling.label_files.sheets import Contents, Sheet
from labeling.records import Message, Outbox, Problem


@dataclass(frozen=True, slots=True)
class SheetDelivery:
    """Puts questions into the files of a folder.

    Attributes:
        folder: where.
        kind: csv, xlsx or jsonl.
        people: who may be asked.
        columns: the project's columns.
        choices: what may be written as a label.
        advice: how to label, for the people.
    """

    folder: Folder
    kind: str
    people: Roster
    columns: Columns
    choices: tuple[str, ...] = field(repr=False)
    advice: Guide = field(repr=False)

    def send(
        self,
        messages: Sequence[Message],
        content: SampleContent,
        contents: Contents,
        asked: Mapping[str | int, Asked],
        outbox: Outbox | None,
    ) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
        """Write what is not in a file yet.

        Returns:
            What could not be asked as it should, and the names of the files that ask.

        Nothing is begun before all files are ready to be written.

        Raises:
            PlatformError: nobody may be asked any of it; a file cannot be read that may hold what
                was begun; or nothing can be written to the folder.
        """
        there = self._there(contents)
        self._refuse_to_guess(messages, there, contents)
        held = self._held(messages, asked)
        deal = assign(messages, self.people, {key: who.keys() for key, who in there.items()}, held)
        nobody = {one.key for one, count in deal.short if not count and one.key not in there}
        if nobody and len(nobody) == len(messages) and not any(held.values()):
            raise PlatformError(_short_of_people(deal, self.people))
        names, files = self._files(messages, deal, content, asked)
        if files:
            self.folder.create()
        if outbox is not None:
            outbox.begin(list({one.key: one for one, _ in deal.rows}.values()))
        self.folder.write(files)
        outdated = self.folder.write_guide(self.advice)
        keys = [one.key for one in messages if one.key not in nobody]
        found = {key: {*names.get(key, ()), *there.get(key, {}).values()} for key in keys}
        if outbox is not None:
            outbox.confirm({key: ", ".join(sorted(files)) for key, files in found.items()})
        asking = tuple(sorted(set().union(*found.values())))
        if not deal.short:
            return outdated, asking
        short = Problem(self.folder.path.name, _short_of_people(deal, self.people))
        return (*outdated, short), asking

    def _refuse_to_guess(
        self,
        messages: Sequence[Message],
        there: Mapping[str, object],
        contents: Contents,
    ) -> None:
        begun = [one.sample_id for one in messages if one.begun and one.key not in there]
        if begun and contents.unread:
            raise PlatformError(
                f"Every file in {str(self.folder.path)!r} must be readable, to tell whether"
                f" {counted(len(begun), 'sample was', 'samples were')} asked before. Not so: {shown(contents.unread)}. Close"
                " or mend it, or move it away if none of them is in it; then do this again."
            )

    def _held(
        self, messages: Sequence[Message], asked: Mapping[str | int, Asked]
    ) -> dict[str, set[str]]:
        """Return who need not be asked again, since a file asks them about the sample before."""
        held: dict[str, set[str]] = {}
        for one in messages if self.people.names else ():
            before = asked.get(plain_id(one.sample_id), Asked())
            keys = [key for key, ask in before.asks.items() if not ask.reviewer and key != one.key]
            if one.kind == "ask again":
                held[one.key] = {
                    name
                    for key in keys
                    for name in before.known(key, self.people)
                    if not is_excluded(name, one.not_annotators)
                }
        return held

    def _there(self, contents: Contents) -> dict[str, dict[str, str]]:
        """Return which people have a row of each message, and in which file."""
        there: dict[str, dict[str, str]] = {}
        for row in contents.rows:
            ask = parse_row_key(row[ASK])
            if ask is not None:
                name = row[REVIEWER if ask.reviewer else ANNOTATOR]
                person = self.people.resolve(name) or name
                there.setdefault(ask.key, {})[person] = row.source.file
        return there

    def _files(
        self,
        messages: Sequence[Message],
        deal: Assignment,
        content: SampleContent,
        asked: Mapping[str | int, Asked],
    ) -> tuple[dict[str, list[str]], dict[str, bytes]]:
        """Return the names of the files that each message goes to, and the files."""
        groups: dict[tuple[str, str], list[Message]] = {}
        base = _bases(messages)
        for one, person in deal.rows:
            groups.setdefault((base[one.key], person), []).append(one)
        names: dict[str, list[str]] = {}
        files: dict[str, bytes] = {}
        for (start, person), group in groups.items():
            whose = f"{start}.{name_in_file(person)}" if person else start
            name = self.folder.free_name(whose, f".{self.kind}", files)
            files[name] = WRITERS[self.kind](self._sheet(group, person, content, asked))
            for one in group:
                names.setdefault(one.key, []).append(name)
        return names, files

    def _sheet(
        self,
        group: Sequence[Message],
        person: str,
        content: SampleContent,
        asked: Mapping[str | int, Asked],
    ) -> Sheet:
        kind = group[0].kind
        reviews = kind == "escalate"
        columns = (
            self.columns.of_review()
            if reviews
            else self.columns.of_batch(again=kind == "ask again")
        )
        rows = []
        for one in group:
            ask = _ask(one, asked.get(plain_id(one.sample_id), Asked()))
            cells = dict(content[ask.sample_id])
            cells |= {
                ASK: encode_row_key(ask, str(cells[self.columns.sample_columns[0]])),
                SAMPLE_ID: ask.sample_id,
                NOT_FOR: "\n".join(map(tidy, one.not_annotators)) or None,
                REVIEWER if reviews else ANNOTATOR: person or None,
            }
            rows.append([cells.get(name) for name in columns])
        exact = frozenset(filter(self.columns.is_exact, columns))
        headers = tuple(map(self.columns.header, columns))
        return Sheet(columns, headers, rows, self.columns.sample_columns[0], exact, self.choices)


def _ask(message: Message, asked: Asked) -> RowKey:
    sample_id = plain_id(message.sample_id)
    if message.kind == "escalate":
        return RowKey(message.key, sample_id, reviewer=True)
    before = [one.round for one in asked.asks.values() if one.key != message.key]
    round_ = 1 if message.kind == "ask" else max([1, *before]) + 1
    return RowKey(message.key, sample_id, round_, message.votes)


def _bases(messages: Sequence[Message]) -> dict[str, str]:
    """Return how the name of the file begins that each message goes to, by its key."""
    first: dict[int, int] = {}
    for one in messages:
        first[one.batch] = min(first.get(one.batch, one.number), one.number)
    lowest = min(first.values(), default=0)
    return {
        one.key: {
            "ask": f"batch-{one.batch:03d}",
            "ask again": f"batch-{one.batch:03d}-more-{first[one.batch]}",
            "escalate": f"review-{lowest}",
        }[one.kind]
        for one in messages
    }


def _short_of_people(deal: Assignment, people: Roster) -> str:
    ids = [one.sample_id for one, _ in deal.short]
    nobody = sum(not count for _, count in deal.short)
    return (
        f"{counted(len(ids), 'sample has', 'samples have')} fewer people who may be asked than votes are needed"
        f" ({counted(nobody, 'has', 'have')} nobody, and wait{'s' if nobody == 1 else ''}): {shown(ids)}. The {people.what} are"
        f" {shown(people.names, 20)}, without those who spoke of a sample or have it in a"
        " file before; name more."
    )
