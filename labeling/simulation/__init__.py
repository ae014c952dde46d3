"""Simulations: recorded votes replayed over strategies, policies and budgets, to choose among them.

A front door: it uses querying, replay, adjudication and the models as a project does.
"""

from labeling.simulation.grid import Plan, simulate
from labeling.simulation.models import ModelSettings
from labeling.simulation.projects import simulate_project
from labeling.simulation.results import Simulation

__all__ = ["ModelSettings", "Plan", "Simulation", "simulate", "simulate_project"]
