"""One person's fit: from what the record gives to everything that is said. No words for readers, no pictures.

It expects markers and nothing else. Intervals longer than the present one are shown only where nerve symptoms are
explicitly absent; what lies beyond twice the time that the results cover is marked as an extrapolation.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cobalamin.errors import CobalaminError
from cobalamin.outlook.facts import Assessed, facts_of
from cobalamin.outlook.fit_said import FitSaid, ParameterSaid, ResultSaid, Shares, Spread

if TYPE_CHECKING:
    import numpy as np

    from cobalamin.outlook.fit_inputs import FitInputs
    from cobalamin.outlook.fit_scene import Scene
    from cobalamin.physiology.fit import Fit

# Symbol -> unit and factor from the model's value; START is serum B12 on day 0, a rate is told as times the usual one.
PARAMETERS = {
    "B_n": ("pmol/L", 1.0),
    "start_serum_b12_pmol_l": ("pmol/L", 1.0),
    "kb": ("times", None),
    "loss_shift": ("times", None),
    "fpas": ("%", 100.0),
    "T_n": ("pmol/L", 1.0),
    "M0": ("nmol/L", 1.0),
    "L50M": ("ug", 1.0),
    "H0": ("umol/L", 1.0),
    "L50H": ("ug", 1.0),
}
LEAST_DRAWS, MOST_DRAWS = 50, 20_000
OF_MARKER = {
    "active_b12_pmol_l": ("T_n",),
    "mma_nmol_l": ("M0", "L50M"),
    "homocysteine_umol_l": ("H0", "L50H"),
}


def fit_person(
    assessment: Assessed, patient_id: str | None = None, *, draws: int | None = None, seed: int = 7
) -> FitSaid:
    """Fit one person of an assessment and gather what can be said. Same input and seed, same answer.

    `draws`: how many independent draws the answer should be worth. Raises CobalaminError where the model may not
    speak about the person, where entries contradict each other, and where nobody or several could be meant.
    """
    from cobalamin.outlook.fit_inputs import fit_inputs

    return fit_of(fit_inputs(facts_of(assessment, patient_id)), draws=draws, seed=seed)


def fit_of(inputs: FitInputs, *, draws: int | None = None, seed: int = 7) -> FitSaid:
    """Fit and gather what can be said. Raises CobalaminError for a number of draws out of range."""
    from cobalamin.outlook.fit_scene import Scene
    from cobalamin.physiology.fit import DRAWS, fit
    from cobalamin.physiology.likelihood import Result

    if draws is not None and not LEAST_DRAWS <= draws <= MOST_DRAWS:
        raise CobalaminError(f"draws {draws}: give a whole number from {LEAST_DRAWS} to {MOST_DRAWS}.")
    used = [
        Result(float((one.date - inputs.day_zero).days), one.marker, one.low, one.high, one.weight)
        for one in inputs.results
        if one.weight > 0
    ]
    found = fit(inputs.known, used, draws=draws or DRAWS, seed=seed)
    scene = Scene(inputs, found)
    return FitSaid(
        patient_id=inputs.patient_id,
        on=inputs.on,
        courses=inputs.courses,
        regimen=inputs.regimen,
        dose_dates=[scene.on_date(day) for day in sorted({dose.day for dose in inputs.known.doses})],
        planned_dates=[scene.on_date(dose.day) for dose in scene.planned],
        basis=inputs.basis,
        classes=_classes(found),
        parameters=_parameters(found, inputs),
        results=_results(inputs, found),
        bands=scene.bands(),
        limits=inputs.limits,
        intervals=scene.intervals(),
        tests=scene.tests(),
        warnings=_warnings(inputs, found, scene),
        reliable_until=scene.reliable_until,
        draws=len(found.sample.weight),
        effective=found.sample.effective,
        tail_shape=found.sample.tail_shape,
        trusted=found.trusted,
        seed=seed,
        parameter_set=inputs.known.parameters,
        guidance=inputs.guidance,
    )


def _classes(found: Fit) -> list[Shares]:
    import numpy as np

    names = list(found.known.classes)
    own = np.bincount(found.sample.classes, weights=found.sample.weight, minlength=len(names))
    return [Shares(name, found.known.classes[name], float(own[k])) for k, name in enumerate(names)]


def _warnings(inputs: FitInputs, found: Fit, scene: Scene) -> list[str]:
    said = list(inputs.warnings)
    if not found.trusted:
        said.insert(
            0,
            f"The draws are worth only {found.sample.effective:.0f} independent ones: the results lie where the model "
            "hardly reaches. Do not use the numbers; look for what the record misses.",
        )
    if scene.reliable_until is None and inputs.known.doses:
        said.append("No usable result on treatment: ahead stands what the model expects of people like this one.")
    if inputs.regimen is None and inputs.known.doses:
        said.append("No regimen goes on, so nothing is said of intervals; ahead no further dose is assumed.")
    return said


def _results(inputs: FitInputs, found: Fit) -> list[ResultSaid]:
    """Every result with what became of it; those that count beside what the others made expect."""
    from cobalamin.physiology.fit import SURPRISING

    expected, place = found.expected(), _places(inputs)
    said = []
    for k, one in enumerate(inputs.results):
        j = place.get(k)
        chance, seen = None, None
        if j is not None and math.isfinite(expected.chance[j]):
            chance = float(expected.chance[j])
            seen = (float(expected.low[j]), float(expected.median[j]), float(expected.high[j]))
        said.append(
            ResultSaid(
                one.marker, one.date, one.printed, one.low, one.high, one.weight, one.why, chance, seen,
                surprising=chance is not None and chance < SURPRISING,
            )
        )  # fmt: skip
    return said


def _places(inputs: FitInputs) -> dict[int, int]:
    """Place among the inputs' results -> place among those of the fit, which sorts the ones that count."""
    used = [k for k, one in enumerate(inputs.results) if one.weight > 0]

    def key(k: int) -> tuple[object, ...]:
        one = inputs.results[k]
        return (one.date, one.marker, one.low, one.high, one.weight)

    return {k: j for j, k in enumerate(sorted(used, key=key))}


def _parameters(found: Fit, inputs: FitInputs) -> list[ParameterSaid]:
    """Parameters that the doses and the results bring into play."""
    markers = {one.marker for one in inputs.results if one.weight > 0}
    wanted = {"B_n", "start_serum_b12_pmol_l", "kb", *(name for one in markers for name in OF_MARKER.get(one, ()))}
    routes = {dose.route for dose in inputs.known.doses}
    wanted |= {"loss_shift"} if routes - {"oral"} else set()
    wanted |= {"fpas"} if "oral" in routes else set()
    return [_parameter(name, found) for name in PARAMETERS if name in wanted]


def _parameter(symbol: str, found: Fit) -> ParameterSaid:
    import numpy as np

    from cobalamin.outlook.fit_said import SPREAD_AT
    from cobalamin.physiology.importance import quantiles

    unit, factor = PARAMETERS[symbol]
    values = found.bodies[symbol]
    if symbol == "loss_shift":
        values = np.exp(values)
    elif factor is None:
        values = values / found.bodies.parameters[symbol].value
    values = values * (factor or 1.0)
    at, prior, weight = np.array(SPREAD_AT), found.prior(len(values)), found.sample.weight
    usual, own = np.quantile(values[prior], at), quantiles(values[:, None], weight, at)[:, 0]
    learned = 1 - _log_sd(values, weight) / _log_sd(values[prior], np.full(len(prior), 1 / len(prior)))
    return ParameterSaid(symbol, unit, Spread.of(usual), Spread.of(own), learned)


def _log_sd(values: np.ndarray, weight: np.ndarray) -> float:
    import numpy as np

    logs = np.log(values)
    return float(np.sqrt(max(weight @ (logs - weight @ logs) ** 2, 1e-12)))
