"""Findings to decision: decision tables run as expressions, and their trace."""

from cobalamin.decision.compile import UNDECIDED, Program, compile_guideline
from cobalamin.decision.decide import decide, program

__all__ = ["UNDECIDED", "Program", "compile_guideline", "decide", "program"]
