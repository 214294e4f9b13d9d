"""A change of guidance over a population as one self-contained page. No script, no request."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

from cobalamin.report.audit_page import STATUS_COLOURS
from cobalamin.report.words import plain, short_date, word

ROUTE_COLOURS = {
    "injection": "#2458a6",
    "either": "#3a8c8c",
    "tablets": "#e3a13b",
    "undecided": "#b08bbf",
    "none": "#9aa5b1",
}
ADVICE = ("offer", "consider", "clinical_judgement", "do_not_repeat", "done", "not_indicated")
URGENCY = ("emergency", "urgent", "routine", "none")
UNIT_WORDS = {
    "injection": "injections in a year",
    "review": "reviews in a year",
    "referral": "referrals in a year",
    "tablet_day": "days of tablets in a year",
    "planned_test": "follow-up blood tests in a year",
}
FIELD_WORDS = {
    "status": "What the results mean",
    "route": "Injections, tablets or none",
    "advice": "Whether to test",
    "urgency": "How soon",
}
MOVES_SHOWN = 12
FEW = 0.25


def adopt_page(data: dict[str, Any]) -> str:
    """The page of a comparison; `data` as `audit.adopt_present.adopt_data` gives it, in full or for sharing."""
    from cobalamin.report.adopt_charts import CLOSER_HEIGHT, flow_svg

    words = {field: answer_words(field, data["flows"][field]) for field in data["flows"]}
    pictures, closer = {}, {}
    for field, colours in (("status", STATUS_COLOURS), ("route", ROUTE_COLOURS)):
        flows = data["flows"][field]
        changed = [flow for flow in flows if not flow["same"]]
        pictures[field] = flow_svg(flows, tuple(colours), colours, words[field])
        few = _few(changed, flows)
        closer[field] = flow_svg(changed, tuple(colours), colours, words[field], CLOSER_HEIGHT) if few else ""
    page: str = (
        _environment()
        .get_template("adopt.html")
        .render(
            data=data, pictures=pictures, closer=closer, day=short_date(data["on"], date(1, 1, 1)),
            headline=headline(data),
            moves={field: moves(data["flows"][field], words[field]) for field in data["flows"]},
            field_words=FIELD_WORDS, unit_words=unit_words, money=money, change=change_words(data["a"], data["b"]),
        )
    )  # fmt: skip
    return page


def headline(data: dict[str, Any]) -> str:
    """The page in one sentence, the harm first."""
    changed = f"{data['status_changed']['shown']} of {data['population']['shown']} adults would get another verdict."
    known, unknown = data["harmed"]["known"], data["harmed"]["unknown"]
    lose = "would lose treatment or testing, or wait for it"
    if known["count"] != 0:
        said = f"{known['shown']} people most at risk {lose}"
        more = f", and {unknown['shown']} whose nerves nobody asked about" if unknown["count"] != 0 else ""
        return f"{said}{more}. {changed}"
    if unknown["count"] != 0:
        return f"{unknown['shown']} deficient people whose nerves nobody asked about {lose}. {changed}"
    return f"Nobody on record with most to lose {lose}. {changed}"


def _few(changed: list[dict[str, Any]], flows: list[dict[str, Any]]) -> bool:
    """Whether those who change are too few to be seen among all the others."""
    moved, everybody = (sum(flow["count"] or 0 for flow in some) for some in (changed, flows))
    return 0 < moved < FEW * everybody


def change_words(a: dict[str, Any], b: dict[str, Any]) -> list[dict[str, str]]:
    """What each side is, with the numbers of its laboratory and what its policy does."""
    return [
        {
            "side": side,
            "title": f"{one['title']}, {one['version']}",
            "more": "; ".join(
                [f"{plain(name)} {' = '.join(values)} ({one['laboratory']})" for name, values in one["numbers"].items()]
                + ([one["policy_says"]] if one["policy_says"] else [])
                + ([f"superseded by {one['superseded_by']}"] if one["superseded_by"] else [])
            ),
        }
        for side, one in (("A", a), ("B", b))
    ]


def answer_words(field: str, flows: list[dict[str, Any]]) -> dict[str, str]:
    """The words for each answer of a field."""
    kind = field if field in ("status", "route", "advice") else ""
    answers = {flow[end] for flow in flows for end in ("from", "to")}
    return {name: word(kind, name) if kind else plain(name) for name in answers}


def moves(flows: list[dict[str, Any]], words: dict[str, str]) -> dict[str, Any]:
    """Who changes from what to what, the most frequent first; and how many keep their answer."""
    changed = [flow | {"from": words[flow["from"]], "to": words[flow["to"]]} for flow in flows if not flow["same"]]
    return {"rows": changed[:MOVES_SHOWN], "more": max(0, len(changed) - MOVES_SHOWN)}


def unit_words(unit: str) -> str:
    """A unit in words: a test by its name, or what is counted in a year."""
    return UNIT_WORDS.get(unit) or word("test", unit)


def money(amount: float) -> str:
    """A difference of costs, whole and signed."""
    return "0" if round(amount) == 0 else f"{amount:+,.0f}".replace("-", "\u2212")


@cache
def _environment() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("cobalamin.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
