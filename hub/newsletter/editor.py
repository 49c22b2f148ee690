"""The campaign's form: a struct made for the blocks that the page holds, so that each block is a field like any other.

`blocks` says which kinds stand in which order, `block_1_text` and its like what is in them. Adding, moving and
removing are submit buttons: they give the same form back, rearranged, and save nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, cast

import msgspec
from litestar import Request

from hub.newsletter.blocks import (
    BLOCK_LABELS,
    MOST_BLOCKS,
    Block,
    link_problem,
    markup_problem,
)
from hub.newsletter.schemas import Campaign, Draft
from hub.newsletter.segments import AUDIENCES, KINDS, Audience, Kind, choices_of, segment_of
from hub.newsletter.segments import Choices as Wanted
from hub.web import i18n
from hub.web.fields import Choice, Choices, Integer, Refused, Text, Textarea
from hub.web.forms import Form, Pairs, blank, pairs_in, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _

FIRST_BLOCKS = ("heading", "paragraph")
LANGUAGES = {"it": "Italiano", "en": "English"}

_ARRANGE = re.compile(r"(add|up|down|remove):([a-z]{1,20}|[1-9][0-9]{0,2})")
_PARTS: dict[str, tuple[str, ...]] = {
    "heading": ("text",),
    "paragraph": ("text",),
    "button": ("label", "url"),
    "divider": (),
}


@dataclass(frozen=True)
class Line(Text):
    """One line in which `{name}` may stand."""

    def parse(self, text: str) -> object:
        return _with_good_markup(super().parse(text))


@dataclass(frozen=True)
class Lines(Textarea):
    max_length: int = 5000

    def parse(self, text: str) -> object:
        return _with_good_markup(super().parse(text))


@dataclass(frozen=True)
class Link(Text):
    max_length: int = 1000

    def parse(self, text: str) -> object:
        if problem := link_problem(text):
            raise Refused(_(problem))
        return super().parse(text)


def _with_good_markup(text: object) -> object:
    if problem := markup_problem(str(text)):
        raise Refused(_(problem))
    return text


class SegmentQuery(msgspec.Struct, kw_only=True):
    """The ticks of the form's segment, for the live count."""

    audiences: Annotated[list[Audience], Choices(N_("Audiences"), options={**AUDIENCES})] = []
    kinds: Annotated[
        list[Kind], Choices(N_("Only people of these organisations"), options={**KINDS})
    ] = []
    regions: Annotated[list[str], Choices(N_("Only in these regions"))] = []

    @property
    def wanted(self) -> Wanted:
        return Wanted(tuple(self.audiences), tuple(self.kinds), tuple(self.regions))


class CampaignFields(SegmentQuery, kw_only=True):
    """What every campaign's form asks for; `asked_for` adds the blocks."""

    subject: Annotated[str, Line(N_("Subject"), max_length=150)]
    preheader: Annotated[
        str,
        Line(N_("First words"), N_("Mail programs show them beside the subject."), max_length=150),
    ] = ""
    locale: Annotated[str, Choice(N_("Language of the text"), options=LANGUAGES)]
    audiences: Annotated[list[Audience], Choices(N_("Audiences"), options={**AUDIENCES})]
    version: Annotated[int, Integer(minimum=0)] = 0
    blocks: Annotated[str, Text(max_length=2000)] = ""
    do: Annotated[str, Text()] = "save"


CampaignForm = Form[CampaignFields]


@dataclass(frozen=True)
class Editing:
    """The form with what a page needs beside it."""

    form: CampaignForm
    kinds: tuple[str, ...]
    do: str = "save"
    focus: str = ""
    """The field that an action leads to."""

    @property
    def rows(self) -> list["Row"]:
        return [
            Row(number, kind, [_name(number, part) for part in _PARTS[kind]])
            for number, kind in enumerate(self.kinds, 1)
        ]

    @property
    def wanted(self) -> Wanted:
        """What is ticked, also while the rest of the form is not valid yet."""
        ticked = {
            name: [
                value for value, _label in self.form.options(name) if self.form.chosen(name, value)
            ]
            for name in ("audiences", "kinds", "regions")
        }
        return msgspec.convert(ticked, Wanted)


@dataclass(frozen=True)
class Row:
    """A block on the page."""

    number: int
    kind: str
    names: Sequence[str] = field(default_factory=tuple)


def asked_for(kinds: Sequence[str]) -> type[CampaignFields]:
    """A struct for a campaign with such blocks; their labels are in the reader's language, since they are numbered."""
    fields = [
        (_name(number, part), _field_of(number, kind, part))
        for number, kind in enumerate(kinds, 1)
        for part in _PARTS[kind]
    ]
    made = msgspec.defstruct("CampaignForm", fields, bases=(CampaignFields,), kw_only=True)
    return cast("type[CampaignFields]", made)


def _field_of(number: int, kind: str, part: str) -> Any:
    what = _(BLOCK_LABELS[kind])
    if kind == "heading":
        return Annotated[str, Line(f"{number}. {what}")]
    if kind == "paragraph":
        return Annotated[str, Lines(f"{number}. {what}")]
    if part == "label":
        return Annotated[
            str, Line(_("%(number)s. Words on the button", number=number), max_length=80)
        ]
    return Annotated[str, Link(_("%(number)s. Address that the button opens", number=number))]


def _name(number: int, part: str) -> str:
    return f"block_{number}_{part}"


def new_editing(regions: Pairs) -> Editing:
    form = blank(
        asked_for(FIRST_BLOCKS),
        choices={"regions": regions},
        prefix="campaign",
        locale=i18n.locale(),
        blocks=",".join(FIRST_BLOCKS),
    )
    return Editing(form, FIRST_BLOCKS)


def editing_of(campaign: Campaign, regions: Pairs) -> Editing:
    kinds = tuple(_kind_of(block) for block in campaign.blocks)
    wanted = choices_of(campaign.segment)
    texts = {
        _name(number, part): getattr(block, part)
        for number, block in enumerate(campaign.blocks, 1)
        for part in _PARTS[_kind_of(block)]
    }
    form = blank(
        asked_for(kinds),
        choices={"regions": regions},
        prefix="campaign",
        subject=campaign.subject,
        preheader=campaign.preheader,
        locale=campaign.locale,
        audiences=wanted.audiences,
        kinds=wanted.kinds,
        regions=wanted.regions,
        version=campaign.version,
        blocks=",".join(kinds),
        **texts,
    )
    return Editing(form, kinds)


async def read_editing(request: Request[Any, Any, Any], regions: Pairs) -> Editing:
    """The form as it was sent, with the button that sent it done: `do` is save, preview, count or arranged."""
    try:
        sent = pairs_in(await request.body())
    except ValueError:  # read_form says what is wrong
        sent = {}
    kinds = _kinds_in(sent.get("blocks", [""])[0])
    form: CampaignForm = await read_form(
        request,
        asked_for(kinds or ()),
        choices={"regions": regions},
        prefix="campaign",
        once=True,
    )
    do = sent.get("do", ["save"])[0]
    arrangement = _ARRANGE.fullmatch(do)
    if kinds is None or not (arrangement or do in ("save", "preview", "count")):
        form.refuse(None, _("The form has changed in the meantime. Please load the page again."))
        return Editing(form, kinds or ())
    if arrangement:
        return _arranged(form, kinds, arrangement[1], arrangement[2])
    if not kinds:
        form.refuse(None, _("Add at least one block of text."))
    if do == "count":
        form.errors.clear()
        form.problems.clear()
    return Editing(form, kinds, do)


def _kinds_in(text: str) -> tuple[str, ...] | None:
    kinds = tuple(text.split(",")) if text else ()
    known = len(kinds) <= MOST_BLOCKS and all(kind in _PARTS for kind in kinds)
    return kinds if known else None


def _arranged(form: CampaignForm, kinds: tuple[str, ...], verb: str, what: str) -> Editing:
    """The same texts in another order. Nothing is checked: people arrange while they write."""
    order = list(range(1, len(kinds) + 1))
    new_kinds = dict(enumerate(kinds, 1))
    focus = 0
    if verb == "add" and what in _PARTS and len(order) < MOST_BLOCKS:
        focus = len(order) + 1
        new_kinds[focus] = what
        order.append(focus)
    elif what.isdigit() and int(what) in order:
        place = order.index(int(what))
        moved = order.pop(place)
        if verb != "remove":
            place = max(place - 1, 0) if verb == "up" else min(place + 1, len(order))
            order.insert(place, moved)
        focus = min(place + 1, len(order))
    after = tuple(new_kinds[number] for number in order)
    values = {name: typed for name, typed in form.values.items() if not name.startswith("block_")}
    for number, before in enumerate(order, 1):
        for part in _PARTS[new_kinds[before]]:
            values[_name(number, part)] = form.values.get(_name(before, part), [])
    values["blocks"] = [",".join(after)]
    arranged: CampaignForm = Form(
        asked_for(after), form.choices, values, key=form.key, prefix=form.prefix
    )
    return Editing(arranged, after, "arranged", f"block-{focus}" if focus else "")


def draft_of(data: CampaignFields, kinds: Sequence[str]) -> Draft:
    """What a form without errors says."""
    blocks = [
        {"type": kind} | {part: getattr(data, _name(number, part)) for part in _PARTS[kind]}
        for number, kind in enumerate(kinds, 1)
    ]
    return Draft(
        subject=data.subject,
        preheader=data.preheader,
        locale=data.locale,
        blocks=msgspec.convert(blocks, tuple[Block, ...]),
        segment=segment_of(data.wanted),
    )


def _kind_of(block: Block) -> str:
    return str(block.__struct_config__.tag)
