"""Which organisation a row is about."""

from collections.abc import Sequence

from hub.db import NetworkScope
from hub.tenants.exchange import cells, found
from hub.tenants.exchange.cells import Column
from hub.tenants.exchange.schemas import Judged, Organisation, Parsed
from hub.web.i18n import N_

ORGANISATION = Column(
    "organisation",
    "Codice fiscale dell’organizzazione",
    "Fiscal code of the organisation",
    cells.reference,
    required=True,
    help=N_(
        "Of an organisation of the network. Its IPA code or its identifier in the hub is as good."
    ),
)

# For who reads the file; an import takes no notice of it.
ORGANISATION_NAME = Column(
    "organisation_name",
    "Organizzazione",
    "Name of the organisation",
    str,
    help=N_("Its name, for whoever reads the file: the hub goes by the code."),
)

Named = dict[str, list[Organisation]]


async def owners(scope: NetworkScope, rows: Sequence[Parsed]) -> Named:
    references = [row.values["organisation"] for row in rows if row.values.get("organisation")]
    return await found.organisations(scope, references)


def owner_of(
    judged: Judged, reference: str | None, named: Named, kind: str | None = None
) -> Organisation | None:
    """None where the row says none that is fit, which it is then told. `kind` is what the organisation must be."""
    if not reference:
        return None
    ones = [one for one in named.get(reference, []) if "coordinator" not in one.kinds]
    living = [one for one in ones if one.state != "closed"]
    if len(living) > 1:
        code = "ambiguous"
    elif not ones:
        code = "unknown_organisation"
    elif not living:
        code = "organisation_closed"
    elif kind and kind not in living[0].kinds:
        code = "not_a_host"
    else:
        return living[0]
    judged.errors.append(("organisation", code))
    return None
