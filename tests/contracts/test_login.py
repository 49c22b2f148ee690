"""The hub refuses to start with a login that row security does not bind, or that can become someone like that."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from hub.errors import Unavailable
from hub.logins import UnsafeLogin, check_login
from hub.roles import LOGIN_ROLES, WEB_LOGIN, WORKER_LOGIN
from tests.factories import unique
from tests.support.cutting_proxy import CuttingProxy, Point
from tests.support.databases import Connection, Database, connected

WEB_ROLES = LOGIN_ROLES[WEB_LOGIN]
GRANTS = "".join(f"GRANT {role} TO {{login}} WITH INHERIT FALSE;" for role in WEB_ROLES)

Login = Callable[[str], Awaitable[str]]


@pytest.fixture
async def superuser(db: Database) -> AsyncIterator[Connection]:
    async with connected(db.superuser_url) as connection:
        yield connection


@pytest.fixture
async def new_login(db: Database, superuser: Connection) -> AsyncIterator[Login]:
    """Makes a login with the statements given; `{login}` and `{other}` are its name and that of a role beside it."""
    made: list[str] = []

    async def new(statements: str) -> str:
        login, other = (unique(word).replace("-", "_") for word in ("login", "other"))
        made.extend((login, other))
        await superuser.execute(
            f"CREATE ROLE {other}; CREATE ROLE {login} LOGIN PASSWORD '{login}'"
        )
        await superuser.execute(statements.format(login=login, other=other))
        return db.url(login)

    yield new
    for name in made:
        await superuser.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")


@pytest.mark.parametrize("login", LOGIN_ROLES)
async def test_the_hubs_logins_are_safe(db: Database, login: str) -> None:
    await check_login(db.url(login), LOGIN_ROLES[login])


async def test_a_login_with_the_same_roles_is_as_good(new_login: Login) -> None:
    await check_login(await new_login(GRANTS), WEB_ROLES)


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        ("ALTER ROLE {login} SUPERUSER", "superuser"),
        ("ALTER ROLE {login} BYPASSRLS", "row security"),
        ("ALTER ROLE {login} REPLICATION", "copy the whole server"),
        ("CREATE TABLE {login} (); ALTER TABLE {login} OWNER TO {login}", "owner"),
        ("CREATE VIEW {login} AS SELECT 1; ALTER VIEW {login} OWNER TO {login}", "owner"),
        ("GRANT hub_owner TO {login} WITH INHERIT FALSE", "hub_owner.*owner"),
        ("GRANT hub_owner TO {login} WITH INHERIT FALSE, SET FALSE, ADMIN TRUE", "owner"),
        ("GRANT hub_owner TO {other}; GRANT {other} TO {login} WITH INHERIT FALSE", "owner"),
        ("ALTER ROLE {other} SUPERUSER; GRANT {other} TO {login} WITH INHERIT FALSE", "superuser"),
        ("ALTER ROLE {other} BYPASSRLS; GRANT {other} TO {login} WITH INHERIT FALSE", "security"),
        ("REVOKE hub_router FROM {login}", "cannot become hub_router"),
        ("GRANT hub_relay TO {login} WITH INHERIT FALSE", "hub_relay.*not need"),
        ("GRANT hub_app TO {login} WITH INHERIT TRUE", "hub_app.*outside"),
        ("GRANT hub_app TO {login} WITH SET FALSE", "cannot become hub_app"),
        ("GRANT pg_read_all_data TO {login}", "pg_read_all_data.*outside"),
        ("GRANT pg_execute_server_program TO {login} WITH INHERIT FALSE", "pg_execute_server"),
    ],
)
async def test_a_login_that_can_do_too_much_or_too_little_is_refused(
    new_login: Login, mistake: str, said: str
) -> None:
    url = await new_login(GRANTS + mistake)
    with pytest.raises(UnsafeLogin, match=said):
        await check_login(url, WEB_ROLES)


@pytest.mark.parametrize("login", ["hub_owner", WORKER_LOGIN])
async def test_the_owner_and_the_worker_cannot_serve_the_web(db: Database, login: str) -> None:
    with pytest.raises(UnsafeLogin):
        await check_login(db.url(login), WEB_ROLES)


async def test_a_superuser_cannot_serve_the_web(db: Database) -> None:
    with pytest.raises(UnsafeLogin, match="superuser"):
        await check_login(db.superuser_url, WEB_ROLES)


async def test_a_wrong_password_is_said_without_the_password(db: Database) -> None:
    url = db.web_url.replace(":web@", ":hunter2@")
    with pytest.raises(UnsafeLogin, match="InvalidPassword") as caught:
        await check_login(url, WEB_ROLES)
    assert "hunter2" not in str(caught.value)


async def test_a_server_that_is_away_is_no_judgement(db: Database) -> None:
    with pytest.raises(Unavailable):
        await check_login("postgresql://hub_web:x@127.0.0.1:1/hub", WEB_ROLES)


@pytest.mark.parametrize("reset", [True, False])
async def test_nor_is_one_that_goes_away_while_it_is_asked(db: Database, *, reset: bool) -> None:
    """Wherever in the conversation that happens: a worker must wait then, not refuse to start."""
    proxy = CuttingProxy(db.web_url)
    proxy.keeps_dialogues = True
    await proxy.open()
    await check_login(proxy.url, WEB_ROLES)
    length = len(proxy.dialogues[0].server)
    points = [Point(after, of_client=False, reset=reset) for after in range(0, length, 200)]
    proxy.plan.extend(points)
    for _ in points[:-1]:
        with pytest.raises(Unavailable):
            await check_login(proxy.url, WEB_ROLES)
    await proxy.close()
