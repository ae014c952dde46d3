"""`make fuzz`: tries random labeling functions for long; prints what differs, and how to see it."""

import argparse
import itertools
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.engine.fuzz.comparing import Case


def say(text):
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main():
    """Compare until enough cases (pairs of a function and a sample) are tried."""
    parser = argparse.ArgumentParser(prog="python -m tests.engine.fuzz", description=main.__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000, help="how many to try")
    parser.add_argument("--seed", type=int, help="try this one only")
    parser.add_argument("--start", type=int, default=int(time.time()), help="the first seed")
    parser.add_argument("--functions", type=int, default=40)
    parser.add_argument("--rows", type=int, default=96)
    parser.add_argument("--idioms", type=float, default=0.3, help="their share, up to 1")
    parser.add_argument("--most", type=int, default=10, help="stop after so many differences")
    given = parser.parse_args()
    seeds = itertools.count(given.start) if given.seed is None else [given.seed]
    kept = Path(tempfile.mkdtemp(prefix="labeling-fuzz-"))
    tried, kinds, differing = 0, Counter(), 0
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds, start=1):
            case = Case(seed, folder, given.functions, given.rows, given.idioms)
            found = case.mismatches()
            for mismatch in found:
                say(f"{case.explained(mismatch)}\n")
            if found:
                (kept / f"random_functions_{seed}.py").write_text(case.source, encoding="utf-8")
                say(f"The functions are kept in {kept}.\n")
            differing += len(found)
            tried += given.functions * given.rows
            kinds.update(case.kinds())
            if number % 50 == 0:
                say(f"{tried:,} cases, {differing} differences, {dict(kinds)}")
            if tried >= given.cases or differing >= given.most:
                break
    say(f"{tried:,} cases, {differing} differences; functions run on {dict(kinds)}.")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
