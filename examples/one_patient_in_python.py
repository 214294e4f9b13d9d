"""From a typed sheet to the decision, in the library: what each stage holds.

python examples/one_patient_in_python.py
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from cobalamin import answer, read_sheet
from cobalamin.assess import assess

SHEET = Path(__file__).parent / "worked_patient.yaml"


def main() -> None:
    sheet = read_sheet(SHEET)
    assessment = assess(sheet.events, "nice_ng239", on=date(2026, 1, 15))

    print(sheet.events.frame.select("concept", "time", "value", "unit", "source"))
    print(assessment.findings.select("finding.b12_before_treatment", "finding.metformin_years"))
    print(assessment.trace.select("output.status", "output.route", "table.route"))
    print(assessment.plan.select("kind", "what", "product", "dose", "dose_unit", "due"))

    told = answer(assessment, ledger=sheet.ledger)
    for question in told["missing"][:3]:
        print(question["ask"], question["would_change"])


if __name__ == "__main__":
    main()
