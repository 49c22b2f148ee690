"""Forms: a msgspec struct says what is asked for, `read_form` gives it filled or says per field why not.

    class OpenCase(msgspec.Struct):
        desk_id: Annotated[UUID, Choice(N_("Desk"))]
        given_name: Annotated[str, Text(N_("Given name"), max_length=80)]
        amount: Annotated[int | None, Money(N_("Amount needed"))] = None       # a default makes a field optional

    # GET
    return page(request, "referrals/open_case.html", form=blank(OpenCase, choices={"desk_id": desks}))
    # POST
    form = await read_form(request, OpenCase, choices={"desk_id": desks}, once=True)
    if form.data is None:
        return page(request, "referrals/open_case.html", form=form, status_code=422)

`choices` are (value, label) pairs. What a service finds wrong later is added with `form.refuse("amount", _("…"))`, after
which the same 422 page is given. The macros of `web/forms.html` draw the form; `form.key` is the same for every
sending of one form, so that a double click or a replay can have one effect. `read_query` reads filters from an address.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, Literal, TypeVar, get_args, get_origin
from urllib.parse import parse_qsl
from weakref import WeakKeyDictionary

import msgspec
from litestar import Request
from litestar.exceptions import HTTPException

from hub.web import csrf
from hub.web.fields import Checkbox, Choice, Field, Refused, Text, refuse_unstorable
from hub.web.i18n import gettext as _

Struct = TypeVar("Struct", bound=msgspec.Struct)
Pairs = Sequence[tuple[object, str]]
KEY = "form_key"
MOST_FIELDS = 500


@dataclass
class Form(Generic[Struct]):
    """One form as it is shown: what it asks, what was typed, what was wrong with it."""

    asks: type[Struct]
    choices: Mapping[str, Pairs] = field(default_factory=dict)
    values: dict[str, list[str]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    """What is wrong with the form as a whole."""
    data: Struct | None = None
    """The struct, if nothing was wrong."""
    parsed: dict[str, Any] = field(default_factory=dict)
    """What each field says that is right in itself and not empty: so that what does not go together is said at once,
    whatever else is wrong."""
    key: uuid.UUID = field(default_factory=uuid.uuid4)
    prefix: str = "field"
    """Begins the HTML ids; two forms on one page need two."""
    is_filter: bool = False
    """Of a filter every field is optional, which then need not be said."""
    notes: dict[str, str] = field(default_factory=dict)
    """What is said instead of "optional" beside fields that may be left empty for now; in the reader's language."""

    def refuse(self, name: str | None, message: str) -> None:
        """Add an error to a field, or to the whole form; the message is already in the reader's language."""
        if name is None:
            self.problems.append(message)
        else:
            self.errors.setdefault(name, message)
        self.data = None

    @property
    def failed(self) -> bool:
        return bool(self.errors or self.problems)

    @property
    def error_list(self) -> list[tuple[str, str, str]]:
        """(name, label, message) in the order of the fields."""
        return [
            (name, self.label(name), self.errors[name])
            for name in fields_of(self.asks)
            if name in self.errors
        ]

    def value(self, name: str) -> str:
        typed = self.values.get(name, [])
        return typed[0] if typed and fields_of(self.asks)[name].field.echoed else ""

    def chosen(self, name: str, value: object) -> bool:
        return str(value) in self.values.get(name, [])

    def label(self, name: str) -> str:
        label = fields_of(self.asks)[name].field.label
        return _(label) if label else name.replace("_", " ").capitalize()

    def help(self, name: str) -> str:
        text = fields_of(self.asks)[name].field.help
        return _(text) if text else ""

    def kind(self, name: str) -> str:
        return fields_of(self.asks)[name].field.kind

    def required(self, name: str) -> bool:
        return fields_of(self.asks)[name].required

    def is_multiple(self, name: str) -> bool:
        return fields_of(self.asks)[name].field.multiple

    def max_length(self, name: str) -> int | None:
        return getattr(fields_of(self.asks)[name].field, "max_length", None)

    def options(self, name: str) -> list[tuple[str, str]]:
        """(value, label) of a choice, as the handler gave them or as the field lists them."""
        if name in self.choices:
            return [(str(value), label) for value, label in self.choices[name]]
        return [
            (value, _(label)) for value, label in options_of(fields_of(self.asks)[name]).items()
        ]

    def id(self, name: str) -> str:
        return f"{self.prefix}-{name}"


@dataclass(frozen=True)
class Asked:
    """One field of a struct."""

    field: Field
    type: Any
    required: bool


# Weak: some forms make a struct for each request.
_fields: WeakKeyDictionary[type, dict[str, Asked]] = WeakKeyDictionary()


def fields_of(asks: type[msgspec.Struct]) -> dict[str, Asked]:
    if asks not in _fields:
        _fields[asks] = {info.name: _asked(info) for info in msgspec.structs.fields(asks)}
    return _fields[asks]


def _asked(info: msgspec.structs.FieldInfo) -> Asked:
    kind: Any = info.type
    found: Field = Text()
    if get_origin(kind) is Annotated:
        kind, *notes = get_args(kind)
        found = next((note for note in notes if isinstance(note, Field)), found)
    required = found.required if isinstance(found, Checkbox) else info.required
    return Asked(found, kind, required)


def options_of(asked: Asked) -> Mapping[str, str]:
    """The options a field lists itself; those of a Literal type without labels are their own."""
    if isinstance(asked.field, Choice) and asked.field.options:
        return asked.field.options
    kind = next(
        (part for part in (asked.type, *get_args(asked.type)) if get_origin(part) is Literal), None
    )
    return {str(value): str(value) for value in get_args(kind)}


def blank(
    asks: type[Struct],
    *,
    choices: Mapping[str, Pairs] | None = None,
    prefix: str = "field",
    **values: object,
) -> Form[Struct]:
    """A form to fill in, with what is known already."""
    given = {
        name: fields_of(asks)[name].field.show(value)
        for name, value in values.items()
        if value is not None
    }
    return Form(asks, choices or {}, given, prefix=prefix)


async def read_form(
    request: Request[Any, Any, Any],
    asks: type[Struct],
    *,
    choices: Mapping[str, Pairs] | None = None,
    prefix: str = "field",
    once: bool = False,
) -> Form[Struct]:
    """The form that was sent. `once` asks for the form's key, which `submit` or `form_key` put into it.

    Raises HTTPException 415 if it is no form.
    """
    if request.content_type[0] != csrf.FORM_TYPE:
        raise HTTPException(status_code=415)
    form = Form(asks, choices or {}, prefix=prefix)
    sent = _sent_in(await request.body(), form)
    sent.pop(csrf.FIELD, None)
    _take_key(form, sent.pop(KEY, []), asked_for=once)
    for name in sent:
        if name not in fields_of(asks):
            form.refuse(
                None, _("The form has changed in the meantime. Please load the page again.")
            )
            break
    return _fill(form, sent)


def read_query(
    request: Request[Any, Any, Any],
    asks: type[Struct],
    *,
    choices: Mapping[str, Pairs] | None = None,
    prefix: str = "filter",
) -> Form[Struct]:
    """Filters and searches from the address; parameters that are none of the form's are left alone."""
    form = Form(asks, choices or {}, prefix=prefix, is_filter=True)
    return _fill(form, _sent_in(request.scope.get("query_string", b""), form))


def filled(
    asks: type[Struct],
    sent: Mapping[str, list[str]],
    *,
    choices: Mapping[str, Pairs] | None = None,
    prefix: str = "field",
) -> Form[Struct]:
    """As if just that had been sent: for what was kept as it was typed, right or wrong."""
    return _fill(Form(asks, choices or {}, prefix=prefix), sent)


def pairs_in(encoded: bytes) -> dict[str, list[str]]:
    """Names and values; bytes that are not UTF-8 stay recognisable, so that their field can be refused.

    Raises ValueError if there are more than MOST_FIELDS.
    """
    text = encoded.decode("utf-8", "surrogateescape")
    sent: dict[str, list[str]] = {}
    for name, value in parse_qsl(
        text, keep_blank_values=True, errors="surrogateescape", max_num_fields=MOST_FIELDS
    ):
        sent.setdefault(name, []).append(value)
    return sent


def _sent_in(encoded: bytes, form: Form[Any]) -> dict[str, list[str]]:
    try:
        return pairs_in(encoded)
    except ValueError:
        form.refuse(None, _("The form has too many fields."))
        return {}


def _take_key(form: Form[Any], sent: list[str], *, asked_for: bool) -> None:
    if not sent and not asked_for:
        return
    try:
        (text,) = sent
        form.key = uuid.UUID(text)
    except ValueError:
        form.refuse(None, _("The form has changed in the meantime. Please load the page again."))


def _fill(form: Form[Struct], sent: Mapping[str, list[str]]) -> Form[Struct]:
    for name, asked in fields_of(form.asks).items():
        typed = sent.get(name, [])
        form.values[name] = [_displayable(value) for value in typed]
        try:
            value = _value(form, name, asked, typed)
        except Refused as refusal:
            form.refuse(name, str(refusal))
        else:
            if value is not None:
                form.parsed[name] = value
    if not form.failed:
        _convert(form, form.parsed)
    return form


def _value(form: Form[Any], name: str, asked: Asked, typed: Sequence[str]) -> object:
    """None where nothing was typed and nothing has to be; the struct's default stands then."""
    given = [text for text in (asked.field.clean(value) for value in typed) if text]
    if not given:
        if asked.required:
            raise Refused(_(asked.field.missing))
        return None
    if len(given) > 1 and not asked.field.multiple:
        raise Refused(_("This field was sent more than once. Please load the page again."))
    if isinstance(asked.field, Choice):
        offered = {value for value, _label in form.options(name)}
        if not offered.issuperset(given):
            raise Refused(_("Choose one of the options."))
    values = [asked.field.parse(text) for text in given]
    return values if asked.field.multiple else values[0]


def _convert(form: Form[Struct], parsed: dict[str, object]) -> None:
    """Build the struct: its types turn choices into enums or ids, and its own checks have the last word."""
    try:
        form.data = msgspec.convert(parsed, form.asks, strict=False)
    except msgspec.ValidationError as error:
        name = str(error).rpartition("$.")[2].rstrip("`").partition("[")[0]
        form.refuse(name if name in fields_of(form.asks) else None, _("This value is not valid."))


def _displayable(typed: str) -> str:
    """What was typed, fit to be shown again: what cannot be encoded becomes the replacement character."""
    try:
        refuse_unstorable(typed.replace("\r", ""))
    except Refused:
        return "".join(
            c if c.isprintable() or c in "\r\n\t" else "\N{REPLACEMENT CHARACTER}" for c in typed
        )
    return typed
