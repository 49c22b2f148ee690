"""A form as the browser sends it, through the whole of hub.web."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from litestar.testing import TestClient

from hub.web.forms import blank
from tests.web.conftest import hidden
from tests.web.sample import DESKS, OpenCase

Visitor = TestClient[Any]
GOOD = {
    "given_name": "Maria",
    "codice_fiscale": "RSSMRA85T10A562S",
    "born": "1985-12-10",
    "amount": "25.000,00",
    "desk": str(DESKS[1][0]),
    "outcome": "a",
    "topics": ["loan", "plan"],
    "consent": "yes",
}
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def keys(visitor: Visitor) -> dict[str, str]:
    html = visitor.get("/new").text
    return {name: hidden(html, name) for name in ("_csrf_token", "form_key")}


def test_a_good_form_leads_on_and_says_so_once(visitor: Visitor, keys: dict[str, str]) -> None:
    answer = visitor.post("/new", data={**keys, **GOOD}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/list")
    assert "Compila questo campo." in visitor.get("/list").text
    assert "Compila questo campo." not in visitor.get("/list").text


def test_htmx_is_sent_on_by_its_own_header(visitor: Visitor, keys: dict[str, str]) -> None:
    answer = visitor.post("/new", data={**keys, **GOOD}, headers={"hx-request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (200, "/list")


def test_a_bad_form_comes_back_as_it_was_typed(visitor: Visitor, keys: dict[str, str]) -> None:
    wrong = {
        **GOOD,
        "given_name": "<M>",
        "amount": "12,345",
        "topics": ["plan"],
        "secret": "segreta",
        "consent": "",
    }
    answer = visitor.post("/new", data={**keys, **wrong})
    assert answer.status_code == 422
    html = answer.text
    assert 'value="&lt;M&gt;"' in html
    assert 'value="12,345"' in html
    assert 'name="topics" value="plan" checked' in html
    assert f'<option value="{DESKS[1][0]}" selected>' in html
    assert "segreta" not in html
    assert hidden(html, "form_key") == keys["form_key"], "the same intention keeps its key"
    assert '<a class="alert-link" href="#field-amount">Importo</a>: Inserisci un importo' in html
    assert 'aria-describedby="field-amount-error" aria-invalid="true"' in html
    assert "Spunta questa casella" in html
    assert 'href="#field-given_name"' not in html


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("given_name", "", "Compila"),
        ("given_name", "\x00", "non sono leggibili"),
        ("given_name", ["Anna", "Maria"], "più di una volta"),
        ("desk", "019ab000-0000-7000-8000-0000000000ff", "una delle opzioni"),
        ("desk", "", "una delle opzioni"),
        ("topics", ["loan", "gold"], "una delle opzioni"),
        ("topics", [], "almeno una"),
        ("origin", "123", "una delle opzioni"),
        ("staff", "501", "al massimo 500"),
        ("notes", "x" * 51, "al massimo 50"),
    ],
)
def test_each_field_says_what_is_wrong(
    visitor: Visitor, keys: dict[str, str], name: str, value: Any, says: str
) -> None:
    answer = visitor.post("/new", data={**keys, **GOOD, name: value})
    assert answer.status_code == 422
    assert f'id="field-{name}-error"' in answer.text or name == "origin"
    assert says in answer.text


@pytest.mark.parametrize("raw", [b"%FF%FE", b"%ED%A0%80", b"\xff", b"%00", b"%F0%9F%98"])
def test_bytes_that_are_no_text_are_an_error_of_their_field(
    visitor: Visitor, keys: dict[str, str], raw: bytes
) -> None:
    body = (
        f"_csrf_token={keys['_csrf_token']}&form_key={keys['form_key']}&given_name=".encode() + raw
    )
    answer = visitor.post("/new", content=body, headers=FORM)
    assert answer.status_code == 422
    assert "non sono leggibili" in answer.text


def test_the_key_is_asked_for_where_it_matters(visitor: Visitor, keys: dict[str, str]) -> None:
    for key in ({}, {"form_key": "x"}, {"form_key": [str(uuid4()), str(uuid4())]}):
        data = {"_csrf_token": keys["_csrf_token"], **key, **GOOD}
        answer = visitor.post("/new", data=data)
        assert answer.status_code == 422
        assert "il modulo è cambiato" in answer.text


def test_unknown_fields_and_floods_are_refused(visitor: Visitor, keys: dict[str, str]) -> None:
    answer = visitor.post("/new", data={**keys, **GOOD, "role": "admin"})
    assert answer.status_code == 422
    assert "il modulo è cambiato" in answer.text
    flood = f"_csrf_token={keys['_csrf_token']}" + "&a=1" * 600
    answer = visitor.post("/new", content=flood, headers=FORM)
    assert answer.status_code == 422
    assert "troppi campi" in answer.text


def test_what_is_no_form_or_too_large(visitor: Visitor, keys: dict[str, str]) -> None:
    token = {"x-csrf-token": keys["_csrf_token"]}
    assert visitor.post("/new", json=GOOD, headers=token).status_code == 415
    assert (
        visitor.post("/new", content=b"{", headers={**token, "content-type": "a/b"}).status_code
        == 415
    )
    large = {**keys, **GOOD, "notes": "x" * 60_000}
    answer = visitor.post("/new", data=large)
    assert answer.status_code == 413
    assert "Troppo grande" in answer.text


def test_no_field_is_needed_beyond_the_required_ones(
    visitor: Visitor, keys: dict[str, str]
) -> None:
    extra = {"email": "", "notes": " ", "phone": "", "urgent": "", "staff": ""}
    answer = visitor.post("/new", data={**keys, **GOOD, **extra}, follow_redirects=False)
    assert answer.status_code == 303


def test_a_form_can_be_filled_beforehand() -> None:
    form = blank(OpenCase, amount=1234_50, topics=("loan",), urgent=True, email=None)
    assert form.value("amount") == "1.234,50"
    assert form.chosen("topics", "loan")
    assert form.value("urgent") == "yes"
    assert form.value("email") == ""
    assert not form.failed


def test_a_service_can_refuse_later() -> None:
    form = blank(OpenCase)
    form.refuse("amount", "Troppo.")
    form.refuse(None, "Chiuso.")
    assert form.failed
    assert form.error_list == [("amount", "Importo", "Troppo.")]
    assert form.problems == ["Chiuso."]


def test_filters_come_from_the_address(visitor: Visitor) -> None:
    assert 'value="Rossi &lt;"' in visitor.get("/list?text=Rossi+%3C&after=9").text
    html = visitor.get("/list?text=" + "x" * 30).text
    assert 'id="filter-text-error"' in html
    assert visitor.get("/list?text=" + quote("\x00")).status_code == 200
    assert visitor.get("/list?text=%FF").status_code == 200
