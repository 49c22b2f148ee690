"""Trainings with their certificates, on a person's page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from hub import clock
from hub.db import tenant_transaction
from tests.factories import Member, make_membership, make_tenant
from tests.support.web import sign_in
from tests.tenants.people.making import PEOPLE, log_of, ordered

NewClient = Callable[[], httpx.AsyncClient]
PDF = b"%PDF-1.7\n1 0 obj\nendobj\nstartxref\n0\n%%EOF\n"


async def record(
    client: httpx.AsyncClient,
    member: Member,
    content: bytes | None = PDF,
    name: str = "attestato.pdf",
    **fields: str,
) -> httpx.Response:
    given = {
        "form_key": str(uuid4()),
        "course": "Microcredito, corso base",
        "completed_on": clock.today().isoformat(),
        **fields,
    }
    return await client.post(
        f"{PEOPLE}/{member.membership_id}/trainings",
        data=given,
        files={"file": (name if content is not None else "", content or b"", "application/pdf")},
    )


async def trainings(member: Member) -> list[tuple[UUID, UUID | None]]:
    async with tenant_transaction(member.tenant.id) as scope:
        rows = await scope.fetch(
            "SELECT id, certificate_id FROM trainings WHERE membership_id = $1 ORDER BY id",
            member.membership_id,
        )
    return [(row[0], row[1]) for row in rows]


async def files_left(member: Member) -> int:
    async with tenant_transaction(member.tenant.id) as scope:
        count: int = await scope.fetchval("SELECT count(*) FROM files")
    return count


async def test_recorded_downloaded_and_removed(desk: httpx.AsyncClient, admin: Member) -> None:
    operator = await make_membership(admin.tenant)
    here = f"{PEOPLE}/{operator.membership_id}"
    answer = await record(desk, operator)
    assert (answer.status_code, answer.headers["location"]) == (303, here), answer.text
    ((training_id, _file),) = await trainings(operator)
    page = await desk.get(here)
    assert "Microcredito, corso base" in page.text
    file = await desk.get(f"{here}/trainings/{training_id}/certificate")
    assert (file.status_code, file.content) == (200, PDF)
    assert "attestato.pdf" in file.headers["content-disposition"]
    assert f'href="{here}/trainings/{training_id}/remove"' in page.text
    asked = (await desk.get(f"{here}/trainings/{training_id}/remove")).text
    assert "L’attestato viene eliminato" in asked
    assert "È l’unica formazione di questo operatore" in asked
    assert len(await trainings(operator)) == 1
    removed = await desk.post(
        f"{here}/trainings/{training_id}/remove", data={"form_key": str(uuid4())}
    )
    assert removed.status_code == 303
    assert await trainings(operator) == []
    assert await files_left(operator) == 0
    said = [action for action, _codes in await log_of(admin.tenant)]
    assert said == ["training.recorded", "training.removed"]
    assert len(await ordered("onboarding.refresh")) == 2


async def test_a_training_without_a_certificate_is_none(
    desk: httpx.AsyncClient, admin: Member
) -> None:
    operator = await make_membership(admin.tenant)
    assert "serve" in (await desk.get(f"{PEOPLE}/{operator.membership_id}")).text
    answer = await record(desk, operator, None)
    assert answer.status_code == 422
    assert "Scegli il file dell’attestato" in answer.text
    assert await trainings(operator) == []


async def test_the_list_says_for_whom_one_is_missing(
    desk: httpx.AsyncClient, admin: Member
) -> None:
    """Of those who work with citizens; nobody asks it of the others."""
    operator = await make_membership(admin.tenant)
    await make_membership(admin.tenant, "viewer")
    assert (await desk.get(PEOPLE)).text.count(">manca<") == 1
    await record(desk, operator)
    assert ">manca<" not in (await desk.get(PEOPLE)).text


async def test_the_list_shows_the_last_one(desk: httpx.AsyncClient, admin: Member) -> None:
    operator = await make_membership(admin.tenant)
    await record(desk, operator, completed_on="2026-03-05")
    await record(desk, operator, completed_on="2025-03-05")
    assert "5 mar 2026" in (await desk.get(PEOPLE)).text.replace("05/03/2026", "5 mar 2026")


async def test_a_double_click_is_one_training(desk: httpx.AsyncClient, admin: Member) -> None:
    operator = await make_membership(admin.tenant)
    key = str(uuid4())
    for _ in range(2):
        assert (await record(desk, operator, form_key=key)).status_code == 303
    assert len(await trainings(operator)) == 1
    assert (await record(desk, operator, form_key=key, course="Altro corso")).status_code == 409


@pytest.mark.parametrize(
    ("content", "name", "fields"),
    [
        (b"<script>", "attestato.pdf", {}),
        (PDF, "attestato.exe", {}),
        (b"", "attestato.pdf", {}),
        (PDF, "attestato.pdf", {"course": ""}),
        (PDF, "attestato.pdf", {"completed_on": ""}),
        (PDF, "attestato.pdf", {"form_key": "x"}),
    ],
)
async def test_what_is_refused(
    desk: httpx.AsyncClient, admin: Member, content: bytes, name: str, fields: dict[str, str]
) -> None:
    operator = await make_membership(admin.tenant)
    answer = await record(desk, operator, content, name, **fields)
    assert answer.status_code == 422
    assert "alert-danger" in answer.text
    assert await trainings(operator) == []
    assert await files_left(operator) == 0


async def test_a_day_to_come_is_refused(desk: httpx.AsyncClient, admin: Member) -> None:
    operator = await make_membership(admin.tenant)
    tomorrow = (clock.today() + timedelta(days=1)).isoformat()
    assert (await record(desk, operator, completed_on=tomorrow)).status_code == 422


async def test_a_certificate_is_the_persons_and_the_administrators(
    desk: httpx.AsyncClient, new_client: NewClient, admin: Member
) -> None:
    operator, other = [await make_membership(admin.tenant) for _ in range(2)]
    await record(desk, operator)
    ((training_id, _file),) = await trainings(operator)
    path = f"{PEOPLE}/{operator.membership_id}/trainings/{training_id}/certificate"
    seen = {}
    for name, member in (
        ("own", operator),
        ("colleague", other),
        ("stranger", await make_membership(await make_tenant(), "admin")),
    ):
        browser = new_client()
        await sign_in(browser, member)
        seen[name] = (await browser.get(path)).status_code
    assert seen == {"own": 200, "colleague": 404, "stranger": 404}
    wrong = f"{PEOPLE}/{other.membership_id}/trainings/{training_id}"
    assert (await desk.get(f"{wrong}/certificate")).status_code == 404
    assert (await desk.post(f"{wrong}/remove", data={"form_key": "x"})).status_code == 404
    assert (await desk.get(f"{wrong}/remove")).status_code == 404


async def test_an_operator_records_nothing(client: httpx.AsyncClient, admin: Member) -> None:
    operator = await make_membership(admin.tenant)
    await sign_in(client, operator)
    assert (await record(client, operator)).status_code == 403
