"""What `labeling apply` shows of how functions were run."""

import io

from rich.console import Console

from labeling.cli.function_table import MOST_ROWS, print_functions
from labeling.engine.engine_report import HowRun


def printed(runs, width=80):
    console = Console(file=io.StringIO(), width=width)
    print_functions(runs, console)
    return console.file.getvalue()


def test_the_slowest_functions_come_first_with_their_rows():
    text = printed([HowRun("fast", rows_cached=7), HowRun("slow", 0, 1_200, 34, 1.5)])
    lines = [line.split() for line in text.splitlines() if line.strip()]
    assert lines[0] == ["function", "cached", "on", "columns", "in", "Python", "seconds"]
    assert lines[2:] == [["slow", "0", "1,200", "34", "1.50"], ["fast", "7", "0", "0", "0.00"]]


def test_of_many_functions_it_says_how_many_are_left_out():
    runs = [HowRun(f"f{number}", seconds=number) for number in range(MOST_ROWS + 3)]
    text = printed(runs)
    assert "... and 3 faster ones: labeling apply --json shows all." in text
    assert "f2 " not in text
    assert printed([]) == ""


def test_a_narrow_terminal_leaves_columns_out_and_says_so():
    text = printed([HowRun("a_function_with_a_long_name", 1, 2, 3, 4.0)], width=24)
    assert "4.00" in text
    assert "labeling apply --json shows all" in " ".join(text.split())
