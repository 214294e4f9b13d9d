"""Small numbers in what is meant to be shared: counts of 1 to 7 are not printed, all others are rounded to 5.

Rounding is the second half of the control: without it a suppressed count is the difference of two printed ones.
The limits are those of the NHS England disclosure rule for hospital statistics.
"""

from __future__ import annotations

LARGEST_SMALL = 7
ROUNDED_TO = 5
SUPPRESSED = f"<{LARGEST_SMALL + 1}"


def shared_count(count: int) -> int | None:
    """The count as it may be shared: 0, a multiple of 5, or null where it is too small."""
    if 1 <= count <= LARGEST_SMALL:
        return None
    return ROUNDED_TO * ((2 * count + ROUNDED_TO) // (2 * ROUNDED_TO))


def shown(count: int | None) -> str:
    """A count for people; null is a suppressed one."""
    return SUPPRESSED if count is None else f"{count:,}"


def share(part: int | None, whole: int | None) -> float | None:
    """A percentage of two counts as they are printed; null where one is suppressed or there is nothing."""
    return None if part is None or not whole else min(100.0, 100.0 * part / whole)
