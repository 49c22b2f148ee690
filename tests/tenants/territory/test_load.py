import pytest

from hub.db import network_transaction
from hub.tenants.territory import load
from hub.tenants.territory.build_data import Municipality
from hub.tenants.territory.data import read_municipalities
from hub.tenants.territory.queries import find_municipalities, region_names
from tests.support.databases import Database, connected


@pytest.mark.usefixtures("db")
async def test_migrating_loaded_the_whole_list() -> None:
    async with network_transaction() as scope:
        count = await scope.fetchval("SELECT count(*) FROM municipalities")
        names = await region_names(scope)
    assert count == len(list(read_municipalities()))
    assert list(names)[14:16] == ["15", "16"]
    assert names["15"] == "Campania"


@pytest.mark.usefixtures("db")
async def test_postal_codes_lead_to_municipalities() -> None:
    async with network_transaction() as scope:
        places = await scope.fetchval(
            "SELECT municipalities FROM postal_codes WHERE code = $1", "80142"
        )
        stray = await scope.fetchval(
            """
            SELECT count(*) FROM postal_codes, unnest(municipalities) AS one(istat_code)
            WHERE NOT EXISTS (SELECT FROM municipalities m WHERE m.istat_code = one.istat_code)
            """
        )
    assert places == ["063049"]
    assert stray == 0


async def test_loading_again_corrects_and_adds_but_removes_nothing(
    own_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *others = list(read_municipalities())[:50]
    renamed = first._replace(name="Borgo Nuovo", name_search="borgo nuovo")
    founded = Municipality(
        "999999", "Appena Nata", "", "appena nata", "TO", "Torino", "01", "Piemonte", "centre-north", "Z999"
    )  # fmt: skip
    monkeypatch.setattr(load, "read_municipalities", lambda: iter([renamed, founded, *others]))
    written = "SELECT count(*) FROM municipalities WHERE xmin::text = $1"
    async with connected(own_database.owner_url) as owner:
        total = await owner.fetchval("SELECT count(*) FROM municipalities")

        await load.load_reference(owner)

        newest = await owner.fetchval(
            "SELECT xmin::text FROM municipalities WHERE istat_code = '999999'"
        )
        assert await owner.fetchval(written, newest) == 2
        assert await owner.fetchval("SELECT count(*) FROM municipalities") == total + 1


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    ("typed", "first", "also"),
    [
        ("nap", "Napoli", None),
        ("REGGIO", "Reggio di Calabria", "Reggio nell'Emilia"),
        ("l'aq", "L'Aquila", None),
        ("bozen", "Bolzano", None),
        ("forli", "Forlì", "Forlimpopoli"),
        ("corigliano rossano", "Corigliano-Rossano", None),
        ("lecce", "Lecce", "Lecce nei Marsi"),
    ],
)
async def test_a_municipality_is_found_by_what_is_typed(
    typed: str, first: str, also: str | None
) -> None:
    async with network_transaction() as scope:
        found = [row.name for row in await find_municipalities(scope, typed)]
    assert found[0] == first
    assert also is None or also in found


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("typed", ["", "  ", "%", "_", "xyzzy", "'; DROP TABLE regions --"])
async def test_nothing_is_found_by_what_is_no_name(typed: str) -> None:
    async with network_transaction() as scope:
        assert await find_municipalities(scope, typed) == []


@pytest.mark.usefixtures("db")
async def test_a_search_can_be_kept_to_a_region() -> None:
    async with network_transaction() as scope:
        found = await find_municipalities(scope, "san", region_code="18", limit=100)
    assert len(found) > 20
    assert {row.region_code for row in found} == {"18"}
