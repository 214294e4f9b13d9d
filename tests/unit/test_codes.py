"""Codes: exact first, then prefixes of trees, and the traps of the lists."""

import pytest

from cobalamin.vocabulary.codes import codes_frame, concept_of, look_up, route_of


@pytest.mark.parametrize(
    "system, code, concept",
    [
        ("http://loinc.org", "2132-9", "lab_b12_total"),
        ("loinc", "2132-9", "lab_b12_total"),
        ("http://hl7.org/fhir/sid/icd-10-cm", "D510", "cond_pernicious_anaemia"),
        ("http://hl7.org/fhir/sid/icd-10", "D51.0", "cond_pernicious_anaemia"),
        ("icd10cm", "E11.42", "cond_t2dm"),
        ("icd10cm", "K90.0", "cond_coeliac"),
        ("http://www.whocc.no/atc", "A10BA02", "drug_metformin"),
        ("http://snomed.info/sct/83821000000107", "271216009", "lab_b12_total"),
    ],
)
def test_listed_code_is_found_under_uri_and_short_name(system, code, concept):
    assert concept_of(system, code) == concept


def test_dmd_code_is_found_under_either_uri():
    for uri in ("https://dmd.nhs.uk", "http://snomed.info/sct"):
        assert concept_of(uri, "327545000") == "tx_cyanocobalamin_oral"


def test_potassium_competitive_blocker_is_not_swallowed_by_the_ppi_class():
    assert concept_of("atc", "A02BC08") == "drug_pcab"


def test_thrombophilia_is_no_bleeding_disorder():
    assert concept_of("icd10cm", "D68.51") is None


def test_snomed_and_loinc_are_never_matched_by_prefix():
    assert concept_of("loinc", "2132-91") is None
    assert concept_of("snomed", "2712160091") is None


@pytest.mark.parametrize("system, code", [("banana", "2132-9"), ("loinc", "271216009"), (None, "1"), ("loinc", None)])
def test_code_in_the_wrong_system_is_nothing(system, code):
    assert concept_of(system, code) is None


def test_bnf_code_is_read_to_its_substance():
    assert concept_of("bnf", "0103050E0AAAAAA") == "drug_ppi_esomeprazole"


def test_read_code_is_found_with_and_without_its_term_suffix():
    assert concept_of("readv2", "66E5.00") == concept_of("readv2", "66E5.") == "status_b12_injections_current"


def test_a_recalled_code_says_so():
    assert look_up("loinc", "4544-3").recalled and not look_up("loinc", "2132-9").recalled


def test_no_code_stands_under_two_concepts():
    frame = codes_frame()
    assert frame.select("system", "code").is_duplicated().sum() == 0
    assert frame.height > 1900


def test_route_codes_are_read():
    assert route_of("http://snomed.info/sct", "78421000") == "im"
