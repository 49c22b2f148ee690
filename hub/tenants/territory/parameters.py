"""ISTAT's codes as parameters of the JSON."""

from hub.api.parameters import InvalidParameters
from hub.db import Scope
from hub.tenants.territory.queries import municipalities_by_code, region_names
from hub.web.i18n import N_
from hub.web.i18n import gettext as _

_NO_REGION = N_("ISTAT lists no region with this code of 2 digits.")
_NO_MUNICIPALITY = N_("ISTAT lists no municipality with this code of 6 digits.")


async def check_codes(scope: Scope, *, region: str = "", municipality: str = "") -> None:
    """Raises InvalidParameters for a code that is nobody's; what is empty was not asked for."""
    errors = []
    if region and region not in await region_names(scope):
        errors.append({"name": "region", "reason": _(_NO_REGION)})
    if municipality and not await municipalities_by_code(scope, [municipality]):
        errors.append({"name": "municipality", "reason": _(_NO_MUNICIPALITY)})
    if errors:
        raise InvalidParameters(errors)
