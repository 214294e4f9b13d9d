"""How reading one resource can end otherwise than in events."""

from __future__ import annotations


class NotRelevant(Exception):
    """The resource says nothing about vitamin B12; the message is the ledger's reason."""


class SetAside(Exception):
    """The resource could matter and cannot be used; `item` names what (a code or kind), never a value."""

    def __init__(self, reason: str, item: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.item = item
