"""Words: everyday and clinical phrases, negation, sharing of a quality, and what is not relevant."""

import pytest

from cobalamin.vocabulary.concepts import concepts, read_csv
from cobalamin.vocabulary.results import read_range, read_result, test_of
from cobalamin.vocabulary.words import read_text, understand

look_up_test = test_of
del test_of


def said(text, domain=None):
    return {("" if m.present else "-") + m.concept + (f"+{m.flag}" if m.flag else "") for m in understand(text, domain)}


@pytest.mark.parametrize(
    "domain, text, expected",
    [
        ("symptoms", "pins and needles", {"sym_paraesthesia"}),
        ("symptoms", "numb tingling feet to knees and hands", {"sym_paraesthesia", "sym_numbness"}),
        ("symptoms", "unsteady legs", {"sym_balance_ataxia"}),
        ("symptoms", "bumping into objects", {"sym_clumsiness"}),
        ("symptoms", "forgetfulness", {"sym_memory_concentration"}),
        ("symptoms", "tired and short of breath", {"sym_fatigue", "sym_breathlessness"}),
        ("symptoms", "electric shock-like sensations down the spine on flexing the neck", {"sym_lhermitte"}),
        ("signs", "stocking-glove loss", {"sign_reduced_sensation"}),
        ("signs", "beefy red tongue", {"sign_glossitis"}),
        ("signs", "positive Romberg", {"sign_romberg"}),
        ("signs", "bilateral Babinski signs", {"sign_extensor_plantar"}),
        ("signs", "macro-ovalocytes", {"lab_film_megaloblastic+positive"}),
        ("procedures", "stomach removed", {"proc_gastrectomy_unspecified"}),
        ("procedures", "Roux-en-Y gastric bypass in 2015", {"proc_gastric_bypass"}),
        ("procedures", "distal gastrectomy (Billroth II)", {"proc_gastrectomy_partial"}),
        ("medicines", "Glucophage SR 1 g", {"drug_metformin"}),
        ("medicines", "omeprazole 20 mg", {"drug_ppi_omeprazole"}),
        ("medicines", "standard antituberculosis regimen", {"drug_isoniazid"}),
        ("history", "laughing gas balloons", {"exposure_nitrous_oxide_recreational"}),
        ("diet", "mainly vegetables, little meat or dairy", {"diet_low_animal"}),
        ("family", "pernicious anaemia in mother", {"family_b12_deficiency"}),
        ("family", "parental consanguinity", {"family_inborn_error"}),
        ("allergies", "cyanocobalamin injection: anaphylaxis", {"allergy_cobalamin_anaphylaxis"}),
    ],
)
def test_words_of_case_reports_are_understood(domain, text, expected):
    assert said(text, domain) == expected


@pytest.mark.parametrize(
    "british, american",
    [
        ("diarrhoea", "diarrhea"),
        ("coeliac", "celiac"),
        ("paraesthesiae", "paresthesias"),
        ("ankle oedema", "ankle edema"),
        ("leukaemia", "leukemia"),
        ("dyspnoea", "dyspnea"),
        ("Sjögren's syndrome", "sjogren syndrome"),
    ],
)
def test_british_and_american_spelling_mean_the_same(british, american):
    assert said(british) == said(american)
    assert read_text(british).relevant == read_text(american).relevant


@pytest.mark.parametrize(
    "domain, text, denied",
    [
        ("symptoms", "no numbness", "sym_numbness"),
        ("symptoms", "denies falls", "sym_falls"),
        ("symptoms", "denies numbness, falls", "sym_falls"),
        ("symptoms", "no numbness, tingling or weakness", "sym_weakness_limb"),
        ("symptoms", "falls: none", "sym_falls"),
        ("signs", "Romberg negative", "sign_romberg"),
        ("signs", "normal reflexes", "sign_reduced_reflexes"),
        ("signs", "plantars downgoing", "sign_extensor_plantar"),
        ("signs", "no sensory loss", "sign_reduced_sensation"),
        ("diet", "not vegan", "diet_vegan"),
        ("conditions", "no diabetes", "cond_diabetes_unspecified"),
    ],
)
def test_what_is_denied_is_a_recorded_negative(domain, text, denied):
    assert f"-{denied}" in said(text, domain)
    assert denied not in said(text, domain)


def test_non_vegetarian_is_never_vegetarian():
    assert "diet_vegetarian" not in said("non-vegetarian, red meat", "diet")


@pytest.mark.parametrize(
    "text, expected",
    [
        ("impaired vibration and proprioception", {"sign_reduced_vibration", "sign_reduced_position"}),
        ("absent knee jerks and reduced vibration", {"sign_reduced_reflexes", "sign_reduced_vibration"}),
        ("reduced pain, vibration, position", {"sign_reduced_vibration", "sign_reduced_position"}),
        (
            "power normal, vibration, position reduced",
            {"-sign_weakness", "sign_reduced_vibration", "sign_reduced_position"},
        ),
        ("normal strength and reflexes", {"-sign_weakness", "-sign_reduced_reflexes", "-sign_spasticity"}),
        ("brisk knee reflexes with absent ankle reflexes", {"sign_spasticity", "sign_reduced_reflexes"}),
        ("normal gait and power with absent ankle jerks", {"-sign_ataxia", "-sign_weakness", "sign_reduced_reflexes"}),
    ],
)
def test_nouns_of_an_examination_share_their_quality(text, expected):
    assert said(text, "signs") == expected


def test_general_weakness_is_not_limb_weakness():
    assert said("weakness", "symptoms") == {"sym_weakness_general"}
    assert said("leg weakness", "symptoms") == {"sym_weakness_limb"}
    assert said("distal weakness", "signs") == {"sign_weakness"}
    assert said("facial weakness", "symptoms") == set()


def test_one_sided_numbness_is_told_from_symmetrical():
    assert said("pain and numbness along sole of one foot", "symptoms") == {"sym_unilateral_or_focal_sensory"}
    assert said("numb feet for one month", "symptoms") == {"sym_numbness"}
    assert said("numb left and right foot", "symptoms") == {"sym_numbness"}


def test_longest_phrase_wins():
    assert said("total gastrectomy") == {"proc_gastrectomy_total"}
    assert said("gastrectomy for peptic ulcer") == {"proc_gastrectomy_unspecified"}


@pytest.mark.parametrize(
    "domain, text",
    [
        ("symptoms", "knee pain"),
        ("medicines", "amlodipine 5 mg"),
        ("procedures", "Achilles, ACL and meniscus repair"),
        ("signs", "BP 110/70"),
    ],
)
def test_what_says_nothing_about_b12_is_not_called_not_understood(domain, text):
    reading = read_text(text, domain)
    assert not reading.relevant and reading.left == ()


def test_what_is_not_known_is_left_over():
    assert read_text("flibbertigibbet", "symptoms").left == ("flibbertigibbet",)
    assert read_text("numb feet, flibbertigibbet", "symptoms").left == ("flibbertigibbet",)


def test_a_relatives_word_list_is_used_for_the_family_only():
    assert said("pernicious anaemia", "family") == {"family_b12_deficiency"}
    assert said("colon cancer in father", "family") == set()


@pytest.mark.parametrize(
    "text, number, comparator, flag",
    [
        ("<30", 30, "<", None),
        (">2000", 2000, ">", None),
        ("1,250 pg/mL (high)", 1250, None, "high"),
        ("9,4", 9.4, None, None),
        ("slightly low", None, None, "low"),
        ("low-normal", None, None, "normal"),
        ("within reference range, repeated", None, None, "normal"),
        ("strongly positive", None, None, "positive"),
        ("about 500 times normal", None, None, "high"),
        ("undetectable", None, None, "low"),
        ("not detected", None, None, "negative"),
        ("borderline low", None, None, "borderline"),
        ("0.8 x ULN", None, None, "normal"),
    ],
)
def test_printed_results_are_read(text, number, comparator, flag):
    printed = read_result(text)
    assert (printed.number, printed.comparator, printed.flag) == (number, comparator, flag)


@pytest.mark.parametrize("text", ["pending", "not done", "see report", "flibber"])
def test_no_result_is_no_result(text):
    assert read_result(text) is None


@pytest.mark.parametrize(
    "text, limits",
    [
        ("180-900", (180, 900)),
        ("<14", (None, 14)),
        (">3", (3, None)),
        ("13.0 - 16.0 g/dL", (13, 16)),
        ("up to 40", (None, 40)),
        ("", (None, None)),
    ],
)
def test_reference_ranges_are_read(text, limits):
    assert read_range(text) == limits


@pytest.mark.parametrize(
    "name, concept",
    [
        ("Vitamin B12 (total)", "lab_b12_total"),
        ("Serum B12", "lab_b12_total"),
        ("Active B12 (holotranscobalamin)", "lab_b12_active"),
        ("MMA (urine)", "lab_mma_urine"),
        ("Anti-IF Ab", "lab_if_antibody"),
        ("Hb", "lab_haemoglobin"),
        ("Coombs' test", "lab_direct_antiglobulin"),
        ("Bilirubin (unconjugated)", "lab_bilirubin_total"),
        ("Red blood cell folate", "lab_folate_rbc"),
    ],
)
def test_names_of_tests_are_known_whatever_their_order(name, concept):
    assert look_up_test(name).concepts == (concept,)


def test_every_concept_named_in_the_lists_exists():
    for file, column in (("words.csv", "concept"), ("words_grid.csv", "concept"), ("scores.csv", "concept")):
        assert {row[column] for row in read_csv(file)} <= set(concepts()), file
    assert {c for row in read_csv("tests.csv") for c in row["concepts"].split()} <= set(concepts())


def test_the_word_list_is_large():
    assert len({row["phrase"] for row in read_csv("words.csv")}) > 5000
