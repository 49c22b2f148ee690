"""The document: a template filled in, as a PDF. The same protocol gives the same octets."""

from hashlib import sha256

import msgspec

from hub.pdf import render_pdf
from hub.tenants.protocols.schemas import Content, ProtocolTemplate
from hub.tenants.protocols.text import fill, parse
from hub.web.formats import format_date
from hub.web.i18n import gettext as _
from hub.web.i18n import ngettext, reading_in

# Templates are written in Italian, whatever the reader of the letter speaks.
LOCALE = "it"


def document_pdf(template: ProtocolTemplate, content: Content, number: str) -> bytes:
    """Takes some hundred milliseconds: call it through `asyncio.to_thread`."""
    day = content.issued_on
    mark = fingerprint(template, content, number)
    with reading_in(LOCALE):
        values = {
            "ente": content.ente,
            "organisation": content.organisation,
            "fiscal_code": content.fiscal_code or _("not stated"),
            "address": content.address or _("not stated"),
            "desks": "; ".join(content.desks)
            or _("the desks that the organisation will state in the hub"),
            "years": ngettext("%(num)s year", "%(num)s years", content.years),
            "today": format_date(day, "long"),
            "number": number,
        }
        blocks = fill(parse(template.text), values, content.desks)
        return render_pdf(
            "tenants/protocols/protocol.typ",
            {
                "title": template.title,
                "author": content.ente,
                "locale": LOCALE,
                "date": [day.year, day.month, day.day],
                "number": _("No. %(number)s of %(day)s", number=number, day=values["today"]),
                "blocks": [{"kind": block.kind, "texts": block.texts} for block in blocks],
                "parties": [content.ente, content.organisation],
                "footer": _(
                    "No. %(number)s · template version %(version)s · fingerprint %(mark)s",
                    number=number,
                    version=template.number,
                    mark=mark,
                ),
                "words": {
                    "signature": _("digital signature"),
                    "mark": _(
                        "The fingerprint at the foot of each page stands for the whole content of this document: a copy"
                        " with another fingerprint is another document."
                    ),
                },
            },
        )


def fingerprint(template: ProtocolTemplate, content: Content, number: str) -> str:
    """SHA-256 of all that the document is made of, its first half; to be compared on paper."""
    made_of = [number, template.kind, template.number, template.title, template.text, content]
    digest = sha256(msgspec.json.encode(made_of)).hexdigest()[:32]
    return " ".join(digest[start : start + 4] for start in range(0, len(digest), 4))
