"""Statements on applications. Those for an applicant take the one application's id that the link names."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from hub.db import TenantScope
from hub.ids import uuid7
from hub.tenants.calls.applications.schemas import (
    Application,
    Attached,
    Completion,
    Content,
    ProposedDesk,
)

_COLUMNS = ", ".join(Application.__struct_fields__)


async def find(
    scope: TenantScope, application_id: UUID, *, lock: bool = False
) -> Application | None:
    """`lock` keeps it as it is until the transaction ends."""
    row = await scope.fetchrow(
        f"SELECT {_COLUMNS} FROM applications WHERE id = $1" + (" FOR UPDATE" if lock else ""),
        application_id,
    )
    return _application(row) if row else None


def _application(row: Any) -> Application:
    values = dict(row)
    if values["content"] is not None:
        values["content"] = msgspec.convert(values["content"], Content)
    return Application(**values)


async def of_address(scope: TenantScope, call_id: UUID, email: str) -> Application | None:
    """The one that this address prepares or has submitted, or else the last it withdrew."""
    row = await scope.fetchrow(
        f"""
        SELECT {_COLUMNS} FROM applications
        WHERE tenant_id = $1 AND call_id = $2 AND email = $3
        ORDER BY state = 'withdrawn', created_at DESC LIMIT 1
        """,
        scope.tenant_id,
        call_id,
        email,
    )
    return _application(row) if row else None


async def add(scope: TenantScope, call_id: UUID, email: str, locale: str) -> UUID | None:
    """Within `terms.in_time`. None where the address has one already that is not withdrawn."""
    added: UUID | None = await scope.fetchval(
        """
        INSERT INTO applications (id, tenant_id, call_id, email, locale, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $6)
        ON CONFLICT (tenant_id, call_id, email) WHERE state <> 'withdrawn' DO NOTHING RETURNING id
        """,
        uuid7(),
        scope.tenant_id,
        call_id,
        email,
        locale,
        scope.now,
    )
    return added


async def renew_link(scope: TenantScope, application_id: UUID) -> int:
    """Links made before open nothing any more; returns the version of the next."""
    version: int = await scope.fetchval(
        """
        UPDATE applications SET link_version = link_version + 1 WHERE id = $1 RETURNING link_version
        """,
        application_id,
    )
    return version


async def save_answers(
    scope: TenantScope, application_id: UUID, step: str, answers: dict[str, list[str]], version: int
) -> int | None:
    """Within `terms.in_time`. The new version, or None where it is no draft or has another version by now."""
    found: int | None = await scope.fetchval(
        """
        UPDATE applications
        SET answers = answers || jsonb_build_object($2::text, $3::jsonb), version = version + 1,
          updated_at = $5
        WHERE id = $1 AND state = 'draft' AND version = $4 RETURNING version
        """,
        application_id,
        step,
        answers,
        version,
        scope.now,
    )
    return found


async def files_of(scope: TenantScope, application_id: UUID) -> list[Attached]:
    rows = await scope.fetch(
        """
        SELECT a.id, a.kind, a.completion_id, a.file_id, f.name, f.media_type, f.size, f.sha256, a.added_at
        FROM application_files a JOIN files f ON f.tenant_id = a.tenant_id AND f.id = a.file_id
        WHERE a.tenant_id = $1 AND a.application_id = $2 ORDER BY a.added_at, a.id
        """,
        scope.tenant_id,
        application_id,
    )
    return [Attached(*row) for row in rows]


async def attach(
    scope: TenantScope, application_id: UUID, kind: str, file_id: UUID, completion_id: UUID | None
) -> UUID:
    """Within `terms.in_time`."""
    attached_id = uuid7()
    await scope.execute(
        """
        INSERT INTO application_files (id, tenant_id, application_id, completion_id, kind, file_id, added_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        attached_id,
        scope.tenant_id,
        application_id,
        completion_id,
        kind,
        file_id,
        scope.now,
    )
    return attached_id


async def detach(scope: TenantScope, attached_id: UUID) -> None:
    await scope.execute("DELETE FROM application_files WHERE id = $1", attached_id)


async def hold_call(scope: TenantScope, call_id: UUID) -> None:
    """Nobody closes or changes the call before this transaction ends; others who submit hold it, too."""
    await scope.execute("SELECT FROM calls WHERE id = $1 FOR SHARE", call_id)


async def received_at(scope: TenantScope) -> datetime:
    """When the database began this transaction: the instant that counts."""
    found: datetime = await scope.fetchval("SELECT received_at()")
    return found


async def next_protocol_number(scope: TenantScope, year: int) -> int:
    """The following transaction waits for this one's end, and gets the same number if it fails: none is missing."""
    number: int = await scope.fetchval(
        """
        INSERT INTO protocol_counters AS c (id, tenant_id, year, last) VALUES ($1, $2, $3, 1)
        ON CONFLICT (tenant_id, year) DO UPDATE SET last = c.last + 1 RETURNING last
        """,
        uuid7(),
        scope.tenant_id,
        year,
    )
    return number


async def is_applied_for(scope: TenantScope, call_id: UUID, fiscal_code: str) -> bool:
    found: bool = await scope.fetchval(
        """
        SELECT EXISTS (SELECT FROM applications
          WHERE tenant_id = $1 AND call_id = $2 AND fiscal_code = $3
            AND state NOT IN ('draft', 'withdrawn'))
        """,
        scope.tenant_id,
        call_id,
        fiscal_code,
    )
    return found


async def freeze(
    scope: TenantScope,
    application_id: UUID,
    content: Content,
    content_hash: bytes,
    protocol: tuple[int, int],
) -> None:
    """What was prepared becomes what was submitted. Within `terms.in_time`; `protocol` is year and number."""
    organisation = content.organisation
    await scope.execute(
        """
        UPDATE applications SET state = 'submitted', content = $2, content_hash = $3,
          organisation_name = $4, host_kind = $5, fiscal_code = $6, ipa_code = $7, municipality_code = $8,
          region_code = $9, legal_basis = $10, protocol_year = $11, protocol_number = $12, updated_at = $13,
          version = version + 1
        WHERE id = $1
        """,
        application_id,
        msgspec.to_builtins(content),
        content_hash,
        organisation.name,
        organisation.kind,
        organisation.fiscal_code,
        organisation.ipa_code,
        organisation.municipality_code,
        organisation.region_code,
        organisation.legal_basis,
        *protocol,
        scope.now,
    )
    await _add_desks(scope, application_id, content.desks)


async def _add_desks(
    scope: TenantScope, application_id: UUID, desks: Sequence[ProposedDesk]
) -> None:
    await scope.executemany(
        """
        INSERT INTO application_desks
          (id, tenant_id, application_id, position, name, municipality_code, address, opening_hours, staff)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        [
            (
                uuid7(),
                scope.tenant_id,
                application_id,
                position,
                desk.name,
                desk.municipality_code,
                desk.address,
                desk.opening_hours,
                desk.staff,
            )
            for position, desk in enumerate(desks, 1)
        ],
    )


async def keep_receipt(scope: TenantScope, application_id: UUID, file_id: UUID) -> bool:
    """False where there is one already."""
    kept = await scope.execute(
        "UPDATE applications SET receipt_id = $2 WHERE id = $1 AND receipt_id IS NULL",
        application_id,
        file_id,
    )
    return bool(kept)


async def withdraw(scope: TenantScope, application_id: UUID, reason: str) -> None:
    await scope.execute(
        """
        UPDATE applications SET state = 'withdrawn', withdrawn_at = $2, withdrawn_reason = $3,
          updated_at = $2, version = version + 1
        WHERE id = $1
        """,
        application_id,
        scope.now,
        reason,
    )


async def ask_completion(
    scope: TenantScope, application_id: UUID, asked_by: UUID, request: str, due_at: datetime
) -> UUID:
    completion_id = uuid7()
    await scope.execute(
        """
        INSERT INTO application_completions (id, tenant_id, application_id, asked_at, asked_by, request, due_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        completion_id,
        scope.tenant_id,
        application_id,
        scope.now,
        asked_by,
        request,
        due_at,
    )
    await _touch(scope, application_id)
    return completion_id


async def completions_of(scope: TenantScope, application_id: UUID) -> list[Completion]:
    """The newest last."""
    rows = await scope.fetch(
        """
        SELECT id, asked_at, request, due_at, answered_at, answer FROM application_completions
        WHERE tenant_id = $1 AND application_id = $2 ORDER BY asked_at, id
        """,
        scope.tenant_id,
        application_id,
    )
    return [Completion(**dict(row)) for row in rows]


async def answer_completion(
    scope: TenantScope, application_id: UUID, completion_id: UUID, answer: str
) -> None:
    """Within `terms.in_time`; the database writes down when."""
    await scope.execute(
        "UPDATE application_completions SET answer = $2, answered_at = $3 WHERE id = $1",
        completion_id,
        answer,
        scope.now,
    )
    await _touch(scope, application_id)


async def _touch(scope: TenantScope, application_id: UUID) -> None:
    """Whoever has its page open is to see this before deciding about it."""
    await scope.execute(
        "UPDATE applications SET version = version + 1, updated_at = $2 WHERE id = $1",
        application_id,
        scope.now,
    )


async def forget_drafts(scope: TenantScope, *, decided_before: datetime, limit: int) -> int:
    """With their files: those that were never submitted to a call decided before then. Returns how many."""
    rows = await scope.fetch(
        """
        SELECT a.id FROM calls c
        JOIN applications a ON a.tenant_id = c.tenant_id AND a.call_id = c.id AND a.state = 'draft'
        WHERE c.tenant_id = $1 AND c.state = 'decided' AND c.decided_at < $2
        ORDER BY a.id LIMIT $3 FOR UPDATE OF a SKIP LOCKED
        """,
        scope.tenant_id,
        decided_before,
        limit,
    )
    ids = [row["id"] for row in rows]
    attached = await scope.fetch(
        "DELETE FROM application_files WHERE application_id = ANY($1) RETURNING file_id", ids
    )
    await scope.execute("DELETE FROM applications WHERE id = ANY($1)", ids)
    await scope.execute(
        "DELETE FROM files WHERE id = ANY($1)", [row["file_id"] for row in attached]
    )
    return len(ids)
