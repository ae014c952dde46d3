"""The annotators' and the reviewers' project, each as a platform uses it."""

from __future__ import annotations

from dataclasses import dataclass

from labeling.errors import shown
from labeling.label_studio.line import Line
from labeling.label_studio.memory import Side
from labeling.label_studio.places import require_look, set_up
from labeling.label_studio.posting import Post
from labeling.label_studio.projects import Place, StudioProject
from labeling.label_studio.tasks import ext_id_of
from labeling.records import LabelSchema, Problem


@dataclass(frozen=True, slots=True)
class Desk:
    """One of the two projects: where it is looked for, and how far it was read.

    Attributes:
        line: to the server.
        place: where it is looked for, and how it is made.
        side: what is remembered of it; it is changed.
        schema: the labels.
        makes: whether it is made where it is not there and something is to be sent.
        people: who works there, for messages.
    """

    line: Line
    place: Place
    side: Side
    schema: LabelSchema
    makes: bool
    people: str

    def found(self) -> StudioProject | None:
        """Return the project; `None` where there is none."""
        return self.place.found(self.line, self.side.id)

    def required(self) -> StudioProject:
        """Return the project, which must be there."""
        return self.place.required(self.line, self.side.id)

    def to_send_to(self) -> StudioProject:
        """Return the project, which must offer the schema's labels."""
        found = (self.found() or self.place.made(self.line)) if self.makes else self.required()
        self.side.id = found.id
        found.require_labels(self.schema)
        require_look(self.place, found)
        return found

    def set_up(self) -> StudioProject:
        """Make the project, or adopt the one that is there."""
        found = set_up(self.line, self.place, self.schema)
        if self.side.id != found.id:  # of one that was deleted nothing holds
            self.side.begin_anew(found.id)
        return found

    def check(self) -> None:
        """Raise an error unless the server answers and the project, if it is there, will do."""
        found = self.found()
        if found is not None:
            found.require_labels(self.schema)
            require_look(self.place, found)

    def remember(self, post: Post) -> None:
        """Remember what is out: by it a task that was deleted is missed."""
        self.side.tasks = max(self.side.tasks, post.project.tasks + post.made)
        for one in post.arrived:
            self.side.lost.pop(ext_id_of(one.sample_id), None)

    def problems(self) -> list[Problem]:
        """Return what stands uncounted, and whose task was deleted before it was answered."""
        uncounted = [one for _, one in sorted(self.side.problems.items())]
        if not self.side.lost:
            return uncounted
        lost = shown(sorted(self.side.lost.values(), key=str))
        what = (
            f"Tasks were deleted on the server before {self.people} had answered in full:"
            f" {len(self.side.lost)} in all. A review asks again, in new ones."
        )
        return [*uncounted, Problem(f"{self.place.wanted}, samples {lost}", what)]
