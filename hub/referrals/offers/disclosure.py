"""What a receiver is shown of a citizen: chosen field by field, fixed when the draft is made, never live.

The snapshot is a JSON object whose keys are below. The codice fiscale stays ciphertext in it, as everywhere.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from hub.crypto import decrypt
from hub.referrals.cases.queries import CaseDetails
from hub.referrals.citizens.codice_fiscale import masked
from hub.web.formats import format_date
from hub.web.i18n import N_
from hub.web.i18n import gettext as _

FIELDS = {
    "name": N_("Given name and family name"),
    "purpose": N_("What the loan is for"),
    "phone": N_("Telephone"),
    "email": N_("E-mail address"),
    "birth_date": N_("Date of birth"),
    "municipality": N_("Municipality of residence"),
    "codice_fiscale": N_("Codice fiscale"),
}
# Enough to judge the request and to call the citizen back; the rest can be asked of the citizen.
MINIMUM = ("name", "purpose", "phone", "email")

_SEALED = "codice_fiscale_sealed"

Snapshot = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of a disclosure, as a page shows it."""

    label: str
    value: str


def recorded(case: CaseDetails) -> list[str]:
    """The fields of which there is something to disclose."""
    return [name for name in FIELDS if snapshot(case, [name])]


def snapshot(case: CaseDetails, fields: Sequence[str]) -> dict[str, str]:
    """What is known of the chosen fields."""
    known: dict[str, str] = {}
    if "name" in fields:
        known |= {"given_name": case.given_name, "family_name": case.family_name}
    for name, value in (("purpose", case.purpose), ("phone", case.phone), ("email", case.email)):
        if name in fields and value:
            known[name] = value
    if "birth_date" in fields and case.birth_date:
        known["birth_date"] = case.birth_date.isoformat()
    if "municipality" in fields and case.municipality:
        known["municipality"] = f"{case.municipality} ({case.province_code})"
    if "codice_fiscale" in fields and case.codice_fiscale:
        known[_SEALED] = base64.b64encode(case.codice_fiscale).decode()
    return known


def codice_fiscale_of(disclosed: Snapshot) -> str | None:
    """In clear text."""
    sealed = disclosed.get(_SEALED)
    return decrypt(base64.b64decode(sealed)) if sealed else None


def lines(disclosed: Snapshot, *, clear: bool = False) -> list[Shown]:
    """For people, in the fields' order; the codice fiscale masked unless `clear`."""
    shown = []
    for name, label in FIELDS.items():
        value = _value(name, disclosed, clear=clear)
        if value:
            shown.append(Shown(_(label), value))
    return shown


def _value(name: str, disclosed: Snapshot, *, clear: bool) -> str:
    if name == "name":
        return f"{disclosed.get('given_name', '')} {disclosed.get('family_name', '')}".strip()
    if name == "codice_fiscale":
        code = codice_fiscale_of(disclosed)
        return "" if code is None else code if clear else masked(code)
    value = disclosed.get(name, "")
    return (
        format_date(date.fromisoformat(value), "long") if name == "birth_date" and value else value
    )
