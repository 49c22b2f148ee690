"""What an applicant's page needs of an application, read at once."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from hub.db import TenantScope
from hub.errors import NotFound
from hub.tenants.calls import queries as calls
from hub.tenants.calls.applications import queries
from hub.tenants.calls.applications.schemas import Application, Attached
from hub.tenants.calls.applications.steps import Places, Prepared, Typed, place_suffixes
from hub.tenants.calls.schemas import Call
from hub.tenants.territory.queries import municipalities_by_code


@dataclass
class Room:
    """`now` is when it was read."""

    application: Application
    call: Call
    files: list[Attached]
    prepared: Prepared
    now: datetime

    @property
    def is_open(self) -> bool:
        """Whether it can still be written; the database has the last word."""
        return self.application.state == "draft" and self.call.is_open(self.now)

    @property
    def fingerprint(self) -> str:
        """Of what the summary shows, so that nobody submits what another window has changed unseen."""
        attached = " ".join(str(file.file_id) for file in self.files)
        shown = f"{self.application.version} {attached}"
        return hashlib.sha256(shown.encode()).hexdigest()[:32]

    def take(self, application: Application, places: Places) -> None:
        """It was changed just now."""
        self.application = application
        known = {**self.prepared.places, **places}
        self.prepared = Prepared(self.call, application.answers, self.files, known)


async def room_of(scope: TenantScope, application: Application) -> Room:
    call = await calls.find(scope, application.call_id)
    if call is None:
        raise NotFound
    files = await queries.files_of(scope, application.id)
    places = await municipalities_by_code(scope, codes_in(application.answers))
    prepared = Prepared(call, application.answers, files, places)
    return Room(application, call, files, prepared, scope.now)


def codes_in(answers: dict[str, Typed]) -> set[str]:
    return {
        code
        for step, typed in answers.items()
        for suffix in place_suffixes(step, typed)
        for code in typed.get(f"municipality_code{suffix}", [])
    }
