"""What one worker has in its hands, between the claim and the record: the feed of its SMTP connections.

Everything here happens on the event loop without waiting. Each message passes through four places: `waiting`, a
connection, `known` (its outcome, not yet recorded), and then it is forgotten. `in_hand` counts all of them.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from hub import clock
from hub.mail.connection import Connection
from hub.mail.feed import Mail
from hub.mail.replies import (
    CUT_EACH_TIME,
    GIVE_UP_AFTER,
    Answer,
    RelayUnavailable,
    retry_pause,
)
from hub.newsletter.delivery import holders
from hub.newsletter.delivery.journal import Journal
from hub.newsletter.delivery.letter import Letter
from hub.newsletter.schemas import Claimed, Outcome, PausedWhy

# Rows claimed together; when the next are claimed; and how many are in hand at most, recorded or not. The last is what
# a host that is cut off leaves in doubt.
BATCH, LOW, WINDOW = 256, 256, 1200
# Of the last RECENT outcomes of a campaign, so many refused recipients are no accident: a list that was bought, or a
# relay that has begun to refuse us in other words.
RECENT, FEWEST, FAILING_SHARE = 200, 50, 0.25
# So many messages of a campaign in a row at which the server ended the connection are no accident either: a filter that
# cuts instead of refusing. A relay that starts anew cuts each connection once, and perhaps the next ones again.
CUTS, CUTS_EACH_CONNECTION = 36, 3


@dataclass(slots=True, eq=False)
class Running:
    """A campaign as this worker sends it."""

    tenant_id: UUID
    campaign_id: UUID
    letter: Letter
    stalled: bool
    """The ledger says that it waits for the relay."""
    most_cuts: int = CUTS
    """So many in a row stop it."""
    known: list[tuple["Parcel", Outcome]] = field(default_factory=list)
    held: set[UUID] = field(default_factory=set)
    """The deliveries in this worker's hands."""
    halted: bool = False
    """Paused, cancelled, or about to be: nothing of it begins any more."""
    refusal: str | None = None
    """What the relay said against us or the content; the campaign is to be paused for it."""
    why_to_pause: PausedWhy | None = None
    """Until the ledger has it. What is on the wire by then may still be taken, and does not undo it."""
    recent: deque[bool] = field(default_factory=lambda: deque(maxlen=RECENT))
    """Of the last ones, whether they failed."""
    cuts: int = 0
    """In a row, without an answer to any message of it in between."""
    key: bytes = field(init=False)
    """What the journal knows it by."""

    def __post_init__(self) -> None:
        self.key = self.tenant_id.bytes + self.campaign_id.bytes

    def refused(self, reply: str) -> None:
        """The server means us, or what we send."""
        self.refusal, self.why_to_pause, self.halted = reply, "policy", True

    def ended(self, *, failed: bool) -> None:
        self.recent.append(failed)
        count = len(self.recent)
        # One that was taken raises the share only by making them enough.
        enough = count >= FEWEST if failed else count == FEWEST
        if enough and sum(self.recent) >= FAILING_SHARE * count:
            self.why_to_pause, self.halted = self.why_to_pause or "failing_share", True

    def answered(self, *, cut: bool) -> None:
        """Or not: the server ended the connection instead."""
        self.cuts = self.cuts + 1 if cut else 0
        if self.cuts >= self.most_cuts and self.why_to_pause is None:
            self.refused(CUT_EACH_TIME)

    def start_over(self) -> None:
        """It is paused; whoever resumes it has seen why."""
        self.refusal = self.why_to_pause = None
        self.recent.clear()
        self.cuts = 0


class Parcel:
    """A claimed delivery as a connection carries it."""

    __slots__ = ("campaign", "needs_utf8", "recipient", "row", "sender", "slot")

    sender: bytes
    recipient: bytes
    needs_utf8: bool

    def __init__(self, campaign: Running, row: Claimed) -> None:
        self.campaign = campaign
        self.row = row
        self.slot: int | None = None

    def pieces(self) -> list[bytes]:
        """Also addresses the envelope: a whole batch at once would hold up the loop. Raises BadHeader."""
        row = self.row
        envelope, pieces = self.campaign.letter.addressed(row.id, row.recipient)
        self.sender, self.recipient, self.needs_utf8 = envelope
        return pieces


class Outbound:
    """Implements `hub.mail.feed.Feed`.

    `hungry` is called when more could be sent than waits, `learnt` when there is something to record, and
    `closed` when a connection has ended.
    """

    def __init__(
        self,
        journal: Journal,
        *,
        hungry: Callable[[], None],
        learnt: Callable[[], None],
        closed: Callable[[Connection, RelayUnavailable | None], None],
    ) -> None:
        self.journal = journal
        self.waiting: deque[Parcel] = deque()
        self.in_hand = 0
        self.known: dict[Running, None] = {}
        self.stopping = False
        self.beat_at = holders.steady()
        """When this worker was last known to be alive by the others."""
        self._idle: list[Connection] = []
        self._hungry = hungry
        self._learnt = learnt
        self._closed = closed

    # What comes in.

    def add(self, campaign: Running, rows: Sequence[Claimed]) -> None:
        self.in_hand += len(rows)
        for row in rows:
            campaign.held.add(row.id)
            self.waiting.append(Parcel(campaign, row))
        self.kick()

    def kick(self) -> None:
        """Wake as many idle connections as there is work for."""
        while self.waiting and self._idle and self.may_begin:
            self._idle.pop().kick()

    @property
    def may_begin(self) -> bool:
        """Not while stopping, nor when the others may take this worker for dead."""
        return not self.stopping and holders.steady() - self.beat_at < holders.TRUSTED

    # What connections ask and tell.

    def next(self, connection: Connection) -> Mail | None:
        if self.may_begin:
            while self.waiting:
                parcel = self.waiting.popleft()
                if not parcel.campaign.halted:
                    if len(self.waiting) < LOW:
                        self._hungry()
                    return parcel
                self.give_back(parcel)
        if connection not in self._idle:
            self._idle.append(connection)
        self._hungry()
        return None

    def begun(self, mail: Mail) -> bool:
        assert isinstance(mail, Parcel)  # noqa: S101  # the only mails this feed hands out
        campaign = mail.campaign
        if not self.may_begin or campaign.halted:
            return False
        row = mail.row
        mail.slot = self.journal.begin(campaign.key, row.id.bytes, row.attempts)
        return True

    def ended(self, mail: Mail, answer: Answer) -> None:
        assert isinstance(mail, Parcel)  # noqa: S101  # the only mails this feed hands out
        campaign, row = mail.campaign, mail.row
        state: str = answer.state
        now = clock.now()
        due_at = now
        if answer.policy:
            # Its own turn comes later than the others', or a recipient whom the server always refuses in such words
            # would stop the campaign at every resumption.
            campaign.refused(answer.reply)
        campaign.answered(cut=mail.slot is not None and answer.cause == "connection_lost")
        if state == "retry":
            due_at = now + retry_pause(row.tries + 1)
            if due_at > row.tried_since + GIVE_UP_AFTER:
                state = "failed"
        if state in ("sent", "failed"):
            campaign.ended(failed=state == "failed")
        self._know(
            mail, Outcome(row.id, row.attempts, state, answer.cause or None, answer.reply, due_at)
        )

    def returned(self, mail: Mail) -> None:
        assert isinstance(mail, Parcel)  # noqa: S101  # the only mails this feed hands out
        if self.stopping or mail.campaign.halted:
            self.give_back(mail)
        else:
            self.waiting.appendleft(mail)
            self.kick()

    def closed(self, connection: Connection, error: RelayUnavailable | None) -> None:
        if connection in self._idle:
            self._idle.remove(connection)
        self._closed(connection, error)

    # What goes out.

    def give_back(self, parcel: Parcel, until: datetime | None = None) -> None:
        """It was claimed and never begun: anybody may take it, at once or from then on."""
        row, due_at = parcel.row, until or clock.now()
        self._know(parcel, Outcome(row.id, row.attempts, "queued", None, None, due_at))

    def give_back_waiting(
        self, *, of_halted_only: bool = False, until: datetime | None = None
    ) -> None:
        parcels, self.waiting = self.waiting, deque()
        for parcel in parcels:
            if of_halted_only and not parcel.campaign.halted:
                self.waiting.append(parcel)
            else:
                self.give_back(parcel, until)

    def take_known(self) -> list[tuple[Running, list[tuple[Parcel, Outcome]]]]:
        """All that is to be recorded, by campaign. What cannot be is handed back to `keep`."""
        batches = []
        for campaign in self.known:
            batches.append((campaign, campaign.known))
            campaign.known = []
        self.known = {}
        return batches

    def keep(self, campaign: Running, batch: list[tuple[Parcel, Outcome]]) -> None:
        campaign.known = batch + campaign.known
        self.known[campaign] = None

    def forget(self, campaign: Running, batch: list[tuple[Parcel, Outcome]]) -> None:
        """The ledger has them."""
        self.in_hand -= len(batch)
        for parcel, _ in batch:
            campaign.held.discard(parcel.row.id)
            if parcel.slot is not None:
                self.journal.forget(parcel.slot)
        self._hungry()

    def _know(self, parcel: Parcel, outcome: Outcome) -> None:
        if parcel.slot is not None:
            self.journal.answer(parcel.slot, outcome)
        campaign = parcel.campaign
        campaign.known.append((parcel, outcome))
        self.known[campaign] = None
        self._learnt()
