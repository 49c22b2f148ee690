from piccolo.columns import Array, Boolean, DoublePrecision, Text
from piccolo.table import Table


class Region(Table, tablename="regions"):
    code = Text(primary_key=True)
    name = Text()
    area = Text()


class Province(Table, tablename="provinces"):
    code = Text(primary_key=True)
    name = Text()
    region_code = Text()


class Municipality(Table, tablename="municipalities"):
    istat_code = Text(primary_key=True)
    name = Text()
    other_name = Text(null=True)
    name_search = Text()
    province_code = Text()
    region_code = Text()
    cadastral_code = Text(null=True)
    latitude = DoublePrecision(null=True)
    longitude = DoublePrecision(null=True)
    approximate = Boolean()


class PostalCode(Table, tablename="postal_codes"):
    code = Text(primary_key=True)
    municipalities = Array(base_column=Text())
