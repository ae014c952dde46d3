"""A project's votes: cast once, remembered, and cast anew when what they came from has changed."""

from __future__ import annotations

import functools
import hashlib
import json
import logging
from collections.abc import Callable

import pandas as pd

import labeling
from labeling.config import Config
from labeling.project.data import ProjectData
from labeling.project.lf_loading import LabelingFunctionLoader
from labeling.project.output_folder import write_frame
from labeling.project.parquet import read_votes, write_votes
from labeling.records import LabelSchema, Votes
from labeling.store import Run, Store, now

logger = logging.getLogger(__name__)

Progress = Callable[[int], object]


class VoteCache:
    """Applies a project's labeling functions.

    Args:
        config: the project's.
        schema: its labels.
        store: remembers the votes.
        data: gives the samples.
        rules: loads the labeling functions.
    """

    def __init__(
        self,
        config: Config,
        schema: LabelSchema,
        store: Store,
        data: Callable[[], ProjectData],
        rules: LabelingFunctionLoader,
    ) -> None:
        self.config = config
        self.schema = schema
        self.store = store
        self.data = data
        self.rules = rules

    def inputs(self) -> str:
        """Return a fingerprint of what votes come from, as far as it stands in files."""
        self.rules.load()
        said = [
            *(self.data().digest, self.rules.digest, _digest_of_ids(self.data().samples)),
            *(self.config.data.model_dump(mode="json"), list(self.schema.labels)),
            labeling.__version__,
            # Votes of before numbers were names must be cast anew.
            *(["numbers are names"] if self.schema.has_number_names else []),
        ]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()

    def remembered(self) -> Votes | None:
        """Return the votes that are remembered, if nothing that they came from has changed."""
        if not self.store.ready():
            return None
        path = self.store.files.find("votes", self.inputs())
        return None if path is None else read_votes(path, self.schema)

    def cast(self, run: Run, progress: Progress | None = None) -> Votes:
        """Apply the labeling functions, remember the votes, and write `votes.parquet`."""
        from labeling.engine import apply_to_frame

        # What is remembered is named by what was read, and not by what is there when it is done.
        data, lfs, inputs = self.data(), self.rules.load(), self.inputs()
        samples = data.samples
        self.store.history.lock_away(data.test.index)
        with self.store.stage("applying labeling functions", len(samples)) as advance:

            def told(rows: int) -> None:
                advance(rows)
                if progress is not None:
                    progress(rows)

            votes = apply_to_frame(
                lfs, samples, self.schema, workers=self.config.workers, progress=told
            )
        covered = int(votes.covered.sum())
        about = {"samples": len(samples), "voters": len(votes.voters), "covered": covered}
        with self.store.stage("writing the votes"):
            # What is remembered comes last: it says that the rest is done.
            folder = self.config.at(self.config.export.folder)
            write_frame(_named(votes), folder, "votes.parquet")
            self.store.files.keep(
                "votes",
                functools.partial(write_votes, votes),
                inputs=inputs,
                about={
                    **about,
                    "locked": len(data.test),
                    "dev": len(data.dev),
                    "left_out": len(data.left_out),
                },
                made_at=now(),
            )
        run.outcome["votes"] = about
        return votes

    def fingerprint(self, votes: Votes) -> str:
        """Return a fingerprint of samples and votes."""
        said = [labeling.__version__, list(votes.voters), list(votes.schema.labels)]
        together = hashlib.sha256(json.dumps([self.data().digest, *said]).encode())
        together.update(_digest_of_ids(votes).encode())
        together.update(votes.to_array().tobytes(order="F"))
        return together.hexdigest()


def _digest_of_ids(what: pd.DataFrame | Votes) -> str:
    ids = what.sample_ids if isinstance(what, Votes) else what.index
    hashed = pd.util.hash_pandas_object(pd.Series(ids), index=False)
    return hashlib.sha256(hashed.to_numpy().tobytes()).hexdigest()


def _named(votes: Votes) -> pd.DataFrame:
    """Return votes as label names, one column a voter; missing = abstained."""
    labels = pd.Index(votes.schema.labels)
    return pd.DataFrame(
        {
            voter: pd.Categorical.from_codes(column, categories=labels)
            for voter, column in zip(votes.voters, votes.to_array().T, strict=True)
        },
        index=votes.sample_ids,
    )
