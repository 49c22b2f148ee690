"""Codes without a database: RFC 6238's own examples, drift and replay, and what people type."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pyotp
import pytest

from hub import clock
from hub.tenants.accounts.second_factor import codes
from hub.tenants.accounts.second_factor.proposal import LASTS, Proposal, opened

# RFC 6238, appendix B: the ASCII secret 12345678901234567890, the last six of its eight digits.
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
EXAMPLES = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]
NOW = datetime(2026, 11, 23, 9, 0, 14, tzinfo=UTC)


@pytest.mark.parametrize(("seconds", "code"), EXAMPLES)
def test_the_examples_of_the_standard(seconds: int, code: str) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    assert codes.accepted_step(SECRET, code, moment) == seconds // 30


@pytest.mark.parametrize(
    ("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_clock_may_be_one_step_off(steps: int, taken: bool) -> None:
    code = pyotp.TOTP(SECRET).generate_otp(codes.step_of(NOW) + steps)
    assert (codes.accepted_step(SECRET, code, NOW) is not None) is taken


def test_no_step_is_taken_twice_nor_one_before_it() -> None:
    now = codes.step_of(NOW)
    totp = pyotp.TOTP(SECRET)
    present, before, after = (totp.generate_otp(now + steps) for steps in (0, -1, 1))
    assert codes.accepted_step(SECRET, present, NOW, now - 1) == now
    assert codes.accepted_step(SECRET, present, NOW, now) is None
    assert codes.accepted_step(SECRET, before, NOW, now) is None
    assert codes.accepted_step(SECRET, after, NOW, now) == now + 1


@pytest.mark.parametrize("code", ["", "12345", "1234567", "١٢٣٤٥٦", "abcdef", "😀"])
def test_what_is_no_code_is_refused_without_a_fault(code: str) -> None:
    assert codes.accepted_step(SECRET, code, NOW) is None


def test_recovery_codes_differ_and_are_never_taken_for_the_apps() -> None:
    made = [codes.compact(code) for _ in range(50) for code in codes.new_recovery_codes()]
    assert len(set(made)) == len(made) == 500
    assert not any(codes.is_of_app(code) for code in made)
    assert {len(code) for code in made} == {10}


@pytest.mark.parametrize(
    ("typed", "compact"),
    [(" 123 456 ", "123456"), ("ABCDE-FGHJK", "abcdefghjk"), ("abcde fghjk", "abcdefghjk")],
)
def test_blanks_hyphens_and_capitals_do_not_matter(typed: str, compact: str) -> None:
    assert codes.compact(typed) == compact


def test_an_app_reads_the_address_as_it_was_meant() -> None:
    parsed = pyotp.parse_uri(codes.setup_address(SECRET, "rosa@example.org"))
    assert isinstance(parsed, pyotp.TOTP)
    assert (parsed.secret, parsed.name, parsed.issuer) == (
        SECRET,
        "rosa@example.org",
        codes.ISSUER,
    )


def test_the_picture_has_no_style_of_its_own() -> None:
    drawn = codes.picture(codes.setup_address(SECRET, "rosa@example.org"))
    assert drawn.startswith("<svg ")
    assert "style" not in drawn
    assert SECRET not in drawn


def test_a_secret_has_160_bits() -> None:
    assert len(pyotp.TOTP(codes.new_secret()).byte_secret()) == 20


def test_a_proposal_is_its_accounts_alone_and_not_for_long() -> None:
    own, other = UUID(int=1), UUID(int=2)
    proposal = Proposal(own, SECRET, instead=True)
    sealed = proposal.sealed()
    assert opened(sealed, own) == proposal
    assert opened(sealed, other) is None
    assert opened(sealed[:-2], own) is None
    assert opened("", own) is None
    with clock.moved(LASTS + timedelta(seconds=2)):
        assert opened(sealed, own) is None
