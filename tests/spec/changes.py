"""What a case expects of the smallest changes, beside those that an answer names."""

from __future__ import annotations

from typing import Any

Change = dict[str, Any]


def would_change_differences(expect: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """One sentence for each change that is not named, or is named and should not be."""
    named = found["would_change"]
    wrong = [
        f"would_change: {wanted} is not among {_near(wanted, named)}"
        for wanted in expect.get("would_change", [])
        if not any(_fits(wanted, one) for one in named)
    ]
    forbidden = [(one, like) for like in expect.get("no_would_change", []) for one in named if _fits(like, one)]
    wrong += [f"would_change: {_told(one)} is named, like {like}" for one, like in forbidden]
    moved = [(name, one) for name in expect.get("settled", []) for one in named if name in one["then"]]
    return wrong + [f"settled: {name} is not; {_told(one)}" for name, one in moved]


def _fits(wanted: Change, named: Change) -> bool:
    """True where a named change is found out in the same way, and has at least these outcomes."""
    parts = {part["finding"]: part["is"] for part in named["if"]}
    what = wanted.get("if", list(parts))
    same = parts == what if isinstance(what, dict) else set(parts) == set(what)
    open_for = {part["why"] for part in named["if"]}
    right = "why" not in wanted or open_for == {wanted["why"]}
    return same and right and all(named["then"].get(name) == value for name, value in wanted.get("then", {}).items())


def _near(wanted: Change, named: list[Change]) -> list[str]:
    """Changes of the same findings or to the same outcome, which may show the slip."""
    findings, then = set(wanted.get("if", ())), wanted.get("then", {})
    near = [one for one in named if findings & {part["finding"] for part in one["if"]} or then == one["then"]]
    return [_told(one) for one in near]


def _told(one: Change) -> str:
    found = " and ".join(f"{part['finding']} {part['is']} ({part['why']})" for part in one["if"])
    return f"{found} -> {one['then']}"
