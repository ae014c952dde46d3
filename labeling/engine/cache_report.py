"""What `apply` took from the cache of votes, what it ran, and why, in sentences."""

from __future__ import annotations

from dataclasses import dataclass

from labeling.errors import counted


@dataclass(frozen=True, slots=True)
class FunctionUse:
    """How the votes of a labeling function came about.

    Attributes:
        name: of the labeling function.
        rows_cached: rows whose votes were cached.
        rows_run: rows that it was run on.
        reason: why its votes are not cached, as a sentence; empty if they are.
    """

    name: str
    rows_cached: int
    rows_run: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CacheReport:
    """How the votes of all labeling functions came about.

    Attributes:
        functions: in the order of the labeling functions.
        damaged: how many cached files were damaged, and their votes computed again.
        evicted: how many files were deleted since the cache was full; not used for the longest
            time.
        error: why nothing could be written; empty if it could.
    """

    functions: tuple[FunctionUse, ...]
    damaged: int = 0
    evicted: int = 0
    error: str = ""

    def sentences(self) -> list[str]:
        """Return all of this in sentences; nothing is said of a run in which all were run.

        >>> CacheReport((FunctionUse("a", 0, 9), FunctionUse("b", 9, 0))).sentences()
        ['Ran 1 of 2 labeling functions (a), 1 from the cache.']
        """
        damaged = f"{counted(self.damaged, 'cached file')} damaged, computed again."
        evicted = (
            f"The cache was full: {counted(self.evicted, 'file')} deleted, those not used for the"
            " longest time."
        )
        sentences = [
            self._summary(),
            *self._partly(),
            *self._uncached(),
            damaged if self.damaged else "",
            evicted if self.evicted else "",
            f"Votes could not be cached: {self.error}." if self.error else "",
        ]
        return list(filter(None, sentences))

    def _summary(self) -> str:
        total = counted(len(self.functions), "labeling function")
        ran = [use.name for use in self.functions if use.rows_run and not use.rows_cached]
        cached = [use for use in self.functions if use.rows_cached and not use.rows_run]
        if len(cached) == len(self.functions):
            return f"All votes of {total} from the cache."
        if not any(use.rows_cached for use in self.functions):
            return ""
        if not ran:
            return f"All votes of {len(cached)} of {total} from the cache."
        names = ", ".join(ran[:5]) + (f" and {len(ran) - 5} more" if len(ran) > 5 else "")
        return f"Ran {len(ran)} of {total} ({names}), {len(cached)} from the cache."

    def _partly(self) -> list[str]:
        partly = [use for use in self.functions if use.rows_cached and use.rows_run]
        if not partly:
            return []
        rows, total = partly[0].rows_run, partly[0].rows_run + partly[0].rows_cached
        if all((use.rows_run, use.rows_cached) == (rows, total - rows) for use in partly):
            functions = counted(len(partly), "labeling function")
            return [f"Ran {functions} on {rows:,} of {total:,} samples, the others from the cache."]
        return [
            f"Ran {use.name} on {use.rows_run:,} of {use.rows_run + use.rows_cached:,} samples."
            for use in partly
        ]

    def _uncached(self) -> list[str]:
        return [f"{use.name}: {use.reason}" for use in self.functions if use.reason]
