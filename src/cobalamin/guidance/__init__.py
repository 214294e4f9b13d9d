"""Guidance is data: one folder of cited YAML a guideline, shipped as checked and hashed JSON."""

from cobalamin.guidance.load import DEFAULT, available, load, threshold_editions, use_folder
from cobalamin.guidance.model import Guideline, Regimen, Rule, Table, Term, Threshold

__all__ = [
    "DEFAULT", "Guideline", "Regimen", "Rule", "Table", "Term", "Threshold", "available", "load", "threshold_editions",
    "use_folder",
]  # fmt: skip
