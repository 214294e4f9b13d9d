"""Decision to plan: dated doses, tests, reviews, referrals, advice and stops."""

from cobalamin.plan.history import calendar, judged_doses
from cobalamin.plan.items import PLAN_SCHEMA, plan

__all__ = ["PLAN_SCHEMA", "calendar", "judged_doses", "plan"]
