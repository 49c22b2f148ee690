"""Every page about organisations and their coming on board, in the states of the demo network, looked at closely."""

from __future__ import annotations

import pytest

from hub.tenants.onboarding.schemas import TRAINING_COMPLETED
from tests.browser.people import ENTE_ADMIN, LENDER_NAME, admin_of
from tests.browser.reader import NewReader
from tests.browser.stack import Stack

HOST = "Comune di Lecce"
NETWORK = (
    "/network",
    "/network/organisations",
    "/network/organisations?state=setup&q=comune",
    "/network/organisations?need=exception",
    "/network/organisations?q=nobody",
    "/network/organisations/new",
    "/network/silent",
    "/network/protocols",
    "/network/protocols/templates",
    "/network/imports",
)
# Fano is overdue, Livorno can be activated.
OF_AN_ORGANISATION = (
    ("Comune di Livorno", ""),
    ("Comune di Fano", ""),
    ("Comune di Fano", f"/exception?point={TRAINING_COMPLETED}"),
    ("Comune di Fano", "/term"),
    ("Comune di Fano", "/invite"),
    ("Comune di Fano", "/abandon"),
    ("Comune di Napoli", ""),
    ("Comune di Napoli", "/suspend"),
    ("Comune di Napoli", "/begin"),
    ("Comune di Napoli", "/desks"),
    (LENDER_NAME, "/services"),
)
OWN = (
    "/organisation",
    "/organisation/edit",
    "/organisation/closing-days",
    "/organisation/desks",
    "/organisation/desks/new",
    "/organisation/desks/{desk}",
    "/organisation/desks/{desk}/edit",
    "/organisation/desks/{desk}/close",
    "/organisation/desks/{desk}/closures/new",
    "/organisation/people",
    "/organisation/people/invite",
    "/organisation/people/support",
    "/organisation/people/{member}",
    "/organisation/people/{member}/leave",
    "/organisation/protocols",
    "/organisation/setup",
    "/organisation/log",
    "/account",
    "/account/details",
    "/account/password",
    "/account/second-factor",
    "/account/sessions",
)
OF_A_LENDER = ("/organisation/services", "/organisation/services/new", "/organisation/setup")
PUBLIC = (
    "/desks?q=80121",
    "/desks?q=99999",
    "/desks?postal_code=83031",
    "/desks?place=063049",
    "/desks?region=15",
    # Of several municipalities, where no desk is.
    "/desks?q=83020",
    "/desks/{desk}",
    "/services",
    "/services?region=15",
    "/services?on=2020-01-01",
)


@pytest.mark.parametrize("address", NETWORK)
def test_page_of_the_network(new_reader: NewReader, address: str) -> None:
    new_reader(ENTE_ADMIN, at=address).look()


@pytest.mark.parametrize(("name", "room"), OF_AN_ORGANISATION)
def test_page_of_an_organisation(new_reader: NewReader, stack: Stack, name: str, room: str) -> None:
    new_reader(ENTE_ADMIN, at=f"/network/organisations/{_id_of(stack, name)}{room}").look()


@pytest.mark.parametrize("address", OWN)
def test_page_of_ones_own(new_reader: NewReader, stack: Stack, address: str) -> None:
    new_reader(admin_of(stack, HOST), at=_filled(stack, address)).look()


@pytest.mark.parametrize("address", OF_A_LENDER)
def test_page_of_a_lender(new_reader: NewReader, stack: Stack, address: str) -> None:
    new_reader(admin_of(stack, LENDER_NAME), at=address).look()


@pytest.mark.parametrize("address", PUBLIC)
def test_public_page(new_reader: NewReader, stack: Stack, address: str) -> None:
    visitor = new_reader()
    visitor.open(_filled(stack, address))
    visitor.look()


@pytest.mark.parametrize("address", ["/desks?region=99", "/services?region=99"])
def test_search_that_cannot_be_understood(new_reader: NewReader, address: str) -> None:
    visitor = new_reader()
    visitor.open(address, status=422)
    visitor.look()


def _id_of(stack: Stack, name: str) -> object:
    return stack.ask("SELECT id FROM tenants WHERE name = $1", name)


def _filled(stack: Stack, address: str) -> str:
    """With a desk and an operator of the host."""
    of_host = "JOIN tenants t ON t.id = x.tenant_id AND t.name = $1"
    desk = stack.ask(f"SELECT x.id FROM desks x {of_host}", HOST)
    member = stack.ask(
        f"SELECT x.id FROM memberships x {of_host} WHERE x.role = 'operator' ORDER BY 1", HOST
    )
    return address.format(desk=desk, member=member)
