"""Regimens: the words clinicians write, the refusals, and canonical words that read back."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cobalamin.errors import CobalaminError
from cobalamin.guidance import available, load
from cobalamin.physiology.regimen import Missed, Phase, Regimen, parse_regimen
from cobalamin.physiology.regimen_doses import MONTH, WEEK
from cobalamin.physiology.regimen_guidance import ends_by_judgement

SPELLINGS = [
    (
        "hydroxocobalamin 1 mg IM 3/week for 2 weeks then every 12 weeks",
        "hydroxocobalamin 1 mg IM 3 times a week, 6 doses, then every 12 weeks",
    ),
    (
        "Hydroxocobalamin 1000 mcg IM alternate days for 2 weeks, then every 2 months",
        "hydroxocobalamin 1 mg IM every other day, 7 doses, then every 2 months",
    ),
    (
        "hydroxocobalamin 1,000 micrograms intramuscularly three times a week for two weeks followed by 12-weekly",
        "hydroxocobalamin 1 mg IM 3 times a week, 6 doses, then every 12 weeks",
    ),
    (
        "hydroxocobalamin 1000 µg i.m. every other day x6 then monthly",
        "hydroxocobalamin 1 mg IM every other day, 6 doses, then monthly",
    ),
    (
        "hydroxocobalamin 1mg IM weekly for 4 weeks, monthly thereafter",
        "hydroxocobalamin 1 mg IM weekly, 4 doses, then monthly",
    ),
    (
        "cyanocobalamin 1 mg IM daily for a week, then weekly for 4 weeks, then monthly",
        "cyanocobalamin 1 mg IM daily, 7 doses, then weekly, 4 doses, then monthly",
    ),
    ("cyanocobalamin 50 micrograms tablets by mouth twice daily", "cyanocobalamin 50 ug by mouth twice daily"),
    ("cyanocobalamin 1 tablet of 1 mg a day", "cyanocobalamin 1 mg by mouth daily"),
    ("cyanocobalamin 1mg po od", "cyanocobalamin 1 mg by mouth daily"),
    ("cyanocobalamin 1 mg with food daily by mouth", "cyanocobalamin 1 mg by mouth with food daily"),
    ("cyanocobalamin 1 mg oral daily between meals", "cyanocobalamin 1 mg by mouth daily"),
    ("cyanocobalamin 100 mcg PO BD for 3/12 then stop", "cyanocobalamin 100 ug by mouth twice daily, 183 doses"),
    ("cyanocobalamin 1 mg oral daily until week 12 then stop", "cyanocobalamin 1 mg by mouth daily, 84 doses"),
    (
        "cyanocobalamin 1000 mcg SC injection days 1, 3, 7, 10, 14, 21, 30, 60 and 90 then monthly",
        "cyanocobalamin 1 mg SC on days 1, 3, 7, 10, 14, 21, 30, 60, 90, then monthly",
    ),
    ("hydroxocobalamin 1 mg IM 6 doses over 2 weeks then stop", "hydroxocobalamin 1 mg IM 3 times a week, 6 doses"),
    ("hydroxocobalamin 1 mg IM once", "hydroxocobalamin 1 mg IM once"),
    ("hydroxocobalamin 1 mg IM single dose", "hydroxocobalamin 1 mg IM once"),
    ("Neo-Cytamen 1 mg every 3 months", "hydroxocobalamin 1 mg IM every 3 months"),
    ("vitamin B12 hydroxocobalamin acetate 1 mg im q12w", "hydroxocobalamin 1 mg IM every 12 weeks"),
    ("hydroxocobalamin 1mg/ml IM every 3 months for life", "hydroxocobalamin 1 mg IM every 3 months"),
    (
        "hydroxocobalamin 1 mg IM 3 times a week for 2 weeks then cyanocobalamin 1 mg tablets daily",
        "hydroxocobalamin 1 mg IM 3 times a week, 6 doses, then cyanocobalamin 1 mg by mouth daily",
    ),
    (
        "hydroxocobalamin 1 mg IM every 12 weeks, missing every third dose",
        "hydroxocobalamin 1 mg IM every 12 weeks, missing every 3rd dose",
    ),
    (
        "hydroxocobalamin 1 mg IM 3/week for 2 weeks then every 8 weeks with 2 missed doses",
        "hydroxocobalamin 1 mg IM 3 times a week, 6 doses, then every 8 weeks, missing doses 2, 3 of the last phase",
    ),
    ("no treatment", "no treatment"),
    ("Stop and see", "no treatment"),
    ("stop", "no treatment"),
    (
        "nice_ng239:hydroxocobalamin_loading",
        "hydroxocobalamin 1 mg IM 3 times a week, 6 doses, then every 2 months",
    ),
    ("hydroxocobalamin_neurological", "hydroxocobalamin 1 mg IM every other day, 11 doses, then every 2 months"),
]


@pytest.mark.parametrize(("words", "canonical"), SPELLINGS)
def test_words_of_clinicians_are_read(words: str, canonical: str) -> None:
    assert str(parse_regimen(words)) == canonical


REFUSALS = [
    ("", "it is empty"),
    ("hydroxocobalamin IM weekly", "no dose is stated"),
    ("hydroxocobalamin 1000 IM weekly", '"1000" has no unit'),
    ("hydroxocobalamin -1 mg IM weekly", "cannot be negative"),
    ("hydroxocobalamin 0 mg IM weekly", "a dose of 0 is no dose"),
    ("hydroxocobalamin 1 g IM weekly", "an injection of 1,000 mg is over 5 mg"),
    ("hydroxocobalamin 50 mg IM weekly", "an injection of 50 mg is over 5 mg"),
    ("cyanocobalamin 1 ng oral daily", "below any product"),
    ("methylcobalamin 1 mg IM weekly", "no evidence that tells methylcobalamin"),
    ("cyanocobalamin 1 mg nasal weekly", "no evidence that tells B12 into the nose"),
    ("cyanocobalamin 1 mg sublingual daily", "no evidence that tells B12 under the tongue"),
    ("cyanocobalamin 1 mg IV weekly", "no evidence that tells B12 into a vein"),
    ("hydroxocobalamin 1 mg oral daily", "no evidence on hydroxocobalamin by mouth"),
    ("cyanocobalamin 1 mg IM every 0 days", "nothing can be given every 0 days"),
    ("cyanocobalamin 1 mg oral 5/day", "5 tablets a day is more than anybody gives"),
    ("cyanocobalamin 1 mg IM twice daily", "2 injections a day"),
    ("hydroxocobalamin 1 mg IM every 20 years", "is no regimen"),
    ("hydroxocobalamin 1 mg IM oral weekly", "two ways in one part"),
    ("hydroxocobalamin 1 mg IM weekly monthly", "two intervals in one part"),
    ("hydroxocobalamin 1 mg IM 2 mg weekly", "two doses in one part"),
    ("hydroxocobalamin cyanocobalamin 1 mg IM weekly", "two products in one part"),
    ("hydroxocobalamin 1 mg IM weekly then monthly", 'a part before "then" has no end'),
    ("hydroxocobalamin 1 mg IM weekly then stop", 'it says "then stop"'),
    ("hydroxocobalamin 1 mg IM weekly for 4 weeks x 10", "contradict each other"),
    ("hydroxocobalamin 1 mg IM every 12 weeks for 2 weeks", "holds no second dose"),
    ("hydroxocobalamin 1 mg IM x6", "how often"),
    ("hydroxocobalamin 1 mg IM weekly until better", '"until" needs a day'),
    ("B12 1 mg IM weekly", "which B12"),
    ("1 mg IM weekly", "say which B12"),
    ("cyanocobalamin 1 mg daily", "by injection or by mouth"),
    ("metformin 1 g daily", "something other than vitamin B12"),
    ("hydroxocobalamin 1 mg IM weekly banana", '"banana" was not understood'),
    ("cyanocobalamin 1 mg IM on days 3, 1", "listed days must rise"),
    ("cyanocobalamin 1 mg IM on days 1, 3 weekly", "contradict each other"),
    ("cyanocobalamin 1 mg oral daily missing every 1st dose", "if every dose is missed"),
    ("no treatment missing doses 2", "no dose can be missed where none is given"),
    ("nice_ng239:hydroxocobalamin_lodaing", "Did you mean 'hydroxocobalamin_loading'"),
    ("nice_ng999:hydroxocobalamin_loading", "No guideline 'nice_ng999'"),
    ("hydroxocobalamin 1 mg IM " + "weekly " * 100, "too long"),
]


@pytest.mark.parametrize(("words", "reason"), REFUSALS)
def test_what_cannot_be_a_regimen_is_refused_with_its_reason(words: str, reason: str) -> None:
    with pytest.raises(CobalaminError) as refused:
        parse_regimen(words)
    assert reason in str(refused.value)


@given(st.text(max_size=120))
def test_any_text_is_a_regimen_that_reads_back_or_one_refusal(text: str) -> None:
    with suppress(CobalaminError):
        assert parse_regimen(text) == parse_regimen(str(parse_regimen(text)))


PIECES = [
    *("hydroxocobalamin", "cyanocobalamin", "1", "mg", "1000 mcg", "IM", "SC", "oral", "with food", "days 1, 3, 7"),
    *("daily", "weekly", "every", "2", "12", "weeks", "months", "3/week", "twice", "a", "day", "0", "5", "-"),
    *("then", "for", "x6", "stop", "until week", "missing every", "third", "dose", ",", ";"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join))
def test_words_in_any_order_are_a_regimen_that_reads_back_or_one_refusal(text: str) -> None:
    try:
        found = parse_regimen(text)
    except CobalaminError:
        return
    assert parse_regimen(str(found)) == found


def _intervals(injected: bool) -> st.SearchStrategy[float]:
    often = [1.0, 2.0, *(WEEK / n for n in range(2, 7)), *([] if injected else [1 / 2, 1 / 3, 1 / 4])]
    spans = st.one_of(
        st.integers(1, 52).map(lambda n: n * WEEK),
        st.integers(1, 24).map(lambda n: n * MONTH),
        st.integers(1, 400).map(float),
        st.floats(1, 400, allow_nan=False),
    )
    return st.one_of(st.sampled_from(often), spans)


@st.composite
def phases(draw: st.DrawFn, *, first: bool, last: bool) -> Phase:
    form, route = draw(
        st.sampled_from(
            [
                ("hydroxocobalamin", "im"),
                ("hydroxocobalamin", "sc"),
                ("cyanocobalamin", "im"),
                ("cyanocobalamin", "oral"),
            ]
        )
    )
    dose = draw(st.one_of(st.integers(1, 5000).map(float), st.floats(0.5, 5000)))
    fasting = draw(st.booleans()) if route == "oral" else True
    if first and draw(st.booleans()):
        days = sorted({0, *draw(st.lists(st.integers(1, 300), min_size=1, max_size=9))})
        return Phase(dose, form, route, None, None, tuple(days), fasting)
    every = draw(_intervals(route != "oral"))
    count = draw(st.one_of(st.none(), st.integers(1, 400))) if last else draw(st.integers(1, 400))
    return Phase(dose, form, route, every, count, (), fasting)


@st.composite
def regimens(draw: st.DrawFn) -> Regimen:
    number = draw(st.integers(0, 3))
    found = tuple(draw(phases(first=i == 0, last=i == number - 1)) for i in range(number))
    missed = st.one_of(
        st.none(),
        st.integers(2, 30).map(lambda n: Missed(every=n)),
        st.sets(st.integers(1, 40), min_size=1, max_size=4).map(lambda n: Missed(numbers=tuple(sorted(n)))),
    )
    return Regimen(found, draw(missed) if found else None)


@given(regimens())
def test_canonical_words_read_back_as_the_same_regimen(regimen: Regimen) -> None:
    assert parse_regimen(str(regimen)) == regimen


@given(regimens(), st.floats(0, 100), st.floats(0, 800))
def test_doses_rise_within_the_days_and_hold_no_surprise(regimen: Regimen, start: float, length: float) -> None:
    doses = regimen.doses(start, start + length)
    days = [dose.day for dose in doses]
    assert days == sorted(days)
    assert all(start <= day <= start + length for day in days)
    assert {(dose.form, dose.route) for dose in doses} <= {(one.form, one.route) for one in regimen.phases}


def test_loading_then_maintenance_falls_on_the_days_a_nurse_would_give_it() -> None:
    doses = parse_regimen("hydroxocobalamin 1 mg IM 3/week for 2 weeks then every 12 weeks").doses(0, 200)
    assert [dose.day for dose in doses] == [0, 2, 5, 7, 9, 12, 96, 180]


def test_missed_doses_are_those_of_the_last_phase() -> None:
    doses = parse_regimen("hydroxocobalamin 1 mg IM weekly x 2 then every 4 weeks missing every second dose").doses(
        0, 150
    )
    assert [dose.day for dose in doses] == [0, 7, 35, 91, 147]


def test_listed_days_count_from_the_first_dose_as_day_one() -> None:
    doses = parse_regimen("cyanocobalamin 1 mg IM on days 1, 3, 7").doses(10, 100)
    assert [dose.day for dose in doses] == [10, 12, 16]


def test_a_range_is_taken_as_the_shorter_and_said() -> None:
    regimen = parse_regimen("hydroxocobalamin 1 mg IM every 2-3 months")
    assert str(regimen) == "hydroxocobalamin 1 mg IM every 2 months"
    assert regimen.notes == ('"2 to 3" was taken as 2; write 3 to see the other',)


SHIPPED = [(guideline, name) for guideline in available()[:-1] for name in load(guideline).regimens]


@pytest.mark.parametrize(("guideline", "name"), SHIPPED)
def test_every_regimen_of_shipped_guidance_is_drawn_as_printed_and_reads_back(guideline: str, name: str) -> None:
    regimen, printed = parse_regimen(f"{guideline}:{name}"), load(guideline).regimens[name]
    assert parse_regimen(str(regimen)) == regimen
    doses = regimen.doses(0.0, 366.0)
    assert doses and all(dose.form in printed.product and dose.route == printed.route for dose in doses)
    for phase, one in zip(regimen.phases, printed.phases, strict=False):
        assert phase.every_days == pytest.approx(one.every_days, abs=0.005)
        assert one.count in (None, phase.count)
    assert ends_by_judgement(printed) == (name == "hydroxocobalamin_leber")


def test_a_phase_until_improvement_ends_goes_on_and_what_comes_after_is_said_to_be_missing() -> None:
    leber = parse_regimen("nice_ng239:hydroxocobalamin_leber")
    assert str(leber) == "hydroxocobalamin 1 mg IM daily, 14 doses, then twice a week"
    assert leber.notes == ('course "until improvement ends" is drawn as going on, and what comes after it is not',)
