"""An evaluator's pages as a browser without scripts meets them, and the administrator's page of evaluators."""

from __future__ import annotations

import html
import re
from uuid import UUID

import httpx
import pytest

from hub.db import tenant_transaction
from hub.ids import uuid7
from hub.tenants.calls.applications.schemas import Application
from hub.worker import drain_now
from tests.factories import Member, make_membership
from tests.support.databases import Database
from tests.support.smtp_sink import SmtpSink
from tests.tenants.calls.selection.conftest import BrowserOf
from tests.tenants.calls.selection.making import Commission, evaluations_of, make_commission
from tests.tenants.calls.selection.test_assign import employ


async def one_of(commission: Commission, application: Application) -> tuple[str, Member]:
    """The page of its first evaluation, and whose it is."""
    found = (await evaluations_of(commission.ente, application.id))[1]
    who = next(one for one in commission.evaluators if one.membership_id == found[1])
    return f"/evaluations/{found[0]}", who


def text_of(answer: httpx.Response) -> str:
    main = answer.text[answer.text.find("<main") :]
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", main).split()))


def version_in(answer: httpx.Response) -> str:
    found = re.search(r'name="version" value="(\d+)"', answer.text)
    assert found
    return found.group(1)


async def test_before_the_declaration_nothing_of_the_application_is_shown(
    db: Database, browser_of: BrowserOf
) -> None:
    commission, (application,) = await make_commission(2, applications=1)
    page, who = await one_of(commission, application)
    browser = await browser_of(who)
    before = text_of(await browser.get(page))
    assert application.organisation_name is not None
    assert application.organisation_name in before
    assert "Via Toledo 1" not in before
    async with tenant_transaction(commission.ente.id) as scope:
        file_id = await scope.fetchval(
            "SELECT id FROM application_files WHERE application_id = $1", application.id
        )
    assert (await browser.get(f"{page}/files/{file_id}")).status_code == 404
    assert (await browser.post(f"{page}/points", data={"version": "1"})).status_code == 409
    assert (await browser.post(f"{page}/declare")).headers["location"] == page
    assert "Via Toledo 1" in text_of(await browser.get(page))
    assert (await browser.get(f"{page}/files/{file_id}")).content.startswith(b"%PDF")


async def test_points_are_kept_as_a_draft_and_submitted_once(
    db: Database, browser_of: BrowserOf
) -> None:
    commission, (application,) = await make_commission(2, applications=1)
    page, who = await one_of(commission, application)
    browser = await browser_of(who)
    await browser.post(f"{page}/declare")
    version = version_in(await browser.get(page))
    part = {"points_1": "7", "points_2": "", "note": "Da rivedere.", "version": version}
    assert (await browser.post(f"{page}/points", data=part | {"then": "save"})).headers[
        "location"
    ] == page
    shown = await browser.get(page)
    assert 'value="7"' in shown.text
    assert "Da rivedere." in shown.text
    assert (await browser.get(f"{page}/submit")).headers["location"] == page, (
        "a criterion is missing"
    )
    version = version_in(shown)
    lacking = await browser.post(
        f"{page}/points", data=part | {"then": "submit", "version": version}
    )
    assert lacking.status_code == 422
    assert "Orari : Compila questo campo." in text_of(lacking)
    assert 'value="7"' in lacking.text
    assert "facoltativo" not in text_of(lacking).partition("Motivazione")[0]
    whole = part | {"points_2": "9", "then": "submit", "version": version}
    assert (await browser.post(f"{page}/points", data=whole)).headers[
        "location"
    ] == f"{page}/submit"
    confirm = await browser.get(f"{page}/submit")
    assert "7 su 20" in text_of(confirm)
    version = version_in(confirm)
    for _click in range(2):
        done = await browser.post(f"{page}/submit", data={"version": version})
        assert done.headers["location"] == "/evaluations"
    assert "Consegnata il" in text_of(await browser.get(page))
    assert f"{application.organisation_name}" in text_of(
        await browser.get("/evaluations?state=given")
    )
    assert (await browser.post(f"{page}/points", data=whole)).status_code == 409


@pytest.mark.parametrize(
    ("points", "status"), [("21", 422), ("-1", 422), ("x", 422), ("7.5", 422), ("0", 303)]
)
async def test_points_are_whole_and_within_the_criterion(
    db: Database, browser_of: BrowserOf, points: str, status: int
) -> None:
    commission, (application,) = await make_commission(2, applications=1)
    page, who = await one_of(commission, application)
    browser = await browser_of(who)
    await browser.post(f"{page}/declare")
    data = {"points_1": points, "points_2": "5", "then": "save", "version": "2"}
    answer = await browser.post(f"{page}/points", data=data)
    assert answer.status_code == status
    if status == 422:
        assert f'value="{points}"' in answer.text, "what was typed stays"


async def test_the_second_window_keeps_what_was_typed_and_says_why(
    db: Database, browser_of: BrowserOf
) -> None:
    commission, (application,) = await make_commission(2, applications=1)
    page, who = await one_of(commission, application)
    browser = await browser_of(who)
    await browser.post(f"{page}/declare")
    data = {"points_1": "5", "points_2": "5", "then": "save", "version": "2"}
    assert (await browser.post(f"{page}/points", data=data)).status_code == 303
    late = await browser.post(f"{page}/points", data=data | {"points_1": "19"})
    assert late.status_code == 409
    assert "in un’altra finestra" in text_of(late)
    assert 'value="19"' in late.text
    again = await browser.post(
        f"{page}/points", data=data | {"points_1": "19", "version": version_in(late)}
    )
    assert again.status_code == 303


async def test_whoever_belongs_to_the_applicant_is_told_and_somebody_else_gets_it(
    db: Database, browser_of: BrowserOf
) -> None:
    commission, (application,) = await make_commission(3, applications=1)
    page, who = await one_of(commission, application)
    browser = await browser_of(who)
    assert application.content is not None
    await employ(who.account_id, application.content.organisation.fiscal_code)
    answer = await browser.post(f"{page}/declare")
    assert answer.headers["location"] == "/evaluations"
    listed = text_of(await browser.get("/evaluations"))
    assert "Appartieni all’amministrazione candidata" in listed
    assert f"{application.organisation_name}" not in listed
    assert "Appartiene all’amministrazione candidata" in text_of(await browser.get(page))
    after = await evaluations_of(commission.ente, application.id)
    assert who.membership_id not in {one[1] for one in after.values()}


async def test_recusing_asks_for_a_reason_which_the_administrators_read(
    db: Database, browser_of: BrowserOf
) -> None:
    commission, (application,) = await make_commission(3, applications=1)
    page, who = await one_of(commission, application)
    browser = await browser_of(who)
    assert (await browser.post(f"{page}/recuse", data={"reason": ""})).status_code == 422
    done = await browser.post(f"{page}/recuse", data={"reason": "Vi lavora mio fratello."})
    assert done.headers["location"] == "/evaluations"
    admin = await browser_of(commission.admin)
    shown = await admin.get(f"/selections/{commission.call_id}/applications/{application.id}")
    assert "Vi lavora mio fratello." in shown.text


async def test_evaluators_are_named_reminded_and_removed(
    db: Database, browser_of: BrowserOf, relay: SmtpSink
) -> None:
    commission, _made = await make_commission(2, applications=2)
    further = await make_membership(commission.ente, "viewer")
    here = f"/selections/{commission.call_id}/evaluators"
    admin = await browser_of(commission.admin)
    named = await admin.post(here, data={"membership_id": str(further.membership_id)})
    assert named.headers["location"] == here
    twice = await admin.post(here, data={"membership_id": str(further.membership_id)})
    assert twice.status_code == 303, "naming twice is one effect"
    stranger = await admin.post(here, data={"membership_id": str(uuid7())})
    assert stranger.status_code == 422
    evaluator_id = await evaluator_of(commission, commission.evaluators[0])
    await drain_now()
    relay.messages.clear()
    for _click in range(2):
        assert (await admin.post(f"{here}/{evaluator_id}/remind")).status_code == 303
    await drain_now()
    assert "Sollecito del" in text_of(await admin.get(here))
    (letter,) = relay.messages
    assert letter.recipients == (commission.evaluators[0].account.email,)
    assert "2 candidature attendono" in str(letter.message["subject"])
    assert "/evaluations" in letter.text()
    assert (await admin.post(f"{here}/{evaluator_id}/remove")).headers["location"] == here
    assert "Fino al" in text_of(await admin.get(here))
    for step in ("remove", "remind"):
        assert (await admin.post(f"{here}/{evaluator_id}/{step}")).status_code == 404
    operator = await browser_of(await make_membership(commission.ente, "operator"))
    assert (await operator.get(here)).status_code == 200
    assert (await operator.post(here, data={})).status_code == 403


async def evaluator_of(commission: Commission, who: Member) -> UUID:
    async with tenant_transaction(commission.ente.id) as scope:
        found: UUID = await scope.fetchval(
            "SELECT id FROM call_evaluators WHERE call_id = $1 AND membership_id = $2",
            commission.call_id,
            who.membership_id,
        )
    return found


async def test_who_removes_the_last_but_one_is_told_what_is_lacking(
    db: Database, browser_of: BrowserOf
) -> None:
    commission, _made = await make_commission(2, applications=1)
    here = f"/selections/{commission.call_id}/evaluators"
    admin = await browser_of(commission.admin)
    evaluator_id = await evaluator_of(commission, commission.evaluators[0])
    await admin.post(f"{here}/{evaluator_id}/remove")
    page = text_of(await admin.get(here))
    assert "A una valutazione manca il valutatore" in page
    assert (await admin.post(f"{here}/assign")).headers["location"] == here
    ranking = text_of(await admin.get(f"/selections/{commission.call_id}/ranking"))
    assert "quando non manca più nulla" in ranking


async def test_a_ranking_that_is_sent_back_says_why(db: Database, browser_of: BrowserOf) -> None:
    commission, _made = await make_commission(2)
    here = f"/selections/{commission.call_id}/ranking"
    first, second = await browser_of(commission.admin), await browser_of(commission.second)
    assert (await first.post(here)).status_code == 303
    assert (await first.post(here)).status_code == 409, "proposed already"
    ranking_id = re.search(r'name="ranking_id" value="([^"]+)"', (await second.get(here)).text)
    assert ranking_id
    asked = {"ranking_id": ranking_id.group(1), "note": "Si rivedano i motivi."}
    assert (await first.post(f"{here}/reject", data=asked)).status_code == 409
    assert (await second.post(f"{here}/reject", data=asked | {"note": ""})).status_code == 422
    assert (await second.post(f"{here}/reject", data=asked)).headers["location"] == here
    assert "Si rivedano i motivi." in text_of(await first.get(here))
    late = await second.post(f"{here}/approve", data={"ranking_id": asked["ranking_id"]})
    assert late.status_code == 409
    assert "ha già deciso" in text_of(late)
    editor = await browser_of(await make_membership(commission.ente, "editor"))
    assert (await editor.get(here)).status_code == 200
    assert (await editor.post(here)).status_code == 403
