"""Files are kept whole, in parts, and in their organisation's space."""

from __future__ import annotations

import hashlib
import os
from uuid import UUID

import pytest

from hub import files
from hub.db import tenant_transaction
from hub.files import PART_OCTETS
from tests.factories import make_tenant

pytestmark = pytest.mark.usefixtures("db")


@pytest.mark.parametrize("size", [1, PART_OCTETS, PART_OCTETS + 1, 3 * PART_OCTETS - 7])
async def test_a_file_comes_back_as_it_was(size: int) -> None:
    tenant, content = await make_tenant(), os.urandom(size)
    async with tenant_transaction(tenant.id) as scope:
        file_id = await files.store(scope, "statuto.pdf", "application/pdf", content)
    async with tenant_transaction(tenant.id) as scope:
        found = await files.find(scope, file_id)
        assert await files.content(scope, file_id) == content
    assert found is not None
    assert (found.name, found.size) == ("statuto.pdf", size)
    assert found.sha256 == hashlib.sha256(content).digest()


async def test_another_organisation_finds_nothing() -> None:
    tenant, other = await make_tenant(), await make_tenant()
    async with tenant_transaction(tenant.id) as scope:
        file_id = await files.store(scope, "statuto.pdf", "application/pdf", b"%PDF")
    async with tenant_transaction(other.id) as scope:
        assert await files.find(scope, file_id) is None
        assert await files.content(scope, file_id) == b""
        await files.delete(scope, file_id)
    async with tenant_transaction(tenant.id) as scope:
        assert await files.content(scope, file_id) == b"%PDF"


async def _broken_off(tenant_id: UUID) -> None:
    async with tenant_transaction(tenant_id) as scope:
        await files.store(scope, "statuto.pdf", "application/pdf", os.urandom(PART_OCTETS * 2))
        raise RuntimeError


async def test_a_transaction_that_fails_leaves_no_part() -> None:
    tenant = await make_tenant()
    with pytest.raises(RuntimeError):
        await _broken_off(tenant.id)
    async with tenant_transaction(tenant.id) as scope:
        assert await scope.fetchval("SELECT count(*) FROM files") == 0
        assert await scope.fetchval("SELECT count(*) FROM file_parts") == 0


async def test_parts_go_with_their_file() -> None:
    tenant = await make_tenant()
    async with tenant_transaction(tenant.id) as scope:
        file_id = await files.store(scope, "statuto.pdf", "application/pdf", b"%PDF")
        await files.delete(scope, file_id)
        assert await scope.fetchval("SELECT count(*) FROM file_parts") == 0
