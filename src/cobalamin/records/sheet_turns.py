"""Turns of speech that keep words from being a fact about the person now: doubt, plans, relatives, what is gone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cobalamin.records.sheet_desk import Desk
from cobalamin.vocabulary.words import Meaning, read_text

UNCERTAIN = "uncertain: counted neither as yes nor as no; write it again when it is settled"
PLANNED = "planned, offered or declined, not done"
SOMEONE_ELSE = "about someone else"

_BLOOD = (
    r"mother|father|sister|brother|sibling|parent|aunt|auntie|uncle|grand(?:mother|father|parent|ma|pa|dad|mum|mom|son"
    r"|daughter)|gran|granny|nan|nana|mum|mummy|mom|mam|dad|daddy|son|daughter|cousin|niece|nephew|twin|half-?(?:sister"
    r"|brother)"
)
_FAMILY = re.compile(
    rf"\bfamily history\b|\bfam(?:ily)?\.? (?:hx|h/o)\b|\bf/?hx?\b|\bruns in the family\b|\bfamilial\b"
    rf"|\b(?:{_BLOOD})s?\b(?!.*\b(vegan|vegetarian)\b)",
    re.IGNORECASE,
)
# A relative among the complaints is mostly the one who tells of them: "confusion noticed by her daughter".
_RELATIVE_HAS = re.compile(
    r"\bfamily history\b|\bf/?hx\b"
    rf"|^\W*(?:his |her |my |their )?(?:{_BLOOD})s?\s+(?:also )?(?:has|have|had|with|suffers)\b"
    r"(?!\s+(?:noticed|noted|reported|seen|observed|said|complained))",
    re.IGNORECASE,
)
_OTHERS = r"(?:partner|husband|wife|spouse|boyfriend|girlfriend|friend|flatmate|neighbour|neighbor|colleague)"
_OTHER_PERSON = re.compile(
    rf"\b{_OTHERS}\s+(?:is|was|has|had|also|takes|on|eats|vegan|vegetarian|diabetic)\b"
    rf"(?!\s+(?:noticed|noted|reported|worried|concerned))|\b(?:vegan|vegetarian)\s+{_OTHERS}\b",
    re.IGNORECASE,
)
_DOUBT = re.compile(
    r"\?|\bquer(?:y|ies|ied)\b|\bpossibl[ey]\b|\bprobabl[ey]\b|\blikely\b|\bunlikely\b|\bsuspect(?:s|ed)?\b|\bsuspicio(?:n|us)\b"
    r"|\brule out\b|\br/o\b|\bto exclude\b|^\W*exclude\b|\bnot (?:yet )?(?:excluded|ruled out|confirmed|proven)\b"
    r"|\bcan ?not (?:be )?(?:exclude|rule)d?\b|\bunconfirmed\b|\bdifferential\b|\bddx\b|\bpresum(?:ed|ably|ptive)\b"
    r"|\bprovisional\b|\bworking diagnosis\b|\bmay (?:have|be)\b|\bmight\b|\bcould (?:have|be)\b|\bperhaps\b|\bmaybe\b"
    r"|\bunsure\b|\bnot sure\b|\buncertain\b|\bquestionable\b|\b(?:at|raised|high|increased) risk (?:of|for)\b"
    r"|\bunder investigation\b|\binvestigat(?:ed|ion|ions|ing) for\b|\b(?:work|worked)[ -]?up for\b"
    r"|\b(?:tested|screened|screening|assessed|checked) for\b|\bworried about\b|\bconcern(?:s|ed)? (?:about|for|re)\b",
    re.IGNORECASE,
)
# Doubt that leans towards yes; "unlikely", "screened for" and "at risk of" do not.
_LEANS = re.compile(
    r"^\W*\?|\?\W*$|\bquer(?:y|ied)\b|\bpossibl[ey]\b|\bprobabl[ey]\b|\blikely\b|\bsuspect(?:s|ed)?\b|\bsuspicio(?:n|us)\b"
    r"|\bpresum(?:ed|ably|ptive)\b|\bprovisional\b|\bworking diagnosis\b",
    re.IGNORECASE,
)
# A suspicion of these counts until it is settled: what they would need is lifelong.
_SUSPECTED = {
    "cond_pernicious_anaemia": "cond_autoimmune_gastritis_suspected",
    "cond_atrophic_gastritis": "cond_autoimmune_gastritis_suspected",
}
_PLAN = re.compile(
    r"\b(?:planned|planning|plans|awaiting|awaits|waiting (?:list )?for|waiting list|scheduled"
    r"|listed for|referred for|considering"
    r"|considered for|under consideration|due for|candidate for|declined|declines|refused|refuses"
    r"|cancelled|canceled|offered"
    r"|will have|(?:going|due|hopes|wants|is|was) to have|hoping for|(?:may|will|to|about to) start"
    r"|start(?:s|ing) (?:soon|next|on)|not yet started|never started|never taken)\b",
    re.IGNORECASE,
)
_PLANNED_DOMAINS = {"conditions", "procedures", "medicines"}
_NO_DOUBT = re.compile(
    r"\(?\?\s*(?:cause|aetiology|etiology|why|source)\b\)?"
    r"|\b(?:cause|aetiology|etiology)\s*\?|\bunknown (?:cause|aetiology)"
    r"|\b(?:of )?(?:uncertain|unknown) (?:cause|aetiology|etiology)\b",
    re.IGNORECASE,
)
_PARTS = re.compile(r"(?<=[,;.])\s+|\s+(?=but\b)|\s+(?=\(?\?\s*\w)")
_GONE = re.compile(
    r"\b(?:resolved|gone|disappeared|cleared|recovered|subsided|vanished|went away|settled completely)\b", re.IGNORECASE
)
_NOT_GONE = re.compile(
    r"\b(?:not|never|hasnt|havent|hasn't|haven't|isnt|isn't|partial\w*|partly|incomplet\w*|nearly|almost|mostly|yet)\b",
    re.IGNORECASE,
)
_ONLY_GONE = re.compile(
    r"\W*(?:(?:now|has|have|is|are|all|it|this|since|fully|completely|both|which)\s+)*\w+(?: up| away)?\W*"
)


def is_about_family(name: str, domain: str) -> bool:
    """Whether an entry tells of a relative's illness, whatever list it stands in."""
    if domain in ("symptoms", "signs"):
        return bool(_RELATIVE_HAS.search(name))
    return domain in ("conditions", "procedures", "medicines") and bool(_FAMILY.search(name))


def by_person(name: str, domain: str) -> Iterator[tuple[str, str]]:
    """(words, domain) of an entry: "hypothyroidism; mother had pernicious anaemia" tells of two people."""
    sentences = [each for each in re.split(r";|(?<=\w\w)\.\s", name) if each.strip()]
    if len(sentences) < 2 or not any(is_about_family(each, domain) for each in sentences):
        sentences = [name]
    for each in sentences:
        yield each.strip(), "family" if is_about_family(each, domain) else domain


def stated(desk: Desk, name: str, place: str, domain: str) -> str:
    """The part of an entry that states facts about the person; "" where none. The rest goes to the ledger.

    Words that would mean nothing here stay: they are counted as any other.
    """
    if _OTHER_PERSON.search(name) and domain in ("diet", *_PLANNED_DOMAINS):
        desk.ledger.pass_over(SOMEONE_ELSE)
        return ""
    plain = re.sub(r"\s+\?\s*$", "?", _NO_DOUBT.sub("", name))
    kept, doubtful_list = [], False
    for part in _clauses(plain):
        reason = _reason(part, domain) or (UNCERTAIN if doubtful_list else None)
        if reason is None or not read_text(part, domain).meanings:
            kept.append(part)
            continue
        # "possible coeliac, Crohn or lymphoma" doubts all three.
        doubtful_list = bool(re.search(r"\bor\b", plain)) and reason == UNCERTAIN
        _note_suspicion(desk, part, place, domain)
        desk.aside(part.strip(" ,;."), reason, place)
    return " ".join(kept).strip()


def _note_suspicion(desk: Desk, part: str, place: str, domain: str) -> None:
    """A suspicion that counts stands as such; the diagnosis itself stays neither yes nor no, and set aside."""
    if domain == "conditions" and _LEANS.search(part):
        meant = (meaning.concept for meaning in read_text(part, domain).meanings if meaning.present)
        for concept in dict.fromkeys(_SUSPECTED[one] for one in meant if one in _SUSPECTED):
            desk.fact(concept, place)


def _clauses(text: str) -> Iterator[str]:
    """Clauses; one whose doubt stands between two things is cut there: "anaemia, due to | suspected coeliac"."""
    for part in _PARTS.split(text):
        match = _DOUBT.search(part)
        head, tail = (part[: match.start()], part[match.start() :]) if match else (part, "")
        if match and _says(head) and _says(part[match.end() :]):
            yield from (head, tail)
        elif part.strip():
            yield part


def _says(words: str) -> bool:
    return bool(words.strip()) and bool(read_text(words.strip()).meanings)


def _reason(part: str, domain: str) -> str | None:
    if _DOUBT.search(part):
        return UNCERTAIN
    return PLANNED if domain in _PLANNED_DOMAINS and _PLAN.search(part) else None


def without_what_is_gone(words: str, domain: str, meanings: list[Meaning]) -> list[Meaning]:
    """Meanings of an entry, with complaints that are told as resolved turned into recorded negatives."""
    if not is_gone(words):
        return meanings
    clauses = [clause for clause in re.split(r"[,;.]|\bbut\b", words) if clause.strip()]
    gone = [is_gone(clause) for clause in clauses]
    for place, clause in enumerate(clauses):
        if gone[place] and (_ONLY_GONE.fullmatch(clause) or re.search(r"\b(?:all|both)\b", clause)):
            gone[:place] = [True] * place
    over = {
        meaning.concept for clause, is_over in zip(clauses, gone, strict=True) if is_over
        for meaning in read_text(clause.strip(), domain).meanings
    }  # fmt: skip
    return [Meaning(m.concept, False) if m.concept in over and not m.flag else m for m in meanings]


def is_gone(words: str) -> bool:
    """Whether words say that a complaint is wholly over."""
    return bool(_GONE.search(words)) and not _NOT_GONE.search(words)
