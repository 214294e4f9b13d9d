"""Words of a fit: markers and units, chances, spreads, and the sentences that text and page share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cobalamin.report.words import interval, number, plain, readable, short_date, unit_words, word

if TYPE_CHECKING:
    from cobalamin.outlook.fit_said import (
        Basis,
        CourseSaid,
        FitSaid,
        IntervalSaid,
        Limit,
        ParameterSaid,
        RegimenSaid,
        ResultSaid,
        Spread,
        TestSaid,
    )

MARKERS = {
    "serum_b12_pmol_l": ("Serum B12", "pmol/L"),
    "active_b12_pmol_l": ("Active B12", "pmol/L"),
    "mma_nmol_l": ("MMA", "nmol/L"),
    "homocysteine_umol_l": ("Homocysteine", "umol/L"),
}
PARAMETERS = {
    "B_n": "B12 in blood, stores full",
    "start_serum_b12_pmol_l": "B12 in blood at the start",
    "kb": "speed of loss from stores",
    "loss_shift": "injection lost into urine",
    "fpas": "tablet taken up without intrinsic factor",
    "T_n": "active B12, stores full",
    "M0": "MMA, stores full, kidneys sound",
    "L50M": "store at which MMA has doubled",
    "H0": "homocysteine, stores full, kidneys sound",
    "L50H": "store at which homocysteine has doubled",
}
LEARNED = 0.1  # less than a tenth narrower is not worth a sentence
MATTERS = 0.05

CANNOT = (
    "how somebody feels: no marker tracks symptoms, and treatment follows symptoms, not levels",
    "which interval to choose: it overrides no guidance and no clinician",
    "whether B12 is enough: serum B12 on treatment is expected to be high and proves only that it was given",
    "a level in the first days after an injection, potassium, or the blood count",
    "what the next measurement will read: the chances are of the level in the body, and a measurement adds its error",
)


def marker_words(marker: str) -> str:
    """A marker as people call it."""
    return MARKERS[marker][0]


def marker_unit(marker: str) -> str:
    """The unit a marker is given in, as people write it."""
    return unit_words(MARKERS[marker][1])


def inside(marker: str) -> str:
    """A marker inside a sentence: "serum B12", "MMA"."""
    return {"serum_b12_pmol_l": "serum B12", "active_b12_pmol_l": "active B12"}.get(marker, MARKERS[marker][0])


def limit_short(one: Limit) -> str:
    """A limit as the head of a column."""
    return f"{marker_words(one.marker)} {'<' if one.beyond == 'below' else '>'} {one.value:g}"


def limit_long(one: Limit) -> str:
    """A limit in words, with its unit."""
    return f"{inside(one.marker)} {one.beyond} {one.value:g} {marker_unit(one.marker)}"


def percent(chance: float) -> str:
    """A chance without false precision: "under 1 %", "3 %", "about 40 %", "over 99 %"."""
    if chance < 0.01:
        return "<1 %"
    if chance > 0.99:
        return ">99 %"
    points = 100 * chance
    return f"{points:.0f} %" if points < 10 or points > 90 else f"{5 * round(points / 5):.0f} %"


def level(value: float) -> str:
    """A level with two digits or three: what a model can know."""
    if value >= 1000:
        return f"{50 * round(value / 50)}"
    if value >= 100:
        return f"{5 * round(value / 5)}"
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def spread(one: Spread) -> str:
    """Median and 90 % range: "380 (290–520)"."""
    return f"{level(one.median)} ({level(one.low_90)}–{level(one.high_90)})"


def interval_label(one: IntervalSaid) -> str:
    """An interval in weeks, the present one marked."""
    weeks = one.days / 7
    number = f"{weeks:.0f}" if abs(weeks - round(weeks)) < 0.1 else f"{weeks:.1f}"
    return f"{number} week{'' if number == '1' else 's'}{' (now)' if one.present else ''}"


def dose_words(form: str, route: str, dose_ug: float) -> str:
    """A dose: hydroxocobalamin 1 mg IM."""
    amount = f"{number(dose_ug / 1000)} mg" if dose_ug >= 500 else f"{number(dose_ug)} µg"
    return f"{form} {amount} {word('give_route', route)}"


def course_words(one: CourseSaid, said: FitSaid) -> str:
    """Doses of one kind: how many, from when to when."""
    first, last = short_date(one.first, said.on), short_date(one.last, said.on)
    when = f"on {first}" if one.count == 1 else f"{first} to {last}"
    assumed = "" if one.recorded == one.count else f", {one.count - one.recorded} of them by the schedule on record"
    return f"{one.count} × {dose_words(one.form, one.route, one.dose_ug)}, {when}{assumed}"


def regimen_words(one: RegimenSaid, said: FitSaid) -> str:
    """What goes on, and when the next dose is due."""
    what = "planned by the guidance" if one.planned else "going on"
    due = "" if one.route == "oral" else f", next {short_date(one.next_date, said.on)}"
    return f"{what}: {interval_words(one.every_days)}{due}"


def interval_words(days: float) -> str:
    """Every 12 weeks; every 2 months."""
    weeks = days / 7
    return f"every {weeks:.0f} weeks" if days > 14 and abs(weeks - round(weeks)) < 0.1 else interval(days)


def absorption_words(absorption: str) -> str:
    """A class of absorption in words."""
    return {"normal": "normal absorption", "no_intrinsic_factor": "no intrinsic factor"}.get(absorption) or plain(
        absorption
    )


def learned(said: FitSaid) -> list[ParameterSaid]:
    """Parameters on which the results said something, most first."""
    return sorted((one for one in said.parameters if one.learned >= LEARNED), key=lambda one: -one.learned)


def learned_words(one: ParameterSaid) -> str:
    """What was learned of one parameter: own value against what was thought before the results."""
    unit = " times the usual" if one.unit == "times" else f" {unit_words(one.unit)}"
    name = PARAMETERS[one.symbol]
    return f"{name[:1].upper()}{name[1:]}: {spread(one.own)}{unit}; before the results {spread(one.usual)}{unit}."


def surprise_words(one: ResultSaid, said: FitSaid) -> str:
    """A result that the others did not make expect, with what was expected."""
    low, middle, high = one.expected or (0.0, 0.0, 0.0)
    odds = "under 1 in 100" if (one.chance or 0) < 0.01 else f"about {100 * (one.chance or 0):.0f} in 100"
    return (
        f"{marker_words(one.marker)} {one.printed} {marker_unit(one.marker)} on {short_date(one.date, said.on)} "
        f"surprised the model: the other results made {level(middle)} likely, {level(low)} to {level(high)} in "
        f"nine of ten (chance of one as far off: {odds})."
    )


def best_tests(said: FitSaid) -> list[tuple[str, TestSaid, float]]:
    """For each level asked about, the one more result that narrows it most, and the share of width that remains."""
    found = []
    for target in said.tests[0].remaining if said.tests else []:
        best = min(said.tests, key=lambda one: one.remaining[target])
        found.append((target, best, best.remaining[target]))
    return found


def test_words(target: str, best: TestSaid, remaining: float, said: FitSaid) -> str:
    """What one more result is worth, in a sentence."""
    what = f"the {inside(target)} foretold for the day before an injection a year on"
    if remaining > 1 - MATTERS:
        return f"No single result would narrow {what} by as much as {100 * MATTERS:.0f} %."
    day = short_date(best.date, said.on)
    when = f"just before the injection of {day}" if best.before_injection else f"on {day}"
    narrower = 5 * round(20 * (1 - remaining))
    return f"{marker_words(best.marker)} {when} would narrow {what} most: by about {narrower} %."


def person_words(basis: Sequence[Basis], spread_how: str) -> list[str]:
    """The person as recorded, what stands in for the rest and is spread, and what is one value for all."""
    parts = {
        "On record": [one for one in basis if one.stated],
        f"Not on record, so {spread_how}": [one for one in basis if not one.stated and one.spread],
        "Not on record, and taken as": [one for one in basis if not one.stated and not one.spread],
    }
    named = {head: "; ".join(f"{one.name} {readable(one.value)}" for one in found) for head, found in parts.items()}
    return [f"{head}: {words}." for head, words in named.items() if words]
