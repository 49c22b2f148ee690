"""The Ente's board: everything it shows, read in one transaction with a fixed number of statements."""

from datetime import date

from hub import clock
from hub.db import NetworkScope
from hub.tenants.accounts.actor import Actor
from hub.tenants.calls.desk.drawing import draw
from hub.tenants.network import queries
from hub.tenants.network.schemas import Board

SHOWN = 10
MONTHS = 12


async def look_at(scope: NetworkScope, actor: Actor) -> Board:
    today = clock.day_of(scope.now)
    months = last_months(today)
    opened = await queries.activations(scope, months[0])
    provinces = await queries.provinces(scope)
    return Board(
        figures=await queries.figures(scope, today),
        waiting=await queries.waiting(scope, actor.tenant_id, actor.membership_id, today),
        setups=await queries.running_setups(scope, today, limit=SHOWN),
        further=await queries.further_desks(scope, today, limit=SHOWN),
        activations=[(month, opened.get(month, 0)) for month in months],
        last_opened_on=await queries.last_opening(scope),
        provinces=provinces,
        coverage=draw(provinces, ()),
        silent=await queries.silent_desks(scope, today, after=None, limit=SHOWN),
        ending=await queries.ending_protocols(scope, actor.tenant_id, today, limit=SHOWN),
    )


def last_months(today: date) -> list[date]:
    """The first days of the last twelve months, this one included, the earliest first."""
    numbers = range(today.year * 12 + today.month - MONTHS, today.year * 12 + today.month)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]
