"""Events to findings: what the record says, one column per clinical question."""

from cobalamin.findings.columns import finding_columns, findings_schema
from cobalamin.findings.find import find

__all__ = ["find", "finding_columns", "findings_schema"]
