"""Units: spellings, factors, refusals."""

import polars as pl
import pytest

from cobalamin import units
from cobalamin.vocabulary.concepts import concepts


@pytest.mark.parametrize("spelling", ["ng/L", "ng/l", "NG/L", " ng / l ", "nanogram per liter"])
def test_every_spelling_of_nanograms_a_litre_is_one_unit(spelling):
    assert units.normalise(spelling) == "ng/L"


@pytest.mark.parametrize(
    "concept, value, unit, expected",
    [
        ("lab_b12_total", 180, "pg/mL", 180 * 0.7378),
        ("lab_b12_total", 133, "pmol/L", 133),
        ("lab_mma_serum", 0.6, "umol/L", 600),
        ("lab_mma_serum", 0.6, "µmol/L", 600),
        ("lab_haemoglobin", 8, "g/dL", 80),
        ("lab_haemoglobin", 8, "gm%", 80),
        ("lab_platelets", 95, "K/uL", 95),
        ("lab_platelets", 95000, "/mm3", 95),
        ("lab_wbc", 2.5, "×10⁹/L", 2.5),
        ("lab_copper", 4, "ug/dL", 4 * 0.15737),
        ("lab_haptoglobin", 12, "mg/dL", 0.12),
        ("lab_creatinine", 1.1, "mg/dL", 1.1 * 88.4),
        ("lab_hba1c", 7.0, "%", 7.0 * 10.93 - 23.5),
        ("lab_tsh", 4.7, "mIU/L", 4.7),
        ("lab_inr", 2.1, "", 2.1),
        ("tx_cyanocobalamin_oral", 50, "mcg", 50),
        ("tx_folic_acid", 400, "ug", 0.4),
        ("drug_metformin", 2, "g", 2),
    ],
)
def test_value_is_multiplied_by_the_factor_of_its_unit(concept, value, unit, expected):
    assert units.convert(concept, value, unit)[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("unit", [None, "", "ng", "banana", "mmol/mol"])
def test_b12_without_a_usable_unit_is_no_data(unit):
    assert units.convert("lab_b12_total", 200, unit) is None


def test_a_threshold_moved_by_the_same_factor_meets_the_value_exactly():
    how = units.factor("lab_b12_total", "ng/L")
    assert units.convert("lab_b12_total", 180.0, "ng/L")[0] == 180.0 * how


def test_active_b12_and_gastrin_are_not_converted_from_mass_or_moles():
    assert units.convert("lab_b12_active", 50, "pg/mL") is None
    assert units.convert("lab_gastrin", 50, "pmol/L") is None


@pytest.mark.parametrize("concept, value", [("lab_haemoglobin", 1300), ("lab_b12_total", 1e7), ("lab_mcv", -1)])
def test_impossible_values_are_refused_with_a_reason(concept, value):
    assert units.implausible(concept, value).startswith("impossible value")


def test_extreme_disease_is_not_refused():
    assert units.implausible("lab_haemoglobin", 30) is None
    assert units.implausible("lab_mma_serum", 150_000) is None


def test_canonical_units_agree_with_the_concepts():
    for conversion in units.conversions().values():
        assert conversion.canonical == concepts()[conversion.concept].unit, conversion


def test_every_concept_with_a_unit_can_be_converted():
    without = {c.slug for c in concepts().values() if c.unit} - {k[0] for k in units.conversions()}
    assert without == set()


def test_the_frame_converts_as_the_function_does():
    frame = units.conversion_frame()
    asked = pl.DataFrame({"concept": ["lab_wbc", "lab_b12_total"], "unit": ["x10⁹ / L", "PG/ML"]})
    joined = asked.with_columns(spelling=units.unit_key_expression(pl.col("unit"))).join(
        frame, on=["concept", "spelling"], how="left"
    )
    assert dict(zip(joined["concept"], joined["factor"], strict=True)) == {"lab_wbc": 1.0, "lab_b12_total": 0.7378}
