"""The demo network's calls: what the product would have made of the same applications, points and days."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from uuid import UUID

import msgspec
import pytest

from hub import clock
from hub.seed import call_rows as rows
from hub.seed.call_texts import CALL_2015, CALL_ISLANDS, CALL_NORTH, CRITERIA
from hub.seed.generate import generate
from hub.seed.hosts import WAITING_REGIONS
from hub.seed.rows import Batch, Desk, Membership, Tenant
from hub.tenants.calls.applications.schemas import Attached, Content
from hub.tenants.calls.applications.steps import Prepared
from hub.tenants.calls.applications.submit_application import canonical
from hub.tenants.calls.schemas import HOST_KINDS, RequiredFile
from hub.tenants.calls.schemas import Call as PublicCall
from hub.tenants.territory.data import read_municipalities
from hub.tenants.territory.queries import FoundMunicipality
from hub.uploads import check_upload

TODAY = date(2026, 11, 23)
MIDNIGHT = datetime.combine(TODAY, time(), UTC)


@pytest.fixture(scope="module")
def parts() -> dict[str, Batch]:
    found: dict[str, Batch] = {}
    for part in generate(TODAY):
        found.setdefault(part.label, part.batch)
    return found


@pytest.fixture(scope="module")
def calls(parts: dict[str, Batch]) -> Batch:
    return parts["calls"]


def _call(calls: Batch, slug: str) -> rows.Call:
    return next(call for call in calls.of(rows.Call) if call.slug == slug)


def _of(calls: Batch, slug: str) -> list[rows.Application]:
    call = _call(calls, slug)
    return [one for one in calls.of(rows.Application) if one.call_id == call.id]


def test_the_call_of_2015_admitted_the_hosts_that_there_are(parts: dict[str, Batch]) -> None:
    calls, organisations = parts["calls"], parts["organisations"]
    call = _call(calls, CALL_2015.slug)
    assert call.state == "decided"
    assert clock.day_of(call.opens_at) == date(2015, 1, 15)
    assert clock.day_of(call.closes_at) == date(2015, 2, 28)
    found = _of(calls, CALL_2015.slug)
    assert Counter(one.state for one in found) == {
        "admitted": 95,
        "reserve": 5,
        "excluded": 4,
        "withdrawn": 2,
    }
    hosts = {
        tenant.name
        for tenant in organisations.of(Tenant)
        if "host" in tenant.kinds and tenant.state == "active"
    }
    assert {one.organisation_name for one in found if one.state == "admitted"} == hosts
    assert {one.host_kind for one in found} == set(HOST_KINDS)
    addresses = {desk.address for desk in organisations.of(Desk)}
    admitted = {one.id for one in found if one.state == "admitted"}
    proposed = [d for d in calls.of(rows.ApplicationDesk) if d.application_id in admitted]
    assert {desk.address for desk in proposed} <= addresses
    assert all(
        call.opens_at <= one.submitted_at < call.closes_at for one in found if one.submitted_at
    )


def test_the_call_of_the_centre_and_north_is_open(calls: Batch) -> None:
    call = _call(calls, CALL_NORTH.slug)
    assert call.state == "published"
    assert call.opens_at < MIDNIGHT < call.closes_at
    assert call.regions == list(WAITING_REGIONS)
    places = {q.region_code for q in calls.of(rows.CallQuota) if q.call_id == call.id}
    assert places == set(WAITING_REGIONS)
    found = _of(calls, CALL_NORTH.slug)
    assert Counter(one.state for one in found) == {"submitted": 7, "draft": 3, "withdrawn": 1}
    kinds = Counter(one.host_kind for one in found if one.state == "submitted")
    assert kinds == {"province": 4, "chamber": 1, "university": 1, "municipality": 1}
    ids = {one.id for one in found}
    (completion,) = [c for c in calls.of(rows.ApplicationCompletion) if c.application_id in ids]
    assert completion.asked_at < MIDNIGHT < completion.due_at
    questions = [q for q in calls.of(rows.CallQuestion) if q.call_id == call.id]
    assert Counter(question.state for question in questions) == {"published": 2, "open": 1}
    assert len([d for d in calls.of(rows.CallDocument) if d.call_id == call.id]) == 1


def test_a_third_call_waits_for_its_last_points(calls: Batch) -> None:
    call = _call(calls, CALL_ISLANDS.slug)
    given = [one for one in calls.of(rows.Evaluation) if one.call_id == call.id]
    assert call.state == "evaluating"
    assert Counter(one.state for one in given) == {"submitted": 11, "assigned": 3}
    assert len({one.membership_id for one in given if one.state == "assigned"}) == 1
    assert {one.state for one in _of(calls, CALL_ISLANDS.slug)} == {"submitted"}


def test_protocol_numbers_have_no_gaps(calls: Batch) -> None:
    numbers: dict[int, list[tuple[datetime, int]]] = {}
    for one in calls.of(rows.Application):
        if one.submitted_at and one.protocol_year and one.protocol_number:
            assert one.protocol_year == clock.day_of(one.submitted_at).year
            numbers.setdefault(one.protocol_year, []).append(
                (one.submitted_at, one.protocol_number)
            )
    assert set(numbers) == {2015, 2026}
    for found in numbers.values():
        assert [number for _, number in sorted(found)] == list(range(1, len(found) + 1))
    last = {row.year: row.last for row in calls.of(rows.ProtocolCounter)}
    assert last == {year: len(found) for year, found in numbers.items()}


@pytest.mark.parametrize("today", [date(2027, 1, 4), date(2028, 2, 29), date(2026, 3, 30)])
def test_any_day_will_do(today: date) -> None:
    """A turn of the year between opening and today, a leap day, the nights on which the clock changes."""
    calls = next(part.batch for part in generate(today) if part.label == "calls")
    for one in calls.of(rows.Application):
        call = next(call for call in calls.of(rows.Call) if call.id == one.call_id)
        assert call.opens_at <= one.created_at
        if one.submitted_at:
            assert one.created_at <= one.submitted_at < call.closes_at
            assert clock.day_of(one.submitted_at) < today
    assert all(one.due_at > one.asked_at for one in calls.of(rows.ApplicationCompletion))
    numbers = Counter(a.protocol_year for a in calls.of(rows.Application) if a.protocol_year)
    assert numbers == {row.year: row.last for row in calls.of(rows.ProtocolCounter)}


def test_what_was_submitted_is_hashed_and_was_typed(calls: Batch) -> None:
    files = {row.id: row for row in calls.of(rows.File)}
    contents = {row.file_id: row.content for row in calls.of(rows.FilePart)}
    attached: dict[object, list[rows.ApplicationFile]] = {}
    for row in calls.of(rows.ApplicationFile):
        attached.setdefault(row.application_id, []).append(row)
    for file in files.values():
        assert sha256(contents[file.id]).digest() == file.sha256
        assert file.size == len(contents[file.id])
        assert check_upload(file.name, contents[file.id]).media_type == file.media_type
    for one in calls.of(rows.Application):
        if one.content is None:
            assert one.state == "draft"
            continue
        content = msgspec.json.decode(one.content, type=Content)
        assert one.content_hash == sha256(canonical(content)).digest()
        assert [file.sha256 for file in content.files] == [
            files[row.file_id].sha256.hex() for row in attached[one.id]
        ]
        prepared = _prepared(calls, one, files, attached[one.id])
        assert prepared.problems() == []
        assert prepared.content() == msgspec.structs.replace(content, files=())


def test_a_draft_can_be_gone_on_with(calls: Batch) -> None:
    drafts = [one for one in _of(calls, CALL_NORTH.slug) if one.state == "draft"]
    complete = [
        {
            state.name
            for state in _prepared(calls, one, {}, []).states()
            if state.state == "complete"
        }
        for one in drafts
    ]
    assert complete == [{"organisation", "desks"}, {"organisation"}, set()]


def _prepared(
    calls: Batch,
    one: rows.Application,
    files: Mapping[UUID, rows.File],
    attached: list[rows.ApplicationFile],
) -> Prepared:
    row = next(call for call in calls.of(rows.Call) if call.id == one.call_id)
    known = {name: value for name, value in row._asdict().items() if name in _CALL_FIELDS}
    asked = msgspec.json.decode(row.required_files, type=tuple[RequiredFile, ...])
    call = PublicCall(**(known | {"required_files": asked, "version": 1}))
    held = [
        Attached(
            a.id,
            a.kind,
            None,
            a.file_id,
            files[a.file_id].name,
            files[a.file_id].media_type,
            files[a.file_id].size,
            files[a.file_id].sha256,
            a.added_at,
        )
        for a in attached
    ]
    return Prepared(call, json.loads(one.answers), held, _PLACES)


_CALL_FIELDS = set(PublicCall.__struct_fields__)
_PLACES = {
    town.istat_code: FoundMunicipality(
        town.istat_code,
        town.name,
        town.other_name or None,
        town.province_code,
        town.region_code,
        town.latitude,
        town.longitude,
    )
    for town in read_municipalities()
}


def test_codes_and_addresses_are_nobodys(calls: Batch) -> None:
    found = [one for one in calls.of(rows.Application) if one.fiscal_code]
    codes = {one.fiscal_code for one in found}
    # No tax office has the number 999, which stands where a real code names its office.
    assert len(codes) == len(found)
    assert {code[7:10] for code in codes if code} == {"999"}
    assert all(one.email.endswith(".example.org") for one in calls.of(rows.Application))


def test_everybody_who_evaluates_belongs_to_the_ente(parts: dict[str, Batch]) -> None:
    calls = parts["calls"]
    members = {member.id: member for member in parts["organisations"].of(Membership)}
    for evaluation in calls.of(rows.Evaluation):
        assert members[evaluation.membership_id].tenant_id == evaluation.tenant_id
    (ranking,) = calls.of(rows.Ranking)
    assert ranking.proposed_by != ranking.decided_by
    assert {members[ranking.proposed_by].role, members[ranking.decided_by].role} == {"admin"}


def test_two_evaluated_each_and_a_third_where_they_were_far_apart(calls: Batch) -> None:
    call = _call(calls, CALL_2015.slug)
    given: dict[object, list[rows.Evaluation]] = {}
    for one in calls.of(rows.Evaluation):
        if one.call_id == call.id:
            given.setdefault(one.application_id, []).append(one)
    evaluated = list(given.values())
    assert Counter(map(len, evaluated)) == {2: 101, 3: 2}
    for ones in evaluated:
        totals = [one.total for one in ones if one.total is not None]
        assert len({one.membership_id for one in ones}) == len(ones)
        assert (abs(totals[0] - totals[1]) > 20) == (len(ones) == 3)
        assert all(one.assigned_at < one.submitted_at for one in ones if one.submitted_at)
        assert all(
            one.submitted_at - one.assigned_at < timedelta(days=30)
            for one in ones
            if one.submitted_at
        )
    most = {k.id: k.max_points for k in calls.of(rows.CallCriterion)}
    scores = calls.of(rows.EvaluationScore)
    assert all(0 <= score.points <= most[score.criterion_id] for score in scores)
    assert len(scores) == len(CRITERIA) * sum(
        one.state == "submitted" for one in calls.of(rows.Evaluation)
    )


def test_the_audit_log_tells_the_whole_selection(calls: Batch) -> None:
    told = Counter(row.action for row in calls.of(rows.Audit))
    assert told["call.published"] == 3
    assert told["call.closed"] == 2
    assert told["application.submitted"] == len(
        [one for one in calls.of(rows.Application) if one.submitted_at]
    )
    assert told["evaluation.submitted"] == told["evaluation.declared"] == 208 + 11
    assert told["evaluation.third_asked"] == 2
    assert told["ranking.proposed"] == told["ranking.approved"] == told["application.moved_up"] == 1
    known = {row.id for kind in rows.CALL_TABLES for row in calls.of(kind)}
    assert all(row.subject_id in known for row in calls.of(rows.Audit))
