"""Work that hangs on a person or on a desk, and that somebody must take over before either goes.

What it is, other domains know: each says so once, when the application is put together, and moves it in the same
transaction that ends the membership or closes the desk.
"""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from hub import audit
from hub.db import TenantScope


class OpenWork(Protocol):
    """One kind of work, such as cases. `label` is a msgid in the plural."""

    label: str

    async def of_member(self, scope: TenantScope, membership_id: UUID) -> int:
        """How much of it is in this person's charge."""
        ...

    async def of_members(
        self, scope: TenantScope, membership_ids: Sequence[UUID]
    ) -> dict[UUID, int]:
        """The same for many, in one statement; who has none may be left out."""
        ...

    async def desks_of_member(self, scope: TenantScope, membership_id: UUID) -> frozenset[UUID]:
        """The desks at which it is: whoever takes it over must be able to see them all."""
        ...

    async def of_desk(self, scope: TenantScope, desk_id: UUID) -> int: ...

    async def give_to_member(
        self, scope: TenantScope, actor: audit.Actor | None, giver: UUID, taker: UUID
    ) -> int:
        """Returns how much was handed over; waits for whoever is writing on it. Each piece of it tells who had it."""
        ...

    async def move_to_desk(
        self, scope: TenantScope, actor: audit.Actor | None, giver: UUID, taker: UUID
    ) -> int: ...


_kinds: list[OpenWork] = []


def register(kind: OpenWork) -> None:
    if kind not in _kinds:
        _kinds.append(kind)


def kinds() -> Sequence[OpenWork]:
    return _kinds
