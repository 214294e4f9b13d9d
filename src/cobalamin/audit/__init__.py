"""A population's measures, worklist and forecast. Audit computes; `report/audit_page.py` renders."""

from cobalamin.audit.audit import audit
from cobalamin.audit.result import AuditResult, MeasureResult

__all__ = ["AuditResult", "MeasureResult", "audit"]
