"""A postal code beside the municipality it is said to be in."""

from typing import Any

from hub.db import TenantScope
from hub.tenants.territory.postal_codes import ELSEWHERE
from hub.tenants.territory.queries import postal_codes_of
from hub.web.forms import Form
from hub.web.i18n import gettext as _


async def check_postal_code(
    scope: TenantScope,
    form: Form[Any],
    municipality_code: str,
    municipality: str,
    stored: tuple[str | None, str | None],
) -> None:
    """As an import does; citizens search by it. `stored` (postal code, municipality's code) may stay as it is."""
    typed = form.value("postal_code").strip()
    if not typed or "postal_code" in form.errors or (typed, municipality_code) == stored:
        return
    known = await postal_codes_of(scope, municipality_code)
    if not known.can_have(typed):
        form.refuse(
            "postal_code",
            _(ELSEWHERE, place=municipality, codes=known.told),
        )
