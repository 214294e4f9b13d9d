"""The guidance's own regimens, as the model can draw them; what the source leaves open is closed and said."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from cobalamin.errors import CobalaminError
from cobalamin.guidance import available, load
from cobalamin.guidance.model import Phase as GuidancePhase
from cobalamin.guidance.model import Regimen as GuidanceRegimen
from cobalamin.physiology.courses import FORMS
from cobalamin.physiology.regimen_doses import WEEK, Phase, Regimen, interval_words
from cobalamin.units import convert
from cobalamin.vocabulary.durations import read_duration
from cobalamin.vocabulary.schedules import NUMBER, count_of

AS_PRINTED = 0.005  # days: "2.333" is printed for three times a week


def named_regimen(guideline: str, name: str) -> Regimen:
    """A regimen of a guideline by its id. Raises CobalaminError that names the nearest, or what cannot be drawn."""
    if guideline not in available():
        raise CobalaminError(f"No guideline {guideline!r}. Available: {', '.join(available()[:-1])}.")
    regimens = load(guideline).regimens
    if name not in regimens:
        near = difflib.get_close_matches(name, regimens, n=1)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        raise CobalaminError(f"{guideline} has no regimen {name!r}.{meant} It has: {', '.join(regimens)}.")
    return drawn(regimens[name])


def drawn(regimen: GuidanceRegimen) -> Regimen:
    """A regimen of guidance as phases of doses, with notes on what the source leaves open.

    A phase that ends by judgement alone ("until improvement ends") goes on, and what comes after it is not drawn: the
    model foretells no improvement, and a length of its own would be an invention. Raises CobalaminError for a product
    that the model does not know.
    """
    notes: list[str] = []
    phases: list[Phase] = []
    for place, one in enumerate(regimen.phases, start=1):
        phases.append(_phase(regimen, one, ends=place < len(regimen.phases), notes=notes))
        if phases[-1].count is None:
            break
    return Regimen(tuple(phases), notes=tuple(notes))


def ends_by_judgement(regimen: GuidanceRegimen) -> bool:
    """Whether a phase of it ends on a day that no source tells, so that less than all of it can be drawn."""
    return len(drawn(regimen).phases) < len(regimen.phases)


def _phase(regimen: GuidanceRegimen, one: GuidancePhase, *, ends: bool, notes: list[str]) -> Phase:
    form = next((form for form in FORMS if regimen.product.startswith(form)), None)
    dose = convert("tx_cyanocobalamin", one.dose, one.dose_unit)
    if form is None or dose is None:
        raise CobalaminError(f"{regimen.id}: the model does not know {regimen.product} {one.dose:g} {one.dose_unit}.")
    every = _exact(one.every_days)
    count = one.count
    if ends and count is None:
        count = _length(one, every)
        as_drawn = f"as {count} doses" if count else "as going on, and what comes after it is not"
        notes.append(f'{one.name} "until {one.until}" is drawn {as_drawn}')
    if one.interval_max_days:
        longest = interval_words(_exact(one.interval_max_days))
        notes.append(f"{one.name} {interval_words(every)} to {longest}: drawn as {interval_words(every)}")
    return Phase(dose[0], form, regimen.route, every, count)


def _exact(every_days: float) -> float:
    """Three times a week for the printed 2.333 days."""
    near = [WEEK / count for count in range(2, 7) if abs(WEEK / count - every_days) < AS_PRINTED]
    return near[0] if near else every_days


def _length(one: GuidancePhase, every: float) -> int | None:
    """Doses of a phase that ends by judgement: as many as fit until the day on which it is judged; None without one."""
    for number in _numbers_of_doses(one.until):
        return number
    found = read_duration(one.until)
    return None if found is None else max(1, -int(-found[0] // every))


def _numbers_of_doses(until: str) -> Iterator[int]:
    match = re.search(rf"\b{NUMBER}\s+(?:\w+\s+)?doses\b", until.lower())
    if match:
        yield int(count_of(match[1]))
