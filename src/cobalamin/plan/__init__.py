"""Decision to plan: dated doses, tests, reviews, referrals, advice and stops."""

from cobalamin.plan.history import calendar, judged_doses
from cobalamin.plan.items import plan
from cobalamin.plan.templates import PLAN_SCHEMA

__all__ = ["PLAN_SCHEMA", "calendar", "judged_doses", "plan"]
