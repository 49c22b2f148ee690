"""Statements on the code that is mailed to whoever accepts an invitation."""

from uuid import UUID

from hub.db import NetworkScope


async def order_code(scope: NetworkScope, invitation_id: UUID, sent: int) -> None:
    """The code itself comes with the letter."""
    await scope.execute(
        """
        UPDATE invitations SET code_hash = NULL, code_sent_at = $2, code_attempts = 0, codes_sent = $3
        WHERE id = $1
        """,
        invitation_id,
        scope.now,
        sent,
    )


async def keep_code(scope: NetworkScope, invitation_id: UUID, code_hash: bytes) -> bool:
    """False where it was accepted, or revoked, in the meantime."""
    return (
        await scope.execute(
            "UPDATE invitations SET code_hash = $2 WHERE id = $1 AND state = 'open'",
            invitation_id,
            code_hash,
        )
        == 1
    )


async def count_code_attempt(scope: NetworkScope, invitation_id: UUID) -> None:
    await scope.execute(
        "UPDATE invitations SET code_attempts = code_attempts + 1 WHERE id = $1", invitation_id
    )


async def mark_asked_again(scope: NetworkScope, invitation_id: UUID) -> None:
    await scope.execute(
        "UPDATE invitations SET asked_again_at = $2 WHERE id = $1", invitation_id, scope.now
    )
