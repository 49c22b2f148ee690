"""The minutes tell everything that anyone decided; every action has words; the audit log has a whole selection."""

from __future__ import annotations

import ast
import io
from datetime import timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader

from hub import clock
from hub.db import network_transaction, tenant_transaction
from hub.tenants.calls.applications.complete_application import (
    answer_completion,
    ask_completion,
)
from hub.tenants.calls.applications.withdraw_application import withdraw
from hub.tenants.calls.selection import evaluate, minutes, rank
from hub.tenants.calls.selection.assign import administrations_of
from hub.tenants.calls.selection.deeds import DEEDS
from hub.tenants.calls.selection.exclude import exclude, take_exclusion_back
from tests.factories import Member
from tests.support.databases import Database
from tests.tenants.calls.selection.conftest import BrowserOf
from tests.tenants.calls.selection.making import (
    Commission,
    evaluations_of,
    give_all,
    make_commission,
)
from tests.tenants.calls.selection.test_rank import approve, propose

CALLS = Path(__file__).parents[4] / "hub" / "tenants" / "calls"


async def rename(member: Member, name: str) -> None:
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE memberships SET name = $2 WHERE id = $1", member.membership_id, name
        )


async def version_of(commission: Commission, application_id: object) -> int:
    async with tenant_transaction(commission.ente.id) as scope:
        found: int = await scope.fetchval(
            "SELECT version FROM applications WHERE id = $1", application_id
        )
    return found


async def told(commission: Commission, browser_of: BrowserOf, query: str = "") -> str:
    browser = await browser_of(commission.admin)
    answer = await browser.get(f"/selections/{commission.call_id}/minutes.pdf{query}")
    assert answer.headers["content-type"] == "application/pdf"
    reader = PdfReader(io.BytesIO(answer.content))
    assert str(reader.root_object["/Lang"]) == "it"
    assert "/StructTreeRoot" in reader.root_object
    # Lines break anywhere in the narrow columns.
    return "".join("".join(page.extract_text().split()) for page in reader.pages)


async def test_a_whole_selection_stands_in_the_log_and_in_the_minutes(
    db: Database, browser_of: BrowserOf
) -> None:
    commission, made = await make_commission(4, applications=3, places=1)
    await rename(commission.admin, "Maria Bruno")
    await rename(commission.second, "Paolo Conte")
    for person, name in zip(
        commission.evaluators, ("Giulia Ferri", "Luca Marino", "Sara Neri", "Ugo Riva"), strict=True
    ):
        await rename(person, name)
    admin, administrations = commission.admin.actor, await administrations_of(commission.ente.id)
    async with tenant_transaction(commission.ente.id) as scope:
        completion_id = await ask_completion(
            scope, admin, made[0].id, "Manca la planimetria.", clock.today() + timedelta(days=3)
        )
    async with tenant_transaction(commission.ente.id) as scope:
        await answer_completion(scope, made[0].id, completion_id, "Eccola.")
    for step in ("exclude", "readmit", "exclude"):
        version = await version_of(commission, made[2].id)
        async with tenant_transaction(commission.ente.id) as scope:
            if step == "exclude":
                await exclude(
                    scope,
                    admin,
                    commission.call_id,
                    made[2].id,
                    version=version,
                    reason="false_declaration",
                    note="Dichiarazione smentita dagli atti.",
                )
            else:
                await take_exclusion_back(
                    scope,
                    admin,
                    commission.call_id,
                    made[2].id,
                    version=version,
                    administrations=administrations,
                )
    found = await evaluations_of(commission.ente, made[0].id)
    recusing = next(one for one in commission.evaluators if one.membership_id == found[1][1])
    async with tenant_transaction(commission.ente.id) as scope:
        await evaluate.recuse(
            scope, recusing.actor, found[1][0], "Vi lavora mio fratello.", administrations
        )
    await give_all(
        commission,
        {made[0].id: [(20, 10), (10, 5), (18, 9)], made[1].id: [(15, 8), (15, 8)]},
    )
    first = await propose(commission)
    async with tenant_transaction(commission.ente.id) as scope:
        await rank.reject(
            scope, commission.second.actor, commission.call_id, first, "Si rivedano i motivi."
        )
    await approve(commission, await propose(commission))
    async with tenant_transaction(commission.ente.id) as scope:
        await withdraw(scope, made[0].id, "Riorganizzazione.")
        slug = await scope.fetchval("SELECT slug FROM calls WHERE id = $1", commission.call_id)
        rows = await scope.fetch("SELECT action FROM audit_log ORDER BY at, id")
    actions = [row[0] for row in rows]
    assert actions == [
        *["application.submitted"] * 3,
        *["evaluator.named"] * 4,
        "application.completion_asked",
        "application.completed",
        "application.excluded",
        "application.readmitted",
        "application.excluded",
        "evaluation.recused",
        *["evaluation.declared", "evaluation.submitted"] * 2,
        "evaluation.third_asked",
        *["evaluation.declared", "evaluation.submitted"] * 3,
        "ranking.proposed",
        "ranking.rejected",
        "ranking.proposed",
        "ranking.approved",
        "application.withdrawn",
        "application.moved_up",
    ]
    text = await told(commission, browser_of)
    for words in (
        "Maria Bruno",
        "Paolo Conte",
        "Giulia Ferri",
        *(str(one.protocol) for one in made),
        *(one.organisation_name or "" for one in made),
        "Manca la planimetria.",
        "Dichiarazione smentita dagli atti.",
        "Astensione: Vi lavora mio fratello.",
        "20 + 10",
        "Si rivedano i motivi.",
        "Respinta",
        "Approvata",
        f"al posto di {made[0].protocol}",
        *(DEEDS_IN_ITALIAN[action] for action in set(actions)),
    ):
        assert "".join(words.split()) in text, words
    page = await (await browser_of(commission.second)).get(f"/calls/{slug}/ranking")
    digest = page.text.partition('class="sel-hash">')[2][:64]
    assert f"SHA-256{digest}" in text.replace("\u200b", "")


DEEDS_IN_ITALIAN = {
    "application.submitted": "Candidatura ricevuta",
    "application.withdrawn": "Candidatura ritirata",
    "application.completion_asked": "Richiesta un’integrazione",
    "application.completed": "Integrazione ricevuta",
    "application.excluded": "Candidatura esclusa",
    "application.readmitted": "Esclusione revocata",
    "application.moved_up": "Ammessa per scorrimento",
    "evaluator.named": "Nomina di un valutatore",
    "evaluation.declared": "Dichiarata l’assenza di conflitti",
    "evaluation.recused": "Astensione del valutatore",
    "evaluation.submitted": "Valutazione consegnata",
    "evaluation.third_asked": "Richiesto un terzo valutatore",
    "ranking.proposed": "Graduatoria proposta",
    "ranking.approved": "Graduatoria approvata e pubblicata",
    "ranking.rejected": "Graduatoria respinta",
}


def actions_in(source: str) -> set[str]:
    """The second word of every `audit.record(scope, actor, "noun.verb", …)`."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record":
            action = node.args[2]
            if isinstance(action, ast.Constant):
                found.add(str(action.value))
            else:
                found |= {
                    str(part.value) for part in ast.walk(action) if isinstance(part, ast.Constant)
                }
    return found


def test_everything_that_is_recorded_about_calls_has_words() -> None:
    recorded = set().union(*(actions_in(file.read_text()) for file in CALLS.rglob("*.py")))
    assert "ranking.approved" in recorded
    # A draft that is deleted leaves no minutes.
    assert recorded - set(DEEDS) - {"call.deleted"} == set()
    assert set(DEEDS) - recorded == set()


async def test_minutes_of_many_applications_are_in_parts(
    db: Database, browser_of: BrowserOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each tells its own applications, and the first what was decided about the call."""
    monkeypatch.setattr(minutes, "EACH_PART", 2)
    commission, made = await make_commission(2, applications=3)
    first = await told(commission, browser_of, "?part=1")
    second = await told(commission, browser_of, "?part=2")
    for application, here, elsewhere in (
        (made[0], first, second),
        (made[1], first, second),
        (made[2], second, first),
    ):
        assert str(application.protocol) in here
        assert str(application.protocol) not in elsewhere
    assert "Nominadiunvalutatore" in first
    assert "Nominadiunvalutatore" not in second
    assert "Candidaturaricevuta" in second
    browser = await browser_of(commission.admin)
    here = f"/selections/{commission.call_id}"
    page = await browser.get(f"{here}/ranking")
    assert f"{here}/minutes.pdf?part=2" in page.text
    for part in ("0", "3", "x", "-1", "1.0", "٢", "99999"):
        answer = await browser.get(f"{here}/minutes.pdf", params={"part": part})
        assert answer.status_code == 404


async def test_minutes_of_a_call_without_applications(db: Database, browser_of: BrowserOf) -> None:
    commission, _made = await make_commission(2)
    assert "Verbaledellaselezione" in await told(commission, browser_of)
