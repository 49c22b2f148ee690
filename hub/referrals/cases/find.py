"""One search field for three things: a case number, a codice fiscale, or the beginning of a name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from codicefiscale import codicefiscale

from hub import audit
from hub.crypto import lookup_token
from hub.db import TenantScope
from hub.referrals.cases import queries
from hub.referrals.cases.number import WrongNumber, read_case_number
from hub.referrals.cases.queries import CaseRow
from hub.tenants.accounts.actor import Actor
from hub.tenants.territory.build_data import fold

MOST = 50
# Six letters first, then at least one digit: no name looks like it, mistyped or not.
_CODE = re.compile(r"(?=.*[0-9])[A-Z]{6}[A-Z0-9]{6,12}")
_WORDS = 4


@dataclass(frozen=True, slots=True)
class Found:
    """`problem` is set where what was typed has the shape of a number or a code, and a character is wrong."""

    by: Literal["number", "codice_fiscale", "name"]
    cases: Sequence[CaseRow] = ()
    case_id: UUID | None = None
    problem: Literal["wrong_number", "wrong_code", ""] = ""


async def find(scope: TenantScope, actor: Actor, typed: str) -> Found:
    """Never more than MOST + 1 cases. That someone was sought is kept, whom is not."""
    try:
        number = read_case_number(typed)
    except WrongNumber:
        return Found("number", problem="wrong_number")
    if number:
        case_id = await queries.case_id_by_number(scope, actor.desk_ids, number)
        return Found("number", case_id=case_id)
    code = re.sub(r"[\s-]", "", typed).upper()
    if _CODE.fullmatch(code):
        return await _by_code(scope, actor, code)
    return await _by_name(scope, actor, typed)


async def _by_code(scope: TenantScope, actor: Actor, code: str) -> Found:
    if not codicefiscale.is_valid(code):
        return Found("codice_fiscale", problem="wrong_code")
    await audit.record(scope, actor, "citizen.sought", "citizen", None, by="codice_fiscale")
    token = lookup_token(scope.tenant_id, code)
    return Found(
        "codice_fiscale", await queries.cases_by_token(scope, actor.desk_ids, token, MOST + 1)
    )


async def _by_name(scope: TenantScope, actor: Actor, typed: str) -> Found:
    """People write "Rossi Maria" and "Maria Rossi"; both find her."""
    words = fold(typed).split()
    if not words:
        return Found("name")
    turns = range(min(len(words), _WORDS))
    spellings = sorted({" ".join(words[turn:] + words[:turn]) for turn in turns})
    await audit.record(scope, actor, "citizen.sought", "citizen", None, by="name")
    return Found("name", await queries.cases_by_name(scope, actor.desk_ids, spellings, MOST + 1))
