"""The receipt of an application, on paper: what was submitted, when, under which number, and its hash."""

from collections.abc import Mapping

from hub.clock import day_of
from hub.pdf import render_pdf
from hub.tenants.calls.applications.schemas import (
    DECLARATIONS,
    LEGAL_BASES,
    Application,
    Content,
    ProposedDesk,
)
from hub.tenants.calls.schemas import HOST_KINDS, Call
from hub.web import i18n
from hub.web.formats import format_datetime, format_number
from hub.web.i18n import gettext as _
from hub.web.i18n import ngettext

Pairs = list[tuple[str, str]]


def receipt_pdf(application: Application, call: Call, places: Mapping[str, str]) -> bytes:
    """In the language of `reading_in`. `places` has the names of municipalities by ISTAT code."""
    content, submitted_at = application.content, application.submitted_at
    if content is None or submitted_at is None or application.content_hash is None:
        raise ValueError("a draft has no receipt")
    day = day_of(submitted_at)
    labels = {file.code: file.label for file in call.required_files}
    return render_pdf(
        "tenants/calls/receipt.typ",
        {
            "title": _("Receipt of an application"),
            "locale": i18n.locale(),
            "date": [day.year, day.month, day.day],
            "footer": f"{content.organisation.name} · {application.protocol}",
            "call": call.title,
            "facts": [
                (_("Protocol number"), application.protocol),
                (_("Received at"), format_datetime(submitted_at, "long", seconds=True)),
            ],
            "organisation": _organisation(content, places),
            "desks": [_desk(desk, places) for desk in content.desks],
            "contacts": _contacts(content),
            "declarations": [_(DECLARATIONS[code]) for code in content.declarations],
            "files": [
                {
                    "label": labels.get(file.kind, file.kind),
                    "name": file.name,
                    "size": _("%(size)s bytes", size=format_number(file.size)),
                    "sha256": file.sha256,
                }
                for file in content.files
            ],
            "hash": application.content_hash.hex(),
            "words": {
                "organisation": _("Administration"),
                "desks": _("Desks proposed"),
                "contacts": _("Contacts"),
                "declarations": _("Declarations"),
                "files": _("Attachments"),
                "proof": _("Proof of what was submitted"),
                "how": _(
                    "This is the SHA-256 of the file application.json that came with this receipt: it holds all that was"
                    " submitted, and the SHA-256 of each attachment. Any program that computes it shows whether a copy"
                    " is unaltered."
                ),
            },
        },
    )


def _organisation(content: Content, places: Mapping[str, str]) -> Pairs:
    organisation = content.organisation
    return [
        (_("Name"), organisation.name),
        (_("Kind of host"), _(HOST_KINDS[organisation.kind])),
        (_("Fiscal code"), organisation.fiscal_code),
        (_("IPA code"), organisation.ipa_code),
        (_("Address"), f"{organisation.address}, {_place(organisation.municipality_code, places)}"),
        (_("Legal basis"), _(LEGAL_BASES[organisation.legal_basis])),
    ]


def _desk(desk: ProposedDesk, places: Mapping[str, str]) -> dict[str, object]:
    staff = ngettext("%(num)s operator", "%(num)s operators", desk.staff)
    return {
        "name": desk.name,
        "lines": [
            f"{desk.address}, {_place(desk.municipality_code, places)}",
            *desk.opening_hours.split("\n"),
            staff,
        ],
    }


def _contacts(content: Content) -> Pairs:
    contacts = content.contacts
    pairs = [
        (_("Person"), f"{contacts.person_name}, {contacts.person_role}"),
        (_("Telephone"), contacts.phone),
        (_("E-mail"), contacts.email),
        (_("Certified e-mail"), contacts.certified_email),
    ]
    return [(name, value) for name, value in pairs if value]


def _place(code: str, places: Mapping[str, str]) -> str:
    return places.get(code, code)
