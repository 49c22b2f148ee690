"""Who takes part: known sign-ins of the demo network, and citizens it does not know yet."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from hub import clock
from hub.ids import uuid7
from hub.seed.people import Person, invent
from tests.browser.stack import Stack

OPERATOR = "operatore@comune-napoli.example.org"
LENDER = "istruttoria@microfinanza-mediterranea.example.org"
LENDER_NAME = "Microfinanza Mediterranea"
OTHER_LENDER_NAME = "Confidi Impresa Sud"
EDITOR = "editor@ente.example.org"
ENTE_ADMIN = "admin@ente.example.org"
ENTE_SECOND_ADMIN = "approvazione@ente.example.org"
ENTE_OPERATOR = "bandi@ente.example.org"
# The second has work to do in the demo network's call that is being evaluated.
EVALUATORS = ("commissione1@ente.example.org", "commissione3@ente.example.org")
TWO_ORGANISATIONS = "consulente@camera-bari.example.org"

NAPLES = "F839"
# Far above those whom the demo network has.
_numbers: Iterator[int] = itertools.count(90_000_001)
_doubles: Iterator[int] = itertools.count(1)
_DOUBLE = """
    WITH original AS (SELECT * FROM accounts WHERE email = $1),
    account AS (
      INSERT INTO accounts (id, email, password_hash, name, locale, created_at)
      SELECT $2, $3, password_hash, $4, locale, created_at FROM original),
    membership AS (
      INSERT INTO memberships (id, tenant_id, account_id, role, name, created_at)
      SELECT gen_random_uuid(), m.tenant_id, $2, m.role, $4, m.created_at
      FROM memberships m JOIN original o ON o.id = m.account_id WHERE m.state = 'active'),
    factor AS (
      INSERT INTO second_factors (id, account_id, secret, created_at, confirmed_at)
      SELECT gen_random_uuid(), $2, f.secret, f.created_at, f.confirmed_at
      FROM second_factors f JOIN original o ON o.id = f.account_id WHERE $5)
    SELECT count(*) FROM original
"""


def somebody() -> Person:
    """Another citizen each time."""
    return invent(next(_numbers), clock.today().year, (NAPLES,))


def double(stack: Stack, email: str, *, second_factor: bool = True) -> str:
    """Somebody who may do what this person may, by the same password, and whom no other test knows.

    For what would shut others out: another password, another second factor, a place somewhere else.
    """
    number = next(_doubles)
    address = f"controfigura{number}@example.org"
    name = f"Controfigura {number}"
    assert stack.ask(_DOUBLE, email, uuid7(), address, name, second_factor) == 1
    return address


def admin_of(stack: Stack, organisation: str) -> str:
    """The first of the demo network."""
    found: str = stack.ask(
        """
        SELECT a.email FROM accounts a JOIN memberships m ON m.account_id = a.id
        JOIN tenants t ON t.id = m.tenant_id
        WHERE t.name = $1 AND m.role = 'admin' AND m.state = 'active' AND NOT m.support
        ORDER BY m.created_at, m.id LIMIT 1
        """,
        organisation,
    )
    return found
