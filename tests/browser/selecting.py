"""What the Ente's people do with a call: drafting, publishing and closing it, evaluating, ranking."""

from __future__ import annotations

from datetime import timedelta

from hub import clock
from hub.tenants.calls.schemas import HOST_KINDS
from hub.web.i18n import gettext as _
from tests.browser.reader import Reader
from tests.browser.stack import Stack

DEED, ROOMS = "Atto di candidatura", "Planimetria dei locali"


def draft(admin: Reader, title: str, *, region: str = "Toscana", places: int = 1) -> None:
    """Everything that a call needs, with two criteria and two things to attach; then its preview."""
    today = clock.today()
    admin.open("/selections")
    admin.follow(_("New call"))
    admin.fill(
        title=title,
        text="## Chi cerchiamo\n\nAmministrazioni che **ospitano** uno sportello.",
        opens_at=f"{today - timedelta(days=1)}T09:00",
        closes_at=f"{today + timedelta(days=20)}T12:00",
    )
    admin.tick(_(HOST_KINDS["municipality"]), _(HOST_KINDS["university"]), region)
    admin.page.get_by_label(_("Places in %(region)s", region=region), exact=True).fill(str(places))
    for number, label in enumerate((DEED, ROOMS), 1):
        add_row(admin, _("Add something to attach"), f"file_{number}_label")
        admin.fill(**{f"file_{number}_label": label})
    admin.page.get_by_text(_("%(number)s. Must be attached", number=2), exact=True).click()
    admin.fill(criterion_1_name="Esperienza", criterion_1_max_points="20", criterion_1_weight="60")
    add_row(admin, _("Add a criterion"), "criterion_2_name")
    admin.fill(criterion_2_name="Orari", criterion_2_max_points="10", criterion_2_weight="40")
    admin.press(_("Save and look at it"))


def add_row(admin: Reader, button: str, field: str) -> None:
    """With scripts a part of the page comes anew, without them all of it."""
    admin.page.get_by_role("button", name=button, exact=True).click()
    admin.page.locator(f"[name={field}]").wait_for()


def publish(admin: Reader) -> str:
    """From the preview to the public page; gives the call's address there."""
    admin.follow(_("Back to the selection"))
    admin.follow(_("Publish …"))
    admin.press(_("Publish the call"))
    admin.reads(_("The call is published."))
    selection = admin.path
    admin.follow(_("The public page"))
    slug = admin.path.rpartition("/")[2]
    admin.open(selection)
    return slug


def let_term_end(stack: Stack, slug: str) -> None:
    """Weeks go by: the server's processes have no clock that a test could move, so the term moves to now."""
    ended = stack.ask(
        "UPDATE calls SET closes_at = clock_timestamp() WHERE slug = $1 RETURNING closes_at", slug
    )
    assert ended


def name_evaluators(admin: Reader, stack: Stack, selection: str, *emails: str) -> None:
    admin.open(f"{selection}/evaluators")
    for email in emails:
        admin.choose(membership_id=stack.ask("SELECT name FROM accounts WHERE email = $1", email))
        admin.press(_("Name as evaluator"))


def close(admin: Reader, selection: str) -> None:
    admin.open(selection)
    admin.follow(_("Close …"))
    admin.press(_("Close the call and begin the evaluation"))
    admin.reads(_("The call is closed, and the evaluation begins."))


def evaluate(evaluator: Reader, administration: str, *points: int) -> None:
    """From the list of one's evaluations: declare, give points, submit."""
    evaluator.open("/evaluations")
    evaluator.follow(administration, exact=True)
    evaluator.press(_("I declare it"))
    for number, given in enumerate(points, 1):
        evaluator.fill(**{f"points_{number}": str(given)})
    evaluator.fill(note="Sede adatta e personale esperto.")
    evaluator.press(_("Go on to submit"))
    evaluator.press(_("Submit for good"))
    evaluator.reads(_("Your evaluation is submitted."))
