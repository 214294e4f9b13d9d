"""Decision support for vitamin B12 deficiency: public names, nothing else. Loaded only when used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cobalamin.errors import CobalaminError
    from cobalamin.events import Events
    from cobalamin.guidance import load as load_guidance
    from cobalamin.records.open import read_records
    from cobalamin.records.sheet import read_sheet
    from cobalamin.report.answer import answer, answers

_HOMES = {
    "CobalaminError": ("cobalamin.errors", "CobalaminError"),
    "Events": ("cobalamin.events", "Events"),
    "answer": ("cobalamin.report.answer", "answer"),
    "answers": ("cobalamin.report.answer", "answers"),
    "load_guidance": ("cobalamin.guidance", "load"),
    "read_records": ("cobalamin.records.open", "read_records"),
    "read_sheet": ("cobalamin.records.sheet", "read_sheet"),
}

__all__ = [
    "CobalaminError",
    "Events",
    "answer",
    "answers",
    "load_guidance",
    "read_records",
    "read_sheet",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'cobalamin' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)
