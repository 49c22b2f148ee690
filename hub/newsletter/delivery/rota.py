"""Whose turn it is: tenants one after the other, and within a tenant its campaigns one after the other.

A tenant with ten campaigns gets no more turns than one with a single campaign, and a campaign of a million recipients
no more than one of ten. A turn is one batch, so a small campaign that starts late does not wait for a large one.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile
from uuid import UUID


class Rota:
    """The campaigns that have something to send. Not more: whether they may is looked up when they are claimed from."""

    def __init__(self) -> None:
        self._campaigns: dict[UUID, deque[UUID]] = {}
        self._tenants: deque[UUID] = deque()
        self._resting: set[tuple[UUID, UUID]] = set()

    def __bool__(self) -> bool:
        return bool(self._tenants)

    def __iter__(self) -> Iterator[tuple[UUID, UUID]]:
        return ((tenant, each) for tenant in self._tenants for each in self._campaigns[tenant])

    def update(self, due: Iterable[tuple[UUID, UUID]]) -> None:
        """Exactly these (tenant, campaign) from now on; those that stay keep their places, new ones come last. Nobody rests."""
        self._resting.clear()
        wanted: dict[UUID, list[UUID]] = {}
        for tenant_id, campaign_id in due:
            wanted.setdefault(tenant_id, []).append(campaign_id)
        for tenant_id in [tenant for tenant in self._tenants if tenant not in wanted]:
            self._drop_tenant(tenant_id)
        for tenant_id, campaigns in wanted.items():
            there = self._campaigns.get(tenant_id)
            if there is None:
                there = self._campaigns[tenant_id] = deque()
                self._tenants.append(tenant_id)
            kept = [each for each in there if each in campaigns]
            self._campaigns[tenant_id] = deque(
                kept + [each for each in campaigns if each not in kept]
            )

    def next(self) -> tuple[UUID, UUID] | None:
        for tenant_id in self._tenants:
            for campaign_id in self._campaigns[tenant_id]:
                if not self._rests(tenant_id, campaign_id):
                    _to_the_end(self._tenants, tenant_id)
                    _to_the_end(self._campaigns[tenant_id], campaign_id)
                    return tenant_id, campaign_id
        return None

    def rest(self, tenant_id: UUID, campaign_id: UUID) -> None:
        """Its turn, but it may not send now: until the next update it is passed over, and then it is as far in front as it was."""
        campaigns = self._campaigns.get(tenant_id)
        if campaigns is None or campaign_id not in campaigns:
            return
        self._resting.add((tenant_id, campaign_id))
        _to_the_front(campaigns, campaign_id, lambda each: self._rests(tenant_id, each))
        _to_the_front(self._tenants, tenant_id, self._rests_wholly)

    def _rests(self, tenant_id: UUID, campaign_id: UUID) -> bool:
        return (tenant_id, campaign_id) in self._resting

    def _rests_wholly(self, tenant_id: UUID) -> bool:
        return all(self._rests(tenant_id, each) for each in self._campaigns[tenant_id])

    def drop(self, tenant_id: UUID, campaign_id: UUID) -> None:
        """It has nothing to send at the moment."""
        campaigns = self._campaigns.get(tenant_id)
        if campaigns is not None and campaign_id in campaigns:
            campaigns.remove(campaign_id)
            if not campaigns:
                self._drop_tenant(tenant_id)

    def _drop_tenant(self, tenant_id: UUID) -> None:
        self._tenants.remove(tenant_id)
        del self._campaigns[tenant_id]


def _to_the_end(queue: deque[UUID], who: UUID) -> None:
    queue.remove(who)
    queue.append(who)


def _to_the_front(queue: deque[UUID], who: UUID, was_before: Callable[[UUID], bool]) -> None:
    """Behind those alone who came to rest before."""
    queue.remove(who)
    queue.insert(sum(1 for _ in takewhile(was_before, queue)), who)
