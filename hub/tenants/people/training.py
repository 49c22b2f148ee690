"""What somebody has learnt: a course, its day, and the certificate."""

from datetime import date
from uuid import UUID

from hub import files
from hub.db import TenantScope
from hub.errors import Conflict, NotFound
from hub.idempotency import once
from hub.ids import uuid7
from hub.tenants.accounts.actor import Actor
from hub.tenants.onboarding.touch import touch
from hub.tenants.people import queries
from hub.tenants.people.holding import stay_administrator
from hub.tenants.people.invite import tell
from hub.tenants.people.schemas import Member, Training
from hub.uploads import CheckedFile
from hub.web.i18n import N_

MOST_TRAININGS = 100


class TooManyTrainings(Conflict):
    code = "too-many-trainings"
    message = N_("A person can have at most 100 trainings here.")


async def find_member(scope: TenantScope, membership_id: UUID) -> Member:
    member = await queries.member(scope, membership_id)
    if member is None:
        raise NotFound
    return member


async def find_training(scope: TenantScope, membership_id: UUID, training_id: UUID) -> Training:
    for training in await queries.trainings_of(scope, membership_id):
        if training.id == training_id:
            return training
    raise NotFound


async def record_training(
    scope: TenantScope,
    actor: Actor,
    membership_id: UUID,
    course: str,
    completed_on: date,
    certificate: tuple[CheckedFile, bytes],
    key: UUID,
) -> UUID:
    """Raises NotFound, TooManyTrainings, KeyReused, NoLongerAdministrator."""
    await stay_administrator(scope, actor)
    await find_member(scope, membership_id)
    training_id = uuid7()
    said = [str(membership_id), course, completed_on.isoformat()]
    if known := await once(scope, "people.record_training", key, training_id, content=said):
        return known
    if len(await queries.trainings_of(scope, membership_id)) >= MOST_TRAININGS:
        raise TooManyTrainings
    checked, content = certificate
    file_id = await files.store(scope, checked.name, checked.media_type, content)
    training = Training(training_id, membership_id, course, completed_on, file_id, checked.name)
    await queries.add_training(scope, training, actor.membership_id)
    await _tell(scope, actor, "training.recorded", training)
    return training_id


async def remove_training(
    scope: TenantScope, actor: Actor, membership_id: UUID, training_id: UUID
) -> None:
    """With its certificate. Raises NotFound, NoLongerAdministrator."""
    await stay_administrator(scope, actor)
    training = await find_training(scope, membership_id, training_id)
    await queries.remove_training(scope, training_id)
    await files.delete(scope, training.certificate_id)
    await _tell(scope, actor, "training.removed", training)


async def _tell(scope: TenantScope, actor: Actor, action: str, training: Training) -> None:
    await tell(
        scope,
        scope.tenant_id,
        actor,
        action,
        member=str(training.membership_id),
        training=str(training.id),
        completed_on=training.completed_on.isoformat(),
    )
    await touch(scope, scope.tenant_id)
