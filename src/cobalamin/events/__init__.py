"""The event table: one fact a row, nothing clinical."""

from cobalamin.events.events import Events
from cobalamin.events.schema import COMPARATORS, FLAGS, PRECISIONS, ROUTES, VIRTUAL_ID, event_frame, event_schema

__all__ = ["COMPARATORS", "FLAGS", "PRECISIONS", "ROUTES", "VIRTUAL_ID", "Events", "event_frame", "event_schema"]
