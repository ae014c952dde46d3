"""The command `simulate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labeling.cli.app import AsJson, app, load_project, load_votes
from labeling.cli.console import busy, emit, hint, out
from labeling.errors import LabelingError, counted

if TYPE_CHECKING:
    from labeling.simulation import Plan, Simulation
    from labeling.simulation.results import Goal

STRATEGIES = "mixture,random"
POLICIES = "flat-1,two-then-third,flat-3,posterior+model"
BUDGETS = "50,100,200,400"


@app.command()
def simulate(
    recorded: Annotated[
        str | None,
        typer.Argument(
            metavar="[VOTES]",
            help="A file with the columns sample, annotator and label; default: the votes of"
            " replay: in the config, else those in the project.",
        ),
    ] = None,
    strategies: Annotated[str, typer.Option(help="Query strategies.")] = STRATEGIES,
    policies: Annotated[
        str,
        typer.Option(
            help="Review policies: flat-K, two-then-third, posterior, posterior+model (both with"
            " :LEAST-MOST votes, @PROBABILITY or /VOTES a sample), config (the project's own)."
        ),
    ] = POLICIES,
    budgets: Annotated[str, typer.Option(help="Numbers of votes, ascending.")] = BUDGETS,
    seeds: Annotated[int, typer.Option(min=1, help="How many times all is repeated.")] = 3,
    least_votes: Annotated[
        int | None,
        typer.Option(
            min=1, help="Recorded votes a sample must have; default: the most a policy may ask for."
        ),
    ] = None,
    goal: Annotated[
        str, typer.Option(help="What the recommendation is judged by: model or labels.")
    ] = "model",
    folder: Annotated[
        Path | None, typer.Option("--out", help="Where results go; default: simulation/ of export.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Replay recorded votes over strategies, policies and budgets, to choose before you spend."""
    from labeling.simulation import Plan, simulate_project
    from labeling.simulation.results import GOALS

    if goal not in GOALS:
        raise typer.BadParameter(f"--goal must be model or labels. Got {goal!r}.")
    try:
        numbers = numbers_in(budgets)
        plan = Plan(names_in(strategies), names_in(policies), numbers, seeds, least_votes)
    except LabelingError as error:
        raise typer.BadParameter(str(error)) from None
    project = load_project()
    votes = load_votes(project)
    target = project.folder / "simulation" if folder is None else folder
    hint(f"Each finished run is kept in {target}: after Ctrl-C the same command goes on.")
    with busy("simulating", n_runs(plan)) as advance:
        simulation = simulate_project(
            project, recorded, votes=votes, plan=plan, out=target, progress=advance
        )
    with busy("comparing the runs"):
        written = write_simulation(simulation, target)
    _show(simulation, "labels" if goal == "labels" else "model", as_json)
    hint(f"Written: {', '.join(map(str, written))}")


def names_in(text: str) -> list[str]:
    """Return the parts of a text between commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def numbers_in(text: str) -> list[int]:
    """Return the whole numbers of a text between commas.

    Raises:
        LabelingError: a part is no whole number.
    """
    try:
        return [int(part) for part in names_in(text)]
    except ValueError:
        raise LabelingError(
            f"`--budgets` must be numbers of votes between commas, such as 50,100. Got {text!r}."
        ) from None


def n_runs(plan: Plan) -> int:
    """Return how many runs a plan has."""
    return plan.seeds * len(plan.strategies) * len(plan.policies)


def write_simulation(simulation: Simulation, folder: Path) -> list[Path]:
    """Write the table, and the pictures where matplotlib is installed; return their paths."""
    from labeling.errors import MissingExtraError
    from labeling.records import atomic_write

    table = folder / "simulation.csv"
    with atomic_write(table) as unfinished:
        simulation.to_frame().to_csv(unfinished, index=False)
    written = [table]
    for measure in simulation.measures:
        try:
            written += simulation.plot(folder / f"{measure}.png", measure)
        except MissingExtraError as error:
            hint(str(error))
            break
    return written


def _show(simulation: Simulation, goal: Goal, as_json: bool) -> None:
    from labeling.cli.json_tables import as_records
    from labeling.cli.simulation_table import print_simulation

    if not as_json:
        print_simulation(simulation, goal, out)
        return
    result = {
        "table": as_records(simulation.to_frame(), "row"),
        "areas": as_records(simulation.areas(goal), "row"),
        "savings": as_records(simulation.savings(goal), "row"),
        "label_savings": as_records(simulation.label_savings(), "row"),
        "notes": list(simulation.sentences),
        "recommendation": simulation.recommendation(goal),
        "seeds": counted(len(simulation.comparison.seeds), "seed"),
    }
    emit(result, True)
