"""The templates: numbered versions of each kind that never change. The first is ours, made when it is first needed."""

from uuid import UUID

from hub import audit
from hub.db import TenantScope
from hub.errors import Conflict, NotFound
from hub.idempotency import once
from hub.ids import uuid7
from hub.tenants.accounts.actor import Actor
from hub.tenants.protocols import editions, register
from hub.tenants.protocols.first_texts import FIRST_TEXTS
from hub.tenants.protocols.schemas import KINDS, NewVersion, ProtocolTemplate
from hub.web.i18n import N_


class NotTheLast(Conflict):
    code = "not-the-last-version"
    message = N_(
        "A newer version was saved in the meantime. Look at it first, then begin again from there."
    )


class Unchanged(Conflict):
    status = 422
    code = "unchanged"
    message = N_("Nothing differs from the last version, so there is nothing to save.")


async def current_template(scope: TenantScope, kind: str) -> ProtocolTemplate:
    """The last version. `kind` is one of KINDS."""
    found = await editions.last_template(scope, kind)
    if found is None:
        await register.lock_register(scope)
        found = await editions.last_template(scope, kind)
    if found is None:
        first = FIRST_TEXTS[kind]
        await editions.add_template(
            scope, uuid7(), kind, 1, first.title, first.text, first.years, None
        )
        found = await editions.last_template(scope, kind)
    if found is None:
        raise LookupError(kind)
    return found


async def every_template(scope: TenantScope) -> dict[str, list[ProtocolTemplate]]:
    """By kind, the newest first; there is one of each at least."""
    found = await editions.list_templates(scope)
    missing = KINDS.keys() - {one.kind for one in found}
    if missing:
        for kind in sorted(missing):
            await current_template(scope, kind)
        found = await editions.list_templates(scope)
    return {kind: [one for one in found if one.kind == kind] for kind in KINDS}


async def save_version(
    scope: TenantScope, actor: Actor, based_on: UUID, asked: NewVersion, key: UUID
) -> UUID:
    """The next number of that kind; the text was checked. Raises NotFound, NotTheLast, Unchanged."""
    template_id = uuid7()
    before = await once(scope, "protocols.save_version", key, template_id, content=asked)
    if before:
        return before
    await register.lock_register(scope)
    base = await editions.find_template(scope, based_on)
    if base is None:
        raise NotFound
    last = await current_template(scope, base.kind)
    if last.id != base.id:
        raise NotTheLast
    if (asked.title, asked.text, asked.years) == (last.title, last.text.strip(), last.years):
        raise Unchanged
    await editions.add_template(
        scope,
        template_id,
        base.kind,
        last.number + 1,
        asked.title,
        asked.text,
        asked.years,
        actor.membership_id,
    )
    await audit.record(
        scope, actor, "protocol_template.saved", "protocol_template", template_id, kind=base.kind
    )
    return template_id
