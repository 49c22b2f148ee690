"""Saving what an organisation writes of itself."""

from typing import Any

from hub import audit
from hub.db import TenantScope
from hub.errors import Conflict, NotFound
from hub.tenants.accounts.actor import Actor
from hub.tenants.onboarding.touch import touch
from hub.tenants.organisation import patron, queries
from hub.tenants.organisation.closing import Patron
from hub.tenants.organisation.schemas import OWN_PATRON, Details, Organisation
from hub.web.i18n import N_


class ChangedMeanwhile(Conflict):
    code = "changed-meanwhile"
    message = N_("Someone else has changed this in the meantime.")


async def own(scope: TenantScope, *, lock: bool = False) -> Organisation:
    found = await queries.organisation(scope, scope.tenant_id, lock=lock)
    if found is None:
        raise NotFound
    return found


async def save_details(
    scope: TenantScope, actor: Actor, asked: Details, saint: Patron | None
) -> None:
    """What is no business of its kinds stays as it is. Raises ChangedMeanwhile."""
    stored = await own(scope, lock=True)
    if stored.version != asked.version:
        raise ChangedMeanwhile
    values = _values(stored, asked, saint)
    changed = {name: value for name, value in values.items() if getattr(stored, name) != value}
    if not changed:
        return
    await queries.save(scope, changed)
    await audit.record(
        scope,
        actor,
        "settings.changed",
        "organisation",
        scope.tenant_id,
        fields=",".join(sorted(changed)),
    )
    await touch(scope, scope.tenant_id)


def _values(stored: Organisation, asked: Details, saint: Patron | None) -> dict[str, object]:
    values: dict[str, object] = {
        name: getattr(asked, name)
        for name in (
            "locale",
            "time_zone",
            "email",
            "certified_email",
            "phone",
            "website",
            "address",
            "postal_code",
        )
    }
    if "host" in stored.kinds:
        values |= _of_desks(asked, saint)
    if "lender" in stored.kinds:
        values["lender_category"] = asked.lender_category
        values["lender_register"] = asked.lender_register
    if "tutor" in stored.kinds:
        values["tutor_register"] = asked.tutor_register
    return values


def _of_desks(asked: Details, saint: Patron | None) -> dict[str, object]:
    """What is shown at desks, or closes them."""
    return {
        "accessibility_url": asked.accessibility_url,
        "feedback_email": asked.feedback_email,
        "patron_province": saint.province if saint else None,
        "patron_month": saint.month if saint else None,
        "patron_day": saint.day if saint else None,
        "patron_name": (saint.name or None) if saint else None,
    }


def known_of(stored: Organisation) -> dict[str, Any]:
    """The form’s fields as they are stored."""
    known: dict[str, Any] = {
        name: getattr(stored, name) for name in Details.__struct_fields__ if name in stored._fields
    }
    saint = patron.of(stored)
    known["patron"] = (saint.province or OWN_PATRON) if saint else ""
    known["patron_date"] = patron.own_day_typed(stored)
    return known
