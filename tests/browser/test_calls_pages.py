"""Every page of calls and selections in the states that the demo network has, looked at closely."""

from __future__ import annotations

import pytest

from tests.browser import applying
from tests.browser.applying import OPEN_CALL
from tests.browser.people import ENTE_ADMIN, ENTE_OPERATOR, EVALUATORS
from tests.browser.reader import NewReader, Reader
from tests.browser.stack import Stack

DECIDED, EVALUATING = "micro-work-2015", "micro-work-completamento"
PUBLIC = (
    "/calls",
    f"/calls/{OPEN_CALL}",
    f"/calls/{EVALUATING}",
    f"/calls/{DECIDED}",
    f"/calls/{OPEN_CALL}/apply",
    f"/calls/{EVALUATING}/apply",
    f"/calls/{DECIDED}/ranking?region=18",
)
OF_A_CALL = (
    (OPEN_CALL, ""),
    (OPEN_CALL, "/preview"),
    (OPEN_CALL, "/applications"),
    (OPEN_CALL, "/evaluators"),
    (OPEN_CALL, "/documents"),
    (OPEN_CALL, "/questions"),
    (OPEN_CALL, "/questions?state=published"),
    (OPEN_CALL, "/extend"),
    (EVALUATING, ""),
    (EVALUATING, "/evaluators"),
    (EVALUATING, "/ranking"),
    (DECIDED, ""),
    (DECIDED, "/applications?region=18"),
)
STEPS = ("organisation", "desks", "contacts", "attachments", "declarations", "summary")


def look_at(reader: Reader, address: str, *, status: int = 200) -> None:
    reader.open(address, status=status)
    reader.look()


@pytest.mark.parametrize("address", PUBLIC)
def test_public_page(new_reader: NewReader, address: str) -> None:
    look_at(new_reader(), address)


@pytest.mark.parametrize("address", ["/selections", "/selections/new"])
def test_page_of_the_ente(new_reader: NewReader, address: str) -> None:
    new_reader(ENTE_ADMIN, at=address).look()


@pytest.mark.parametrize(("slug", "part"), OF_A_CALL)
def test_page_of_a_call(new_reader: NewReader, stack: Stack, slug: str, part: str) -> None:
    call = stack.ask("SELECT id FROM calls WHERE slug = $1", slug)
    new_reader(ENTE_ADMIN, at=f"/selections/{call}{part}").look()


@pytest.mark.parametrize("state", ["submitted", "withdrawn", "admitted", "reserve", "excluded"])
def test_application_at_the_ente(new_reader: NewReader, stack: Stack, state: str) -> None:
    found = stack.ask(
        "SELECT call_id || '/applications/' || id FROM applications WHERE state = $1 ORDER BY id DESC LIMIT 1",
        state,
    )
    new_reader(ENTE_OPERATOR, at=f"/selections/{found}").look()


@pytest.mark.parametrize("condition", ["declared_at IS NULL", "state = 'submitted'"])
def test_evaluation(new_reader: NewReader, stack: Stack, condition: str) -> None:
    who = EVALUATORS[1]
    evaluator = new_reader(who)
    found = stack.ask(
        "SELECT e.id FROM evaluations e JOIN memberships m ON m.id = e.membership_id"
        f" JOIN accounts a ON a.id = m.account_id WHERE a.email = $1 AND e.{condition} LIMIT 1",
        who,
    )
    assert found
    look_at(evaluator, "/evaluations" if "NULL" in condition else "/evaluations?state=given")
    look_at(evaluator, f"/evaluations/{found}")


def test_steps_of_an_application(new_reader: NewReader, stack: Stack) -> None:
    """Empty, with all that is missing told, and from a browser that has no access."""
    applicant, who = new_reader(), applying.another("Comune di Empoli")
    applying.begin(applicant, stack, who)
    base = applying.base(applicant)
    for step in STEPS:
        look_at(applicant, f"{base}/{step}")
    look_at(applicant, f"{base}/organisation?check=1")
    look_at(new_reader(), f"{base}/summary", status=404)
    look_at(new_reader(), applying.link(stack, who)[:-3], status=404)
