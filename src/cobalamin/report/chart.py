"""The time line as a picture: results against the guideline's bands, doses, symptoms, what is planned. SVG only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import polars as pl

from cobalamin import units
from cobalamin.guidance import Guideline
from cobalamin.plan import calendar
from cobalamin.report.evidence import Person, reported_value
from cobalamin.report.words import amount, interval, number, short_date, unit_words, word
from cobalamin.vocabulary.catalogue import catalogue
from cobalamin.vocabulary.concepts import concepts

# Which thresholds are the edges of a result's bands, lowest first; their numbers come from the guideline.
BANDED = {
    "lab_b12_total": ("Total B12", "total_b12_deficient", "total_b12_unlikely"),
    "lab_b12_active": ("Active B12", "active_b12_deficient", "active_b12_unlikely"),
}
PLAIN = {"lab_mma_serum": "MMA", "lab_haemoglobin": "Haemoglobin", "lab_mcv": "MCV"}
JUDGED_COLOURS = {"on_time": "#14694f", "early": "#14694f", "late": "#a4480b", "course_broken": "#a3161a"}
PLANNED, SYMPTOM, TABLETS = "#2458a6", "#7a3e8f", "#14694f"
AHEAD_DAYS, BEFORE_DAYS = 120, 21
SYMPTOMS_SHOWN, PANELS_SHOWN, VALUES_SAID = 6, 3, 6
WIDE, NARROW = 660, 300


@dataclass(frozen=True)
class Panel:
    """Results of one analyte in one unit, the edges of its bands, and the laboratory's own upper limit."""

    title: str
    unit: str
    points: list[dict[str, Any]]
    edges: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class TimeLine:
    """What the picture shows: days from `start` to `end`, panels of results, lanes of marks and bars."""

    start: date
    end: date
    on: date
    treated: date | None
    panels: list[Panel]
    marks: list[dict[str, Any]]
    bars: list[dict[str, Any]]

    @property
    def empty(self) -> bool:
        """True where there is nothing to draw."""
        return not (self.panels or self.marks or self.bars)


def time_line(person: Person) -> TimeLine:
    """Gather the picture's content for one person."""
    dated = person.own_events.filter(pl.col("time").is_not_null() & pl.col("present"))
    panels = [panel for panel in _panels(dated, person) if panel.points and _worth(panel)][:PANELS_SHOWN]
    marks, bars = [*_doses(person), *_planned(person)], [*_schedules(person), *_symptoms(dated, person)]
    days = [point["day"] for panel in panels for point in panel.points] + [mark["day"] for mark in marks]
    days += [bar["start"] for bar in bars] + [person.on]
    first = person.value("first_b12_dose")
    span = (max(days) - min(days)).days
    start = min(days) - timedelta(days=max(BEFORE_DAYS, span // 20))
    return TimeLine(start, person.on + timedelta(days=AHEAD_DAYS), person.on, first, panels, marks, bars)


def _worth(panel: Panel) -> bool:
    """One value without bands is said better in words than drawn."""
    return bool(panel.edges) or len(panel.points) > 1


def _panels(dated: pl.DataFrame, person: Person) -> Iterator[Panel]:
    for concept, (title, *names) in BANDED.items():
        points, unit = _points(dated, concept, person.on)
        yield Panel(title, unit, points, _edges(person.guideline, concept, names, unit))
    for concept, title in PLAIN.items():
        points, unit = _points(dated, concept, person.on)
        limits = (
            {point["high"] for point in points if point["high"] is not None} if concept == "lab_mma_serum" else set()
        )
        yield Panel(title, unit, points, sorted(limits)[-1:])


def _points(dated: pl.DataFrame, concept: str, on: date) -> tuple[list[dict[str, Any]], str]:
    """Results in the unit of the latest one; a result in words has no place on a scale and is left to the tables."""
    rows = dated.filter(
        (pl.col("concept") == concept) & pl.col("value").is_not_null() & (pl.col("time").dt.date() <= on)
    ).sort("time")
    if not rows.height:
        return [], ""
    unit = rows["unit"][-1] or concepts()[concept].unit
    return [_point(row, concept, unit) for row in rows.to_dicts()], unit


def _point(row: dict[str, Any], concept: str, unit: str) -> dict[str, Any]:
    """A result at its height in the panel's unit, labelled as it was reported."""
    high, own = row["high"], row["unit"] or unit
    label = amount(reported_value(concept, row["value"], own), own if own != unit else "", row["comparator"] or "")
    return {
        "day": row["time"].date(),
        "value": reported_value(concept, row["value"], unit),
        "label": label,
        "high": None if high is None else reported_value(concept, high, unit),
    }


def _edges(guideline: Guideline, concept: str, names: list[str], unit: str) -> list[float]:
    found = []
    for name in names:
        threshold = guideline.thresholds.get(name)
        if threshold is not None and unit:
            found.append(_in_unit(concept, threshold.values, unit))
    return [edge for edge in found if edge is not None]


def _in_unit(concept: str, values: tuple[tuple[float, str], ...], unit: str) -> float | None:
    """The threshold as published in the unit; converted only where it is not published in it."""
    how = units.conversion(concept, unit)
    for value, published in values:
        other = units.conversion(concept, published)
        if published == unit or (how and other and how.factor == other.factor):
            return value
    converted = units.convert(concept, *values[0])
    return None if converted is None else reported_value(concept, converted[0], unit)


def _doses(person: Person) -> Iterator[dict[str, Any]]:
    for dose in person.doses:
        said = f"{dose['product']}, {word('judged', dose['judged'])}"
        yield {"lane": "Injections given", "day": dose["date"], "colour": JUDGED_COLOURS[dose["judged"]], "says": said}


def _planned(person: Person) -> Iterator[dict[str, Any]]:
    for dose in calendar(person.plan, AHEAD_DAYS):
        if dose["date"] >= person.on:
            yield {"lane": "Planned", "day": dose["date"], "colour": PLANNED, "says": dose["product"], "open": True}


def _schedules(person: Person) -> Iterator[dict[str, Any]]:
    treated = person.treatment_events.filter(pl.col("every_days").is_not_null() & pl.col("time").is_not_null())
    for row in treated.to_dicts():
        injected = row["route"] in ("im", "sc") or "injection" in str(row["concept"])
        lane = "Injection schedule" if injected else "B12 tablets"
        says = interval(row["every_days"])
        yield _bar(lane, row, person.on, TABLETS, says)


def _symptoms(dated: pl.DataFrame, person: Person) -> Iterator[dict[str, Any]]:
    known = {
        concept: name
        for name, finding in catalogue().items()
        if finding.domain == "symptoms" and finding.selector == "current"
        for concept in finding.concepts[:1]
        if concept.startswith("sym_")
    }
    rows = dated.filter(pl.col("concept").cast(pl.String).is_in(list(known))).sort("time")
    shown = rows.unique("concept", keep="first", maintain_order=True).tail(SYMPTOMS_SHOWN)
    for row in shown.to_dicts():
        name = word("finding", known[str(row["concept"])])
        yield _bar(
            name[:1].upper() + name[1:], row, person.on, SYMPTOM, "since " + short_date(row["time"].date(), person.on)
        )


def _bar(lane: str, row: dict[str, Any], on: date, colour: str, says: str) -> dict[str, Any]:
    end = row["until"].date() if row["until"] is not None and row["until"] > row["time"] else on
    return {"lane": lane, "start": row["time"].date(), "end": min(end, on), "colour": colour, "says": says}


def described(line: TimeLine) -> str:
    """The picture in words, for those who do not see it."""
    said = []
    for panel in line.panels:
        values = [f"{point['label']} on {short_date(point['day'], line.on)}" for point in panel.points[-VALUES_SAID:]]
        edges = " and ".join(number(edge) for edge in panel.edges)
        limits = f" (limits {edges})" if edges else ""
        said.append(f"{panel.title} in {unit_words(panel.unit)}: {'; '.join(values)}{limits}")
    given = [mark for mark in line.marks if not mark.get("open")]
    if given:
        span = f"{short_date(given[0]['day'], line.on)} to {short_date(given[-1]['day'], line.on)}"
        said.append(f"{len(given)} injections given, {span}")
    planned = [mark for mark in line.marks if mark.get("open")]
    if planned:
        said.append(f"next planned dose {short_date(planned[0]['day'], line.on)}")
    said += [f"{bar['lane']} {bar['says']}" for bar in line.bars]
    if line.treated:
        said.append(f"treatment began {short_date(line.treated, line.on)}")
    return "Time line. " + ". ".join(said) + "."


def svgs(line: TimeLine, widths: tuple[int, ...] = (WIDE, NARROW)) -> list[str]:
    """The picture as one SVG element for each width. Nothing where there is nothing to draw."""
    if line.empty:
        return []
    import vl_convert

    from cobalamin.report.draw import drawn, resized

    picture = drawn(line, widths[0])
    return [str(vl_convert.vegalite_to_svg(resized(picture, width))) for width in widths]
