"""The default label model for people: their skill, and a report on the fit."""
