"""All that must hold of the catalogue: a name, and a function that returns what is wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.contracts.check_grants import grants_as_written
from tests.contracts.check_keys import foreign_keys_composite, indexes_lead_with_tenant
from tests.contracts.check_roles import memberships_as_written, roles_are_plain
from tests.contracts.check_row_security import no_ways_around, policies_exact, tables_guarded
from tests.support.databases import Connection

CHECKS: dict[str, Callable[[Connection], Awaitable[list[str]]]] = {
    check.__name__: check
    for check in (
        grants_as_written,
        tables_guarded,
        policies_exact,
        no_ways_around,
        indexes_lead_with_tenant,
        foreign_keys_composite,
        roles_are_plain,
        memberships_as_written,
    )
}
