"""The feed of calls (Atom, RFC 4287): each call that is published, and what becomes of it, as entries of their own."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID, uuid5
from xml.etree import ElementTree as ET

from hub.tenants.calls.schemas import Call
from hub.tenants.calls.standing import moment
from hub.web.i18n import gettext as _
from hub.web.i18n import locale

MEDIA_TYPE = "application/atom+xml"
PATH = "/calls/feed.atom"
MOST_ENTRIES = 50

AUTHOR = "Ente Nazionale per il Microcredito"

# When the network began: so old is a feed without entries.
_BEGAN = datetime(2014, 11, 1, tzinfo=UTC)
_ATOM = "http://www.w3.org/2005/Atom"
ET.register_namespace("", _ATOM)


class Entry(NamedTuple):
    """`id` is the same for ever, whatever the call is called later."""

    id: UUID
    updated: datetime
    title: str
    summary: str
    slug: str


def entries_of(calls: Iterable[Call], regions: Mapping[str, str], now: datetime) -> list[Entry]:
    """The latest first."""
    found = [entry for call in calls for entry in _of_call(call, regions, now)]
    return sorted(found, key=lambda entry: (entry.updated, entry.id), reverse=True)[:MOST_ENTRIES]


def _of_call(call: Call, regions: Mapping[str, str], now: datetime) -> Iterable[Entry]:
    if call.published_at is None or call.closes_at is None:
        return
    first = call.extensions[0].closed_before if call.extensions else call.closes_at
    where = ", ".join(regions.get(code, code) for code in call.regions)
    summary = _(
        "For %(regions)s. Open from %(opens)s to %(closes)s.",
        regions=where,
        opens=moment(call.opens_at),
        closes=moment(first),
    )
    yield Entry(call.id, call.published_at, call.title, summary, call.slug)
    for extension in call.extensions:
        yield Entry(
            uuid5(call.id, f"extended {extension.closes_at.isoformat()}"),
            extension.extended_at,
            _("Extended: %(title)s", title=call.title),
            _("Open until %(closes)s. %(reason)s")
            % {"closes": moment(extension.closes_at), "reason": extension.reason},
            call.slug,
        )
    if call.closes_at <= now:
        closed = _("No applications are taken any more. The evaluation follows.")
        title = _("Closed: %(title)s", title=call.title)
        yield Entry(uuid5(call.id, "closed"), call.closes_at, title, closed, call.slug)
    if call.state == "decided" and call.decided_at:
        title = _("Ranking published: %(title)s", title=call.title)
        decided = _("The ranking can be read and downloaded.")
        yield Entry(uuid5(call.id, "decided"), call.decided_at, title, decided, call.slug)


def atom(entries: Sequence[Entry], *, base_url: str) -> bytes:
    feed = ET.Element(_in("feed"), {"{http://www.w3.org/XML/1998/namespace}lang": locale()})
    here = f"{base_url}{PATH}"
    _text(feed, "id", here)
    _text(feed, "title", _("Calls of the MICRO-WORK network"))
    _text(feed, "updated", _instant(max([entry.updated for entry in entries], default=_BEGAN)))
    _text(ET.SubElement(feed, _in("author")), "name", AUTHOR)
    _link(feed, "self", here, MEDIA_TYPE)
    _link(feed, "alternate", f"{base_url}/calls", "text/html")
    for entry in entries:
        element = ET.SubElement(feed, _in("entry"))
        _text(element, "id", f"urn:uuid:{entry.id}")
        _text(element, "title", entry.title)
        _text(element, "updated", _instant(entry.updated))
        _link(element, "alternate", f"{base_url}/calls/{entry.slug}", "text/html")
        _text(element, "summary", entry.summary)
    return bytes(ET.tostring(feed, encoding="utf-8", xml_declaration=True))


def _in(name: str) -> str:
    return f"{{{_ATOM}}}{name}"


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, _in(name)).text = text


def _link(parent: ET.Element, relation: str, address: str, media_type: str) -> None:
    ET.SubElement(parent, _in("link"), {"rel": relation, "href": address, "type": media_type})


def _instant(value: datetime) -> str:
    """RFC 3339, as RFC 4287 §3.3 asks for it."""
    return value.isoformat(timespec="seconds")
