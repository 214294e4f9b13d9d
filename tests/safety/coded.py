"""One person's record as coded FHIR R4, the way an electronic record holds it, and the answer to it."""

from __future__ import annotations

import json
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from cobalamin.assess import assess
from cobalamin.cli.assess import Wanted, assess_record
from cobalamin.records.ledger import Intake
from cobalamin.records.one import read_one
from cobalamin.report.answer import answer
from tests.safety.people import ON, default

Json = dict[str, Any]
SYSTEMS = {
    "loinc": "http://loinc.org",
    "snomed": "http://snomed.info/sct",
    "atc": "http://www.whocc.no/atc",
    "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
}
SUBJECT = {"reference": "Patient/p1"}


def concept(system: str, code: str, text: str = "") -> Json:
    return {"coding": [{"system": SYSTEMS[system], "code": code, **({"display": text} if text else {})}]}


def person(**fields: Any) -> Json:
    return {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1950-06-01", **fields}


def day(days: int) -> str:
    return (ON + timedelta(days=days)).isoformat()


def observation(code: str, value: float | None, unit: str, days: int = -10, **fields: Any) -> Json:
    quantity = {} if value is None else {"valueQuantity": {"value": value, "unit": unit}}
    return {
        "resourceType": "Observation",
        "id": f"o-{code}-{-days}",
        "status": "final",
        "subject": SUBJECT,
        "code": concept("loinc", code),
        "effectiveDateTime": day(days),
        **quantity,
        **fields,
    }


def condition(code: str, text: str = "", days: int = -400, **fields: Any) -> Json:
    return {
        "resourceType": "Condition",
        "id": f"c-{code}",
        "subject": SUBJECT,
        "code": concept("snomed", code, text),
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "onsetDateTime": day(days),
        **fields,
    }


def medicine(code: Json, days: int = -60, **fields: Any) -> Json:
    return {
        "resourceType": "MedicationRequest",
        "id": f"m-{json.dumps(code)[-40:]}",
        "status": "active",
        "intent": "order",
        "subject": SUBJECT,
        "medicationCodeableConcept": code,
        "authoredOn": day(days),
        **fields,
    }


def anaphylaxis(**fields: Any) -> Json:
    reaction = {"manifestation": [concept("snomed", "39579001", "Anaphylaxis")]}
    return {
        "resourceType": "AllergyIntolerance",
        "id": "a1",
        "patient": SUBJECT,
        "reaction": [reaction],
        "code": {"text": "Hydroxocobalamin"},
        **fields,
    }


low_b12 = partial(observation, "14685-2", 90, "pmol/L")


def written(folder: Path, *resources: Json) -> Path:
    """A Bundle on disk."""
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}
    path = folder / "bundle.json"
    path.write_text(json.dumps(bundle), encoding="utf-8")
    return path


def read(folder: Path, *resources: Json, on: date = ON) -> Intake:
    """What the reader makes of a Bundle."""
    return read_one(written(folder, *resources), on, today=on)[0]


def answered(folder: Path, *resources: Json, on: date = ON) -> Json:
    """The answer to a Bundle, by the reader and the way that the command line takes."""
    intake = read(folder, *resources, on=on)
    return answer(assess(intake.events, default(), on=on), ledger=intake.ledger, missing=None)


def commanded(folder: Path, *resources: Json, patient: str | None = None) -> Json:
    """The answer as `cobalamin assess` gives it, the choice of the person included."""
    wanted = Wanted("nice_ng239", ON, patient, None)
    assessment, ledger = assess_record(written(folder, *resources), wanted)
    return answer(assessment, ledger=ledger, missing=None)
