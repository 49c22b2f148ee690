"""The pages of what is offered, as a browser without JavaScript meets them."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from hub import clock
from hub.db import tenant_transaction
from hub.tenants.services import queries, service
from hub.tenants.services.schemas import Offered, Stated
from hub.web.locale import COOKIE as LOCALE_COOKIE
from tests.factories import Member, make_membership, make_tenant
from tests.support.web import sign_in

LIST = "/organisation/services"
Fields = dict[str, str | list[str]]


def day(offset: int = 0) -> date:
    return clock.today() + timedelta(days=offset)


def words(page: httpx.Response) -> str:
    body = re.sub(r"<(script|style|svg).*?</\1>", " ", page.text, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def fields(**changed: str | list[str]) -> Fields:
    typed: Fields = {
        "form_key": str(uuid4()),
        "name": "Microcredito Impresa",
        "description": "Senza garanzie reali.",
        "regions": ["15", "18"],
        "min_amount": "5,000",
        "max_amount": "40,000",
        "beneficiaries": ["women", "young"],
        "capacity": "12",
        "answer_days": "10",
        "valid_from": day().isoformat(),
    }
    return typed | changed


@pytest.fixture
async def lender(client: httpx.AsyncClient) -> Member:
    """Signed in, and reading English."""
    member = await make_membership(await make_tenant("lender"), "admin")
    await sign_in(client, member)
    client.cookies.set(LOCALE_COOKIE, "en")
    return member


async def offered(member: Member, when: date) -> list[Offered]:
    async with tenant_transaction(member.tenant.id) as scope:
        return await queries.offered_on(scope, member.tenant.id, when)


async def add(member: Member, begins: int = 0, **stated: Any) -> UUID:
    said: dict[str, Any] = {"kind": "enterprise_loan", "name": "Prestito", "regions": ("15",)}
    loan = Stated(**(said | {"answer_days": 5} | stated))
    async with tenant_transaction(member.tenant.id) as scope:
        return await service.add(scope, member.actor, loan, day(begins))


async def test_a_lender_offers_a_service(client: httpx.AsyncClient, lender: Member) -> None:
    assert "Nothing is offered yet" in words(await client.get(LIST))
    page = await client.get(f"{LIST}/new")
    assert 'value="enterprise_loan"' in page.text
    assert "tutoring" not in page.text
    answer = await client.post(f"{LIST}/new", data=fields(kind="enterprise_loan"))
    assert answer.status_code == 303
    (made,) = await offered(lender, day())
    assert (made.min_amount_cents, made.max_amount_cents) == (500_000, 4_000_000)
    assert made.regions == ("15", "18")
    assert made.beneficiaries == ("women", "young")
    shown = words(await client.get(answer.headers["location"]))
    assert "Calabria, Campania" in shown
    assert "from €5,000.00 to €40,000.00" in shown
    assert "12 new cases a month" in shown
    assert "within 10 working days" in shown
    assert "Offered for the first time" in shown


async def test_a_form_sent_twice_makes_one_service(
    client: httpx.AsyncClient, lender: Member
) -> None:
    typed = fields(kind="enterprise_loan")
    first, second = [await client.post(f"{LIST}/new", data=typed) for _ in range(2)]
    assert first.headers["location"] == second.headers["location"]
    assert len(await offered(lender, day())) == 1


async def test_the_whole_of_italy_is_one_click(client: httpx.AsyncClient, lender: Member) -> None:
    typed = fields(kind="social_loan", everywhere="yes", regions=[], max_amount="9,000")
    answer = await client.post(f"{LIST}/new", data=typed)
    (made,) = await offered(lender, day())
    assert len(made.regions) == 20
    assert "All of Italy" in words(await client.get(answer.headers["location"]))
    again = await client.get(f"{answer.headers['location']}/change")
    assert re.search(r'name="everywhere" value="yes" checked', again.text)
    assert not re.search(r'name="regions" value="\d\d" checked', again.text)


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"regions": []}, "regions", "Tick at least one region"),
        ({"regions": ["99"]}, "regions", "Choose one of the options."),
        ({"max_amount": "4,000"}, "max_amount", "smaller than the smallest"),
        ({"valid_from": "2020-01-01"}, "valid_from", "Enter a date from"),
        ({"valid_from": "2026-02-30"}, "valid_from", "This day does not exist."),
        ({"valid_to": "2020-01-01"}, "valid_to", "Enter a date from"),
        ({"answer_days": "0"}, "answer_days", "or more"),
        ({"capacity": "-3"}, "capacity", "or more"),
        ({"beneficiaries": ["nobility"]}, "beneficiaries", "Choose one of the options."),
        ({"kind": "tutoring"}, "kind", "Choose one of the options."),
        ({"name": ""}, "name", "Fill in this field."),
    ],
)
async def test_what_does_not_go_together_is_said_beside_the_field(
    client: httpx.AsyncClient, lender: Member, wrong: Fields, field: str, said: str
) -> None:
    typed = fields(kind="enterprise_loan") | wrong
    page = await client.post(f"{LIST}/new", data=typed)
    assert page.status_code == 422
    assert said in words(page)
    assert f'href="#service-{field}"' in page.text
    assert await offered(lender, day()) == []


async def test_all_that_is_wrong_is_said_at_once(client: httpx.AsyncClient, lender: Member) -> None:
    typed = fields(kind="enterprise_loan", capacity="-3", max_amount="4,000", regions=[])
    page = await client.post(f"{LIST}/new", data=typed)
    for field in ("regions", "max_amount", "capacity"):
        assert f'href="#service-{field}"' in page.text, field


async def test_an_end_before_the_beginning_is_refused(
    client: httpx.AsyncClient, lender: Member
) -> None:
    typed = fields(
        kind="enterprise_loan", valid_from=day(5).isoformat(), valid_to=day(4).isoformat()
    )
    page = await client.post(f"{LIST}/new", data=typed)
    assert "It would end before it begins." in words(page)


async def test_a_change_for_a_day_to_come_is_planned_and_can_be_withdrawn(
    client: httpx.AsyncClient, lender: Member
) -> None:
    service_id = await add(lender, max_amount_cents=1_000_000)
    where = f"{LIST}/{service_id}"
    typed = fields(version="1", valid_from=day(30).isoformat(), name="Prestito")
    assert (await client.post(f"{where}/change", data=typed)).status_code == 303
    page = await client.get(where)
    assert "Planned changes" in words(page)
    assert "up to €10,000.00" in words(page)
    assert "Amount: from €5,000.00 to €40,000.00, before up to €10,000.00" in words(page)
    assert "changes on" in words(await client.get(LIST))
    version_id, version = re.findall(r'name="(?:version_id|version)" value="([^"]+)"', page.text)
    answer = await client.post(
        f"{where}/withdraw", data={"version_id": version_id, "version": version}
    )
    assert answer.status_code == 303
    assert "Planned changes" not in words(await client.get(where))


async def test_two_editors_at_once_one_gets_the_form_back(
    client: httpx.AsyncClient, lender: Member
) -> None:
    where = f"{LIST}/{await add(lender)}"
    assert (await client.post(f"{where}/change", data=fields(version="1"))).status_code == 303
    late = await client.post(f"{where}/change", data=fields(version="1", name="Altro nome"))
    assert late.status_code == 409
    assert "Someone else changed this service in the meantime." in words(late)
    assert 'value="Altro nome"' in late.text
    assert [one.name for one in await offered(lender, day())] == ["Microcredito Impresa"]


async def test_a_service_is_ended_and_goes_on(client: httpx.AsyncClient, lender: Member) -> None:
    where = f"{LIST}/{await add(lender)}"
    typed = {"form_key": str(uuid4()), "version": "1", "last_day": day(10).isoformat()}
    assert (await client.post(f"{where}/end", data=typed)).status_code == 303
    assert "until" in words(await client.get(LIST))
    assert await offered(lender, day(11)) == []
    typed = {"form_key": str(uuid4()), "version": "2", "last_day": ""}
    assert (await client.post(f"{where}/end", data=typed)).status_code == 303
    assert len(await offered(lender, day(11))) == 1


async def test_an_end_in_the_past_is_refused(client: httpx.AsyncClient, lender: Member) -> None:
    where = f"{LIST}/{await add(lender)}"
    typed = {"form_key": str(uuid4()), "version": "1", "last_day": day(-1).isoformat()}
    page = await client.post(f"{where}/end", data=typed)
    assert page.status_code == 422
    assert "Enter a date from" in words(page)
    page = await client.post(f"{where}/end", data=typed | {"last_day": ""})
    assert page.status_code == 422
    assert "Fill in this field." in words(page)


async def test_services_stand_under_today_later_and_over(
    client: httpx.AsyncClient, lender: Member
) -> None:
    await add(lender, name="Attuale")
    await add(lender, begins=10, name="Futuro")
    with clock.moved(-timedelta(days=30)):
        over = await add(lender, name="Passato")
        async with tenant_transaction(lender.tenant.id) as scope:
            await service.end(scope, lender.actor, over, clock.today())
    page = words(await client.get(LIST))
    parts = re.split("Offered today|Begin later|No longer offered", page)
    assert ["Attuale" in parts[1], "Futuro" in parts[2], "Passato" in parts[3]] == [True] * 3
    then = words(await client.get(f"{LIST}?on={day(-30).isoformat()}"))
    assert "Passato" in then.rpartition("On ")[2]
    assert "Attuale" not in then.rpartition("What was offered on a day")[2]


@pytest.mark.parametrize("typed", ["x", "2026-02-30", "31/31/2026"])
async def test_a_day_that_is_none_is_refused(
    client: httpx.AsyncClient, lender: Member, typed: str
) -> None:
    await add(lender)
    page = await client.get(LIST, params={"on": typed})
    assert page.status_code == 422
    assert 'aria-invalid="true"' in page.text


@pytest.mark.parametrize(
    ("kind", "most", "said"),
    [
        ("enterprise_loan", 75_000_00, ""),
        ("enterprise_loan", 90_000_00, "for limited companies only"),
        ("enterprise_loan", 120_000_00, "beyond it, this is an ordinary loan"),
        ("social_loan", 10_000_00, ""),
        ("social_loan", 10_000_01, "Social microcredit ends at €10,000.00"),
    ],
)
async def test_what_is_beyond_microcredit_is_warned_of_and_not_forbidden(
    client: httpx.AsyncClient, lender: Member, kind: str, most: int, said: str
) -> None:
    service_id = await add(lender, kind=kind, max_amount_cents=most)
    page = words(await client.get(f"{LIST}/{service_id}"))
    assert said in page
    assert ("beyond microcredit" in words(await client.get(LIST))) == bool(said)


async def test_a_tutor_offers_tutoring_without_amounts(client: httpx.AsyncClient) -> None:
    tutor = await make_membership(await make_tenant("host", "tutor"), "admin")
    await sign_in(client, tutor)
    client.cookies.set(LOCALE_COOKIE, "en")
    page = await client.get(f"{LIST}/new")
    assert 'name="min_amount"' not in page.text
    assert 'name="kind" value="tutoring"' in page.text
    typed = fields(kind="tutoring")
    refused = await client.post(f"{LIST}/new", data=typed)
    assert "Tutoring has no amounts" in words(refused)
    typed = fields(kind="tutoring", min_amount="", max_amount="")
    assert (await client.post(f"{LIST}/new", data=typed)).status_code == 303
    assert [one.kind for one in await offered(tutor, day())] == ["tutoring"]


@pytest.mark.parametrize("role", ["operator", "viewer", "editor"])
async def test_members_read_and_admins_change(client: httpx.AsyncClient, role: str) -> None:
    tenant = await make_tenant("lender")
    service_id = await add(await make_membership(tenant, "admin"))
    await sign_in(client, await make_membership(tenant, role))
    page = await client.get(f"{LIST}/{service_id}")
    assert page.status_code == 200
    assert "/change" not in page.text
    for path in ("/new", f"/{service_id}/change", f"/{service_id}/end"):
        assert (await client.get(LIST + path)).status_code == 403
    answer = await client.post(f"{LIST}/{service_id}/end", data=fields(version="1"))
    assert answer.status_code == 403


@pytest.mark.parametrize("kind", ["host", "coordinator"])
async def test_others_offer_nothing(client: httpx.AsyncClient, kind: str) -> None:
    await sign_in(client, await make_membership(await make_tenant(kind), "admin"))
    assert (await client.get(LIST)).status_code == 403
    assert (await client.post(f"{LIST}/new", data=fields(kind="tutoring"))).status_code == 403
