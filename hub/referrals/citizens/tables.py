"""Citizens are the organisation's own, whichever of its desks they came to."""

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Bytea, Date, Integer, Text, Timestamptz
from piccolo.table import Table


class Citizen(Table, tablename="citizens"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    codice_fiscale = Bytea(null=True)
    codice_fiscale_token = Bytea(null=True)
    given_name = Text()
    family_name = Text()
    name_search = Text()
    birth_date = Date(null=True)
    email = Text(null=True)
    phone = Text(null=True)
    municipality_code = Text(null=True)
    created_at = Timestamptz()
    created_by = UUIDColumn()
    version = Integer()
