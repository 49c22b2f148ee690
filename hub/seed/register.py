"""The register of the demo network's calls: what is announced and comes in, and the rows that tell it."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from random import Random
from uuid import UUID

from hub.clock import ROME, day_of
from hub.seed import call_rows as rows
from hub.seed.applicants import Applicant, answers_of, candidacy
from hub.seed.call_texts import CRITERIA, REQUIRED_FILES, CallText
from hub.seed.chance import id_at
from hub.seed.organisations import Organisation
from hub.seed.papers import notice
from hub.seed.rows import Batch, Membership
from hub.tenants.calls.applications.schemas import AttachedFile, Content
from hub.tenants.calls.applications.submit_application import canonical, content_hash
from hub.uploads import PDF

MINIMUM, DIFFERENCE = 60, 20
WHOLE = ("organisation", "desks", "contacts", "declarations")


@dataclass(slots=True)
class Held:
    """A call with what was written for it."""

    row: rows.Call
    text: CallText
    criteria: list[rows.CallCriterion]


@dataclass(slots=True)
class Filed:
    """An application; one without `submitted_at` is a draft, in which these `steps` are filled in."""

    id: UUID
    call: rows.Call
    applicant: Applicant
    created_at: datetime
    submitted_at: datetime | None
    steps: Sequence[str] = WHOLE
    state: str = "submitted"
    protocol: tuple[int, int] = (0, 0)
    excluded: tuple[str, str | None] | None = None
    """The reason's code, and words."""
    withdrawn: tuple[datetime, str] | None = None
    changed_at: datetime | None = None


def rome(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), ROME)


class Register:
    """Collects the rows of all calls of the Ente; applications are numbered once all have come in."""

    def __init__(self, ente: Organisation, luck: Random) -> None:
        self.batch = Batch()
        self.luck = luck
        self.ente_id = ente.tenant.id
        self.runner, self.second = ente.members("admin")
        self.office = ente.members("operator")[0]
        # The first viewer only looks on.
        self.evaluators = ente.members("viewer")[1:]
        self.filed: list[Filed] = []

    def announce(
        self,
        text: CallText,
        published: datetime,
        opens: datetime,
        closes: datetime,
        *,
        state: str = "published",
        evaluating: datetime | None = None,
        decided: datetime | None = None,
    ) -> Held:
        files = [
            {"code": code, "label": label, "required": required}
            for code, label, required in REQUIRED_FILES
        ]
        call = rows.Call(
            id=self.new_id(published),
            tenant_id=self.ente_id,
            slug=text.slug,
            title=text.title,
            text=text.text,
            regions=list(text.regions),
            host_kinds=["municipality", "province", "chamber", "university", "other"],
            required_files=json.dumps(files),
            minimum_points=MINIMUM,
            difference_limit=DIFFERENCE,
            opens_at=opens,
            closes_at=closes,
            state=state,
            published_at=published,
            evaluating_at=evaluating,
            decided_at=decided,
            created_at=published - timedelta(days=5),
            created_by=self.runner.id,
            updated_at=decided or evaluating or published,
        )
        criteria = [
            rows.CallCriterion(self.new_id(published), self.ente_id, call.id, position, *criterion)
            for position, criterion in enumerate(CRITERIA, 1)
        ]
        self.batch.add(call, *criteria)
        for region, places in text.places.items():
            quota = self.new_id(published)
            self.batch.add(rows.CallQuota(quota, self.ente_id, call.id, region, places))
        self.tell(published, self.runner, "call.published", "call", call.id)
        self._publish_document(call, text)
        return Held(call, text, criteria)

    def answer_questions(self, held: Held, asked: datetime) -> None:
        """One every other day from then on, each answered on the next day."""
        for number, (question, answer) in enumerate(held.text.questions):
            at = asked + timedelta(days=2 * number, minutes=self.luck.randrange(240))
            answered = at + timedelta(days=1) if answer else None
            row = rows.CallQuestion(
                id=self.new_id(at),
                tenant_id=self.ente_id,
                call_id=held.row.id,
                asked_at=at,
                question=question,
                state="published" if answer else "open",
                answer=answer,
                answered_at=answered,
                answered_by=self.office.id if answer else None,
            )
            self.batch.add(row)
            self.tell(at, None, "question.asked", "question", row.id)
            if answered:
                self.tell(answered, self.office, "question.answered", "question", row.id)

    def name_evaluators(self, held: Held, at: datetime, reminded: datetime | None = None) -> None:
        for member in self.evaluators:
            named = self.new_id(at)
            self.batch.add(
                rows.CallEvaluator(
                    named, self.ente_id, held.row.id, member.id, at, self.runner.id, reminded
                )
            )
            self.tell(at, self.runner, "evaluator.named", "evaluator", named, member=str(member.id))

    def file(self, held: Held, applicant: Applicant, submitted: datetime) -> Filed:
        created = submitted - timedelta(days=self.luck.randrange(1, 4), minutes=30)
        created = max(created, held.row.opens_at)
        filed = Filed(self.new_id(created), held.row, applicant, created, submitted)
        self.filed.append(filed)
        return filed

    def prepare(
        self, held: Held, applicant: Applicant, created: datetime, steps: Sequence[str]
    ) -> None:
        filed = Filed(self.new_id(created), held.row, applicant, created, None, steps, "draft")
        self.filed.append(filed)

    def number(self) -> None:
        """Those that have no number yet: by year, in the order in which they came in, without gaps."""
        last: Counter[int] = Counter()
        for filed in sorted(self.filed, key=lambda one: one.submitted_at or one.created_at):
            if filed.submitted_at and not filed.protocol[1]:
                year = day_of(filed.submitted_at).year
                last[year] += 1
                filed.protocol = (year, last[year])
                self.tell(
                    filed.submitted_at,
                    None,
                    "application.submitted",
                    "application",
                    filed.id,
                    number=last[year],
                    year=year,
                )
        for year, number in last.items():
            counter = self.new_id(datetime(year, 1, 1, tzinfo=ROME))
            self.batch.add(rows.ProtocolCounter(counter, self.ente_id, year, number))

    def write_applications(self) -> None:
        """As they stand in the end."""
        for filed in self.filed:
            attached = [self._attach(filed)] if filed.submitted_at else []
            content = filed.applicant.content
            self.batch.add(_application(self.ente_id, filed, _with_files(content, attached)))
            if filed.submitted_at:
                for position, desk in enumerate(content.desks, 1):
                    desk_id = self.new_id(filed.submitted_at)
                    self.batch.add(
                        rows.ApplicationDesk(
                            desk_id,
                            self.ente_id,
                            filed.id,
                            position,
                            desk.name,
                            desk.municipality_code,
                            desk.address,
                            desk.opening_hours,
                            desk.staff,
                        )
                    )

    def tell(
        self,
        at: datetime,
        by: Membership | None,
        action: str,
        kind: str,
        subject: UUID,
        /,
        **codes: str | int,
    ) -> None:
        self.batch.add(
            rows.Audit(
                id=self.new_id(at),
                tenant_id=self.ente_id,
                at=at,
                account_id=by.account_id if by else None,
                membership_id=by.id if by else None,
                action=action,
                subject_kind=kind,
                subject_id=subject,
                codes=json.dumps(codes),
            )
        )

    def new_id(self, at: datetime) -> UUID:
        return id_at(self.luck, at)

    def _publish_document(self, call: rows.Call, text: CallText) -> None:
        title, lines = text.document
        content = notice(title, day_of(call.published_at), lines)
        file = self._keep(f"{call.slug}.pdf", content, call.published_at)
        document = self.new_id(call.published_at)
        self.batch.add(
            rows.CallDocument(document, self.ente_id, call.id, file.id, title, call.published_at)
        )

    def _attach(self, filed: Filed) -> AttachedFile:
        content = candidacy(filed.applicant)
        file = self._keep("atto-di-candidatura.pdf", content, filed.created_at)
        kind = REQUIRED_FILES[0][0]
        attached = self.new_id(filed.created_at)
        self.batch.add(
            rows.ApplicationFile(attached, self.ente_id, filed.id, kind, file.id, filed.created_at)
        )
        return AttachedFile(kind, file.name, file.size, file.sha256.hex())

    def _keep(self, name: str, content: bytes, at: datetime) -> rows.File:
        """In one part: these are small."""
        file = rows.File(
            self.new_id(at),
            self.ente_id,
            name,
            PDF,
            len(content),
            sha256(content).digest(),
            at,
        )
        part = rows.FilePart(self.new_id(at), self.ente_id, file.id, 0, content)
        self.batch.add(file, part)
        return file


def _with_files(content: Content, attached: Sequence[AttachedFile]) -> Content:
    return Content(
        content.organisation, content.desks, content.contacts, content.declarations, tuple(attached)
    )


def _application(ente_id: UUID, filed: Filed, content: Content) -> rows.Application:
    organisation = content.organisation if filed.submitted_at else None
    return rows.Application(
        id=filed.id,
        tenant_id=ente_id,
        call_id=filed.call.id,
        email=filed.applicant.email,
        state=filed.state,
        answers=answers_of(content, filed.steps),
        content=canonical(content).decode() if organisation else None,
        content_hash=content_hash(content) if organisation else None,
        organisation_name=organisation.name if organisation else None,
        host_kind=organisation.kind if organisation else None,
        fiscal_code=organisation.fiscal_code if organisation else None,
        ipa_code=organisation.ipa_code if organisation else None,
        municipality_code=organisation.municipality_code if organisation else None,
        region_code=organisation.region_code if organisation else None,
        legal_basis=organisation.legal_basis if organisation else None,
        protocol_year=filed.protocol[0] or None,
        protocol_number=filed.protocol[1] or None,
        submitted_at=filed.submitted_at,
        excluded_reason=filed.excluded[0] if filed.excluded else None,
        excluded_note=filed.excluded[1] if filed.excluded else None,
        withdrawn_at=filed.withdrawn[0] if filed.withdrawn else None,
        withdrawn_reason=filed.withdrawn[1] if filed.withdrawn else None,
        created_at=filed.created_at,
        updated_at=filed.changed_at or filed.submitted_at or filed.created_at,
    )
