"""What comes too late or too early: decided by the database's clock, told here in words."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg

from hub.errors import Conflict
from hub.web.i18n import N_

# As the triggers of migration 0006 raise them.
_OVER, _NOT_YET = "HB001", "HB002"


class TermOver(Conflict):
    code = "term-over"
    message = N_(
        "The term is over, so nothing can be sent or changed any more. What was saved can still be read."
    )


class NotOpenYet(Conflict):
    code = "not-open-yet"
    message = N_("This call is not open yet.")


@asynccontextmanager
async def in_time() -> AsyncGenerator[None]:
    """Around statements that the database may refuse for their time. Raises TermOver or NotOpenYet.

    The transaction is lost with it: nothing else can be done in the same scope.
    """
    try:
        yield
    except asyncpg.PostgresError as error:
        if error.sqlstate == _OVER:
            raise TermOver from error
        if error.sqlstate == _NOT_YET:
            raise NotOpenYet from error
        raise
