"""A project with annotators on a real server: its whole loop, step by step, and its end state."""

import shutil

import pandas as pd
import sqlalchemy as sa

import labeling as lb
from labeling.errors import UnreachableError
from tests.support.studio_loop import on_server, people, project_id

RULES = """
from labeling.functions import keywords

offers = keywords("offers", ["win"], label="spam")
greets = keywords("greets", ["hi"], label="ham")
tells = keywords("tells", ["press"], label="news")
"""
CONFIG = """
name: mails
data: {{path: mails.csv, id: key}}
labels: [ham, spam, news]
labeling_functions: [rules.py]
query: {{n: 6}}
label_studio: {{url: "{url}", project: "{title}", timeout: {timeout}}}
"""
VERBS = ("init", "push", "pull", "review")
STEPS = (
    *("init", "push", "PEOPLE", "pull", "review", "PEOPLE", "pull", "review"),
    *("PEOPLE", "pull", "review", "pull"),
)
# What ann, bob and cleo say of each sample; of the last one dora must decide.
SAID = {
    "0": ("ham", "ham", None),
    "1": ("spam", "spam", None),
    "2": ("ham", None, "ham"),
    "3": ("ham", "spam", "ham"),
    "4": ("news", "news", None),
    "5": ("ham", "spam", "news"),
}
DECIDED = "news"


def make_folder(path):
    """Write a project that has selected its batch, but has not pushed it yet."""
    path.mkdir()
    texts = ["hi you", "win now", "press room", "hi, win", "press", "what a day"]
    frame = pd.DataFrame({"key": range(6), "text": texts})
    frame.to_csv(path / "mails.csv", index=False)
    (path / "rules.py").write_text(RULES, encoding="utf-8")
    configure(path, "http://127.0.0.1:9", "mails")
    lb.Project(path / "project.yaml").query()
    return path


def configure(path, url, title, timeout=30):
    (path / "project.yaml").write_text(
        CONFIG.format(url=url, title=title, timeout=timeout), encoding="utf-8"
    )


def do(folder, step):
    """Run a step as the command line does."""
    project = lb.Project(folder / "project.yaml")
    if step == "init":
        project.platform().init()
    else:
        getattr(project, step)()


class Loop:
    """One run of the loop.

    Args:
        server: the real one, on which people act.
        folder: the project's, made as a copy of `fresh`.
        url: through which the project sees the server.
        title: of the annotators' project.
    """

    def __init__(self, server, fresh, folder, url, title, timeout=30):
        self.server, self.folder, self.title = server, folder, title
        shutil.copytree(fresh, folder)
        configure(folder, url, title, timeout)

    def do(self, step):
        """Run one step in this process."""
        if step == "PEOPLE":
            self.people_label()
        else:
            do(self.folder, step)

    def do_at_last(self, step):
        """Run a step until the server is reachable, at most three times; return the runs."""
        for count in range(1, 4):
            try:
                self.do(step)
            except UnreachableError:
                continue
            return count
        raise AssertionError(f"{step} cannot be done")

    def people_label(self):
        """Annotate all open tasks; deterministic, the same in every run."""
        *annotators, expert = people(self.server)
        for task in self._waiting(self.title):
            spoken = {annotation["completed_by"] for annotation in task["annotations"]}
            needed = task["overlap"] - task["total_annotations"]
            says = SAID[task["data"]["ext_id"]]
            for who, label in zip(annotators, says, strict=True):
                if who.id not in spoken and needed > 0:
                    who.skip(task["id"]) if label is None else who.label(task["id"], label)
                    needed -= label is not None
        for task in self._waiting(f"{self.title}: review"):
            expert.label(task["id"], DECIDED)

    def _waiting(self, title):
        found = self.server.tasks(project_id(self.server, title))
        return [task for task in sorted(found, key=_own) if not task["is_labeled"]]

    def state(self):
        """Return the state of server and store, without the server's ids and times."""
        project = lb.Project(self.folder / "project.yaml")
        said = project.people.current_annotations(project.samples)
        verdict = project.people.verdict(said)
        return {
            "annotators": on_server(self.server, self.title),
            "reviewers": on_server(self.server, f"{self.title}: review"),
            "votes": sorted(
                (
                    annotation.sample_id,
                    annotation.annotator,
                    str(annotation.label),
                    annotation.round,
                    annotation.reviewer,
                )
                for annotation in said
            ),
            "gold": sorted(
                (annotation.sample_id, annotation.label, annotation.source)
                for annotation in verdict.gold
            ),
            "open": (verdict.pending, verdict.escalations, project.people.count_awaited()),
            "messages": self._rows("SELECT key, state, votes FROM messages ORDER BY key"),
            "ledger": self._rows(
                "SELECT sample, annotator, label, deleted FROM annotations ORDER BY 1, 2, 3"
            ),
            "batches": self._rows("SELECT number, state FROM batches"),
        }

    def _rows(self, query):
        engine = sa.create_engine(f"sqlite:///{self.folder}/.labeling/mails/labeling.db")
        try:
            with engine.connect() as connection:
                return [tuple(row) for row in connection.execute(sa.text(query))]
        finally:
            engine.dispose()

    def end(self):
        """Delete everything that it created."""
        shutil.rmtree(self.folder)
        for project in self.server.projects():
            if project["title"] in (self.title, f"{self.title}: review"):
                self.server.api("DELETE", f"/api/projects/{project['id']}/")


def _own(task):
    return str(task["data"].get("ext_id")), task["id"]
