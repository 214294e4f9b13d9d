"""Fitting a note into few lines: groups of items that give way, most decisive first, never silently."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from cobalamin.report.words import brief, sentence

WIDTH = 110
INDENT = 9
ROOM = WIDTH - INDENT


@dataclass(frozen=True)
class Group:
    """Items said together ("Ask: a, b, and 2 more."). At least `least` stay; a group of none says nothing."""

    items: tuple[str, ...]
    lead: str = ""
    joiner: str = ", "
    least: int = 1
    counted: bool = True

    def shown(self, kept: int) -> str:
        """The first items, and how many more there are."""
        if not kept or not self.items:
            return ""
        left = len(self.items) - kept
        more = [f"and {left} more"] if left and self.counted else []
        return sentence(self.lead + self.joiner.join([*self.items[:kept], *more]))


@dataclass(frozen=True)
class Block:
    """A labelled part of the note. `weight`: who gets a second line first when there is room for one."""

    label: str
    groups: tuple[Group, ...]
    weight: int = 0

    def lines(self, most: int) -> tuple[list[str], bool]:
        """The block in at most so many lines, and whether all of it is said."""
        lead = f"{self.label:<{INDENT}}" if len(self.label) < INDENT else f"{self.label}: "
        groups = [group for group in self.groups if group.items]
        kept = [len(group.items) for group in groups]
        whole = True
        while not _fits(_said(groups, kept), lead, most):
            whole = False
            loosest = max(range(len(groups)), key=lambda place: (kept[place] - groups[place].least, place))
            if kept[loosest] <= groups[loosest].least:
                return _wrapped(_cut(groups, kept, lead, most), lead), False
            kept[loosest] -= 1
        return _wrapped(_said(groups, kept), lead), whole


def _said(groups: list[Group], kept: list[int]) -> str:
    return " ".join(one for one in map(Group.shown, groups, kept) if one)


def _fits(text: str, lead: str, most: int) -> bool:
    return len(_wrapped(text, lead)) <= most


def _wrapped(text: str, lead: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=lead, subsequent_indent=" " * INDENT, break_long_words=True, break_on_hyphens=False
    ) or [lead.rstrip()]


def _cut(groups: list[Group], kept: list[int], lead: str, most: int) -> str:
    """When even the least is too long, each item is shortened at a bracket, a clause or a word."""
    room = WIDTH * most - len(lead) - (most - 1) * INDENT
    for width in range(room, INDENT, -5):
        shorter = [
            Group(tuple(brief(item, width) for item in group.items), group.lead, group.joiner, counted=group.counted)
            for group in groups
        ]
        if _fits(_said(shorter, kept), lead, most):
            return _said(shorter, kept)
    return brief(_said(groups, kept), room)


def fitted_blocks(blocks: list[Block], most: int) -> list[str]:
    """All blocks in at most so many lines: each gets one, the weightiest get more while there is room."""
    given = [1] * len(blocks)
    order = sorted(range(len(blocks)), key=lambda place: -blocks[place].weight)
    for _ in range(2):
        for place in order:
            cramped = not blocks[place].lines(given[place])[1]
            if cramped and sum(given) < most:
                given[place] += 1
    return [line for block, lines in zip(blocks, given, strict=True) for line in block.lines(lines)[0]]
