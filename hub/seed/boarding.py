"""How the organisations of the demo network came on board, and those that still do: as the hub would have recorded it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from random import Random
from typing import NamedTuple, Protocol
from uuid import UUID

import msgspec

from hub.clock import day_of
from hub.facts import TEST_ANSWERED
from hub.seed import boarding_rows as rows
from hub.seed.call_rows import Audit, File, FilePart
from hub.seed.chance import id_at
from hub.seed.papers import sheet
from hub.seed.rows import Batch, Membership, NetworkFact, Tenant
from hub.tenants.onboarding import schemas
from hub.tenants.onboarding.schemas import DUE_DAYS, points_of
from hub.tenants.protocols.first_texts import FIRST_TEXTS
from hub.tenants.protocols.schemas import Content, number_of
from hub.uploads import PDF

DAY = timedelta(days=1)
COURSE = "Operatore dello sportello MICRO-WORK (30 ore)"
# Hosts that joined first signed for so many years; everyone else for as long as the template says.
EARLY_YEARS = 3
# What happens when, since the beginning: the rows and the points of the checklist say the same day.
DRAWN_UP = timedelta(hours=1)
SIGNED_COPY_BACK = 13 * DAY
# Operators who have come in the meantime were invited early.
OPERATORS_SENT = {"here": 8 * DAY, "invited": 30 * DAY}
DESK_COMPLETED, TRAINED, TESTED, EXCEPTED = 32 * DAY, 35 * DAY, 40 * DAY, 50 * DAY


def last_day(signed_on: date, years: int) -> date:
    """On which what was signed then is in force."""
    day = signed_on - DAY
    # The 29th of February ends on the 28th.
    return day.replace(year=day.year + years, day=min(day.day, 28) if day.month == 2 else day.day)


class Told(Protocol):
    """An organisation of `hub.seed.organisations`, as far as this goes."""

    @property
    def slug(self) -> str: ...
    @property
    def tenant(self) -> Tenant: ...
    @property
    def staff(self) -> list[Membership]: ...


class Stage(NamedTuple):
    """How far a set-up is. `days` since it began; of administrators and operators whether they are invited or here."""

    days: int
    protocol: str = "sent"
    admin: str = "invited"
    operator: str = ""
    trained: bool = False
    desk: bool = False
    serving: bool = False
    tested: bool = False
    excepted: str = ""

    @property
    def done(self) -> set[str]:
        found = {schemas.ADMINISTRATOR_INVITED}
        for code, holds in (
            (schemas.PROTOCOL_SIGNED, self.protocol == "signed"),
            (schemas.OPERATORS_INVITED, bool(self.operator)),
            (schemas.TRAINING_COMPLETED, self.trained),
            (schemas.DESKS_COMPLETE, self.desk),
            (schemas.SERVICES_STATED, self.serving),
            (schemas.TEST_REFERRAL_ANSWERED, self.tested),
        ):
            if holds:
                found.add(code)
        return found

    def done_after(self, code: str) -> timedelta:
        """How long after the beginning what proves the point came about."""
        return {
            schemas.PROTOCOL_SIGNED: DRAWN_UP + SIGNED_COPY_BACK,
            schemas.OPERATORS_INVITED: OPERATORS_SENT[self.operator or "here"],
            schemas.TRAINING_COMPLETED: TRAINED,
            schemas.DESKS_COMPLETE: DESK_COMPLETED,
            schemas.SERVICES_STATED: DESK_COMPLETED,
            schemas.TEST_REFERRAL_ANSWERED: TESTED,
        }.get(code, DRAWN_UP)


WHOLE = Stage(0, "signed", "here", "here", trained=True, desk=True, serving=True, tested=True)
# One each of the administrations that wait, in their order; the others go on waiting.
STAGES = (
    WHOLE._replace(days=68),
    Stage(47, "signed", "here", "invited", desk=True, serving=True),
    Stage(25),
    Stage(118, "signed", "here", "here", trained=True, serving=True),
    WHOLE._replace(days=61, trained=False, excepted=schemas.TRAINING_COMPLETED),
    Stage(3),
)


@dataclass(slots=True)
class Boarding:
    """Collects the rows; protocols are numbered in the order in which they are drawn up."""

    batch: Batch
    ente: Told
    today: date
    luck: Random
    _templates: dict[tuple[str, int], UUID] = field(default_factory=dict)
    _serials: dict[int, int] = field(default_factory=dict)

    @property
    def _runner(self) -> Membership:
        return next(member for member in self.ente.staff if member.role == "admin")

    def write_templates(self) -> None:
        """The first version of each kind lasts fewer years than the second."""
        made = self.ente.tenant.created_at
        for kind, text in FIRST_TEXTS.items():
            for number, years in ((1, EARLY_YEARS), (2, max(text.years, 5))):
                template = rows.ProtocolTemplate(
                    id=id_at(self.luck, made),
                    tenant_id=self.ente.tenant.id,
                    kind=kind,
                    number=number,
                    title=text.title,
                    text=text.text,
                    years=years,
                    created_at=made,
                    created_by=self._runner.id,
                )
                self._templates[kind, number] = template.id
                self.batch.add(template)

    def begin(self, at: Told, kinds: Sequence[str], stage: Stage, *, active: bool) -> UUID:
        """The set-up, written at once: desks refer to it. Points are as `stage` says."""
        started = at.tenant.created_at
        ended = started + 70 * DAY if active else None
        contact = self._contact(at)
        setup = rows.Setup(
            id=id_at(self.luck, started),
            tenant_id=at.tenant.id,
            coordinator_id=self.ente.tenant.id,
            kinds=list(kinds),
            state="active" if active else "running",
            contact_name=contact[0],
            contact_email=contact[1],
            contact_phone=at.tenant.phone,
            started_at=started,
            due_on=day_of(started)
            + timedelta(days=max(DUE_DAYS[code] for code in points_of(list(kinds)))),
            ended_at=ended,
            ended_by=self._runner.id if ended else None,
        )
        self.batch.add(setup)
        order = points_of(["host", "lender", "tutor"])
        registered = {schemas.REGISTER_STATED} if active else set()
        for code in points_of(list(kinds)):
            done = code in stage.done | registered
            want = len(kinds) if code == schemas.PROTOCOL_SIGNED else 1
            self.batch.add(
                rows.SetupPoint(
                    id=id_at(self.luck, started),
                    tenant_id=at.tenant.id,
                    setup_id=setup.id,
                    code=code,
                    position=order.index(code),
                    state="done" if done else "open",
                    due_on=day_of(started) + timedelta(days=DUE_DAYS[code]),
                    changed_at=started + stage.done_after(code) if done else started,
                    have=want if done else 0,
                    want=want,
                )
            )
        if stage.excepted:
            self.batch.add(
                rows.SetupException(
                    id=id_at(self.luck, started),
                    tenant_id=at.tenant.id,
                    setup_id=setup.id,
                    code=stage.excepted,
                    reason="Il corso si tiene a gennaio; l’operatrice ha già lavorato tre anni in uno sportello della rete.",
                    asked_by=self._runner.id,
                    asked_at=started + EXCEPTED,
                    state="asked",
                )
            )
            self._tell(
                at, started + EXCEPTED, self._runner, "exception.asked", point=stage.excepted
            )
        self._tell(
            at,
            started,
            None,
            "organisation.admitted" if "host" in kinds else "organisation.invited",
        )
        return setup.id

    def finish(
        self, at: Told, kinds: Sequence[str], stage: Stage, *, active: bool, early: bool = False
    ) -> None:
        """Once its people are there: protocols, invitations, trainings, the test referral."""
        started = at.tenant.created_at
        for kind in kinds:
            self._protocol(at, kind, started + DRAWN_UP, stage, early=early)
        for role, how in (("admin", stage.admin), ("operator", stage.operator)):
            if how and not active:
                later = DRAWN_UP if role == "admin" else OPERATORS_SENT[how]
                self._invitation(at, role, started + later, how)
        if stage.trained and "host" in kinds:
            self._train(at, started)
        if stage.tested and kinds != ["tutor"]:
            answered = started + TESTED
            self.batch.add(
                NetworkFact(
                    id_at(self.luck, answered),
                    at.tenant.id,
                    TEST_ANSWERED,
                    None,
                    answered,
                    answered,
                )
            )
            self._tell(at, answered, None, "test_referral.answered")
        if active:
            self._tell(at, started + 70 * DAY, self._runner, "organisation.activated")

    def opened(self, at: Told, desk_id: UUID, moment: datetime) -> None:
        """A further desk, which its host had asked for the week before."""
        admin = next(member for member in at.staff if member.role == "admin")
        self._tell(at, moment - 7 * DAY, admin, "desk.opening_asked", desk=str(desk_id))
        self._tell(at, moment, self._runner, "desk.opened", desk=str(desk_id))

    def _protocol(self, at: Told, kind: str, made: datetime, stage: Stage, *, early: bool) -> None:
        number = 1 if early else 2
        years = EARLY_YEARS if early else max(FIRST_TEXTS[kind].years, 5)
        year = made.year
        self._serials[year] = serial = self._serials.get(year, 0) + 1
        text = FIRST_TEXTS[kind]
        name = f"{number_of(year, serial).replace('/', '-')}.pdf"
        lines = (f"N. {number_of(year, serial)}", f"{self.ente.tenant.name}", f"{at.tenant.name}")
        document = self._file(f"protocollo-{name}", sheet(text.title, lines), made)
        signed = stage.protocol == "signed"
        signed_on = day_of(made) + timedelta(days=12)
        returned = made + SIGNED_COPY_BACK if signed else None
        copy = (
            self._file(
                f"protocollo-{name.removesuffix('.pdf')}-firmato.pdf",
                sheet(text.title, (*lines, "Firmato")),
                returned,
            )
            if returned
            else None
        )
        contact = self._contact(at)
        content = Content(
            ente=self.ente.tenant.name,
            organisation=at.tenant.name,
            fiscal_code=at.tenant.fiscal_code,
            address=at.tenant.address,
            desks=(),
            years=years,
            issued_on=day_of(made),
            locale="it",
        )
        protocol = rows.Protocol(
            id=id_at(self.luck, made),
            tenant_id=self.ente.tenant.id,
            organisation_id=at.tenant.id,
            template_id=self._templates[kind, number],
            year=year,
            serial=serial,
            state="signed" if signed else "sent",
            contact_name=contact[0],
            contact_email=contact[1],
            content=msgspec.json.encode(content).decode(),
            document_id=document.id,
            document_sha256=document.sha256,
            sent_at=made,
            signed_file_id=copy.id if copy else None,
            uploaded_at=returned,
            checked="person" if signed else None,
            checked_by=self._runner.id if signed else None,
            signed_on=signed_on if signed else None,
            expires_on=last_day(signed_on, years) if signed else None,
            created_at=made,
            created_by=self._runner.id,
        )
        self.batch.add(protocol)
        self._tell(at, made, None, "protocol.sent", kind=kind)
        if returned:
            self._tell(at, returned, self._runner, "protocol.signed", kind=kind)

    def _file(self, name: str, content: bytes, at: datetime, owner: UUID | None = None) -> File:
        """The Ente's, unless it is somebody else's."""
        file = File(
            id=id_at(self.luck, at),
            tenant_id=owner or self.ente.tenant.id,
            name=name,
            media_type=PDF,
            size=len(content),
            sha256=sha256(content).digest(),
            created_at=at,
        )
        part = FilePart(id_at(self.luck, at), file.tenant_id, file.id, 0, content)
        self.batch.add(file, part)
        return file

    def _invitation(self, at: Told, role: str, sent: datetime, how: str) -> None:
        member = (
            next((one for one in at.staff if one.role == role), None) if how == "here" else None
        )
        name, email = self._contact(at)
        invitation_id = id_at(self.luck, sent)
        self.batch.add(
            rows.Invitation(
                id=invitation_id,
                tenant_id=at.tenant.id,
                email=email if role == "admin" else f"sportello@{at.slug}.example.org",
                name=name if role == "admin" else "",
                role=role,
                state="accepted" if member else "open",
                created_at=sent,
                sent_at=sent,
                # Whoever has not answered was asked again lately.
                expires_at=sent + 14 * DAY if member else self._in_days(9),
                accepted_at=member.created_at if member else None,
                membership_id=member.id if member else None,
            )
        )
        codes = {"invitation": str(invitation_id), "role": role}
        self._tell(at, sent, None, "invitation.sent", **codes)
        if member:
            joined = codes | {"member": str(member.id)}
            self._tell(at, member.created_at, member, "invitation.accepted", **joined)

    def _train(self, at: Told, started: datetime) -> None:
        admin = next(member for member in at.staff if member.role == "admin")
        for operator in at.staff:
            if operator.role != "operator":
                continue
            # Whoever came later was trained later.
            recorded = max(started + TRAINED, operator.created_at + DAY)
            completed = day_of(recorded) - DAY
            lines = (operator.name, COURSE, f"{completed:%d/%m/%Y}")
            certificate = self._file(
                "attestato.pdf", sheet("Attestato", lines), recorded, at.tenant.id
            )
            self.batch.add(
                rows.Training(
                    id=id_at(self.luck, recorded),
                    tenant_id=at.tenant.id,
                    membership_id=operator.id,
                    course=COURSE,
                    completed_on=completed,
                    certificate_id=certificate.id,
                    recorded_at=recorded,
                    recorded_by=admin.id,
                )
            )

    def _contact(self, at: Told) -> tuple[str, str]:
        return "Segreteria generale", f"segreteria@{at.slug}.example.org"

    def _in_days(self, days: int) -> datetime:
        return datetime.combine(self.today, time(11), UTC) + timedelta(days=days)

    def _tell(
        self, at: Told, moment: datetime, by: Membership | None, action: str, /, **codes: str
    ) -> None:
        """In the organisation's log, where the Ente can read it, too."""
        self.batch.add(
            Audit(
                id=id_at(self.luck, moment),
                tenant_id=at.tenant.id,
                at=moment,
                account_id=by.account_id if by else None,
                membership_id=by.id if by else None,
                action=action,
                subject_kind="organisation",
                subject_id=at.tenant.id,
                codes=json.dumps(codes),
            )
        )
