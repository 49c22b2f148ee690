"""The citizens of the demo network's desks, and their cases."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from random import Random

from hub.clock import ROME
from hub.facts import LAST_CONSULTATION, OPEN_CASES
from hub.referrals.cases.number import case_number
from hub.seed.chance import id_at
from hub.seed.organisations import Network, Organisation
from hub.seed.paths import Path, times
from hub.seed.people import invent
from hub.seed.phrases import ENTERPRISES, HOUSEHOLDS
from hub.seed.places import around, birthplaces
from hub.seed.rows import Batch, Case, Citizen, Consultation, Desk, Membership, NetworkFact
from hub.seed.stories import Story, tell


class Desks:
    """Writes the citizens of one copy of the network, a desk at a time. Case numbers begin at `serial`."""

    def __init__(
        self, network: Network, today: date, luck: Random, second_paths: list[Path], serial: int
    ) -> None:
        self._batch = Batch()
        self._network = network
        self._today = today
        self._luck = luck
        self._second_paths = second_paths
        self._serial = serial

    def write(self, host: Organisation, desk: Desk, person: int, paths: Sequence[Path]) -> None:
        """As many citizens as there are paths: the invented people `person` and following."""
        stories: list[Story] = []
        for number, path in enumerate(paths, person):
            operator = self._luck.choice(host.members("operator"))
            moments = times(self._luck, path, self._today)
            citizen = self._citizen(host, operator, number, path, moments)
            stories.append(self._open(path, moments, desk, operator, citizen))
            if self._comes_back(stories[-1]):
                second = self._second_paths.pop()
                again = times(self._luck, second, self._today)
                stories.append(self._open(second, again, desk, operator, citizen))
        for story in stories:
            tell(self._luck, self._batch, self._network, story, self._today)
        self._count(desk, stories)

    def take(self) -> Batch:
        """What was written since the last time."""
        batch, self._batch = self._batch, Batch()
        return batch

    def _comes_back(self, story: Story) -> bool:
        # No second path takes longer than this.
        settled = self._today - story.case.updated_at.date() > timedelta(days=60)
        return story.path.closed and settled and bool(self._second_paths) and self._chance(0.5)

    def _citizen(
        self,
        host: Organisation,
        operator: Membership,
        number: int,
        path: Path,
        moments: dict[str, datetime],
    ) -> Citizen:
        person = invent(number, self._today.year, birthplaces(host.town))
        home = host.town if self._chance(0.6) else self._luck.choice(around(host.town))
        # At a first conversation nobody has to say more than a name.
        known = len(path.steps) > 1 or self._chance(0.4)
        row = Citizen(
            id=id_at(self._luck, moments["informed"]),
            tenant_id=host.tenant.id,
            codice_fiscale=person.codice_fiscale if known else None,
            given_name=person.given_name,
            family_name=person.family_name,
            name_search=person.name_search,
            birth_date=person.birth_date,
            email=f"{person.handle}{number}@posta.example.org" if self._chance(0.8) else None,
            phone=f"+39 000 {self._luck.randrange(10**7):07}" if known else None,
            municipality_code=home.istat_code,
            created_at=moments["informed"],
            created_by=operator.id,
        )
        self._batch.add(row)
        return row

    def _open(
        self,
        path: Path,
        moments: dict[str, datetime],
        desk: Desk,
        operator: Membership,
        citizen: Citizen,
    ) -> Story:
        luck = self._luck
        business = self._chance(0.8)
        least, most, often = (5_000, 75_000, 12_000) if business else (1_000, 10_000, 3_000)
        last = max(moments.values())
        case = Case(
            id=id_at(luck, moments["informed"]),
            tenant_id=desk.tenant_id,
            number=case_number(self._serial),
            citizen_id=citizen.id,
            desk_id=desk.id,
            kind="enterprise_loan" if business else "social_loan",
            purpose=luck.choice(ENTERPRISES if business else HOUSEHOLDS),
            amount_cents=int(luck.triangular(least, most, often)) // 500 * 50_000,
            region_code=desk.region_code,
            state="closed" if path.closed else "open",
            milestone="",
            opened_at=moments["informed"],
            opened_by=operator.id,
            assigned_to=operator.id,
            updated_at=last,
            closed_at=last if path.closed else None,
        )
        self._serial += 1
        story = Story(path, moments, desk, operator, citizen, case)
        story.case = case._replace(milestone=list(story.milestones)[-1])
        return story

    def _count(self, desk: Desk, stories: Sequence[Story]) -> None:
        """The facts that the desk's host keeps about itself."""
        held = max(talk.held_on for talk in self._batch.of(Consultation) if talk.desk_id == desk.id)
        facts = (
            (OPEN_CASES, sum(story.case.state == "open" for story in stories), None),
            (LAST_CONSULTATION, None, datetime.combine(held, time(12), ROME)),
        )
        now = max(story.case.updated_at for story in stories)
        for name, number, moment in facts:
            self._batch.add(
                NetworkFact(id_at(self._luck, now), desk.tenant_id, name, number, moment, now)
            )

    def _chance(self, share: float) -> bool:
        return self._luck.random() < share
