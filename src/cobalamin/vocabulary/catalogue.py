"""The findings catalogue: every clinical question the record is asked, one row of `findings.csv` each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from cobalamin.vocabulary.concepts import read_csv

KINDS = ("boolean", "measurement", "number", "date")


@dataclass(frozen=True)
class Finding:
    """One question to the record.

    `silence` is "no" where silence inside coverage of the `domain` means no, else "unknown".
    `applies_when` names who the question makes sense for ("" = everybody).
    `window_days` is how long a fact stays current (None = for ever).
    The first of `concepts` is the one whose recorded negative denies the finding.
    """

    name: str
    kind: str
    unit: str
    domain: str
    silence: str
    applies_when: str
    window_days: int | None
    selector: str
    concepts: tuple[str, ...]
    ask: str
    means: str

    @property
    def column(self) -> str:
        """The finding's column in the findings frame."""
        return f"finding.{self.name}"

    @property
    def is_base(self) -> bool:
        """True where the finding comes from events; false where it is computed from other findings."""
        return self.selector != "derived" or bool(self.concepts)


@cache
def catalogue() -> dict[str, Finding]:
    """All findings by name, in the order of `findings.csv`."""
    return {row["name"]: _finding(row) for row in read_csv("findings.csv")}


def _finding(row: dict[str, str]) -> Finding:
    window = int(row["window_days"]) if row["window_days"] else None
    return Finding(
        name=row["name"],
        kind=row["kind"],
        unit=row["unit"],
        domain=row["domain"],
        silence=row["silence"],
        applies_when=row["applies_when"],
        window_days=window,
        selector=row["selector"],
        concepts=tuple(row["concepts"].split()),
        ask=row["ask"],
        means=row["means"],
    )
