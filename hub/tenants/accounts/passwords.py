"""Passwords: argon2id with the library's current parameters (RFC 9106's second choice: 64 MiB, 3 passes)."""

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12
LONGEST = 200

_hasher = PasswordHasher()


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("nobody has this password")


def hash_password(password: str) -> str:
    """Takes tens of milliseconds and 64 MiB; a page calls `hashed`, which does it beside the event loop."""
    return _hasher.hash(password)


async def hashed(password: str) -> str:
    return await asyncio.to_thread(hash_password, password)


async def matches(password_hash: str | None, password: str) -> bool:
    """Takes the same time whether or not there is an account, so that the clock tells nothing."""
    return await asyncio.to_thread(_verify, password_hash, password)


def _verify(password_hash: str | None, password: str) -> bool:
    try:
        _hasher.verify(password_hash or _nobodys_hash(), password)
    except VerificationError:
        return False
    except InvalidHashError:
        # An account without a password yet: refusing at once would tell that there is one.
        return _verify(None, password)
    return password_hash is not None
