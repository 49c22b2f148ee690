"""TLS and sign-in with the relay."""

from __future__ import annotations

import asyncio
import base64
import socket
from collections import deque
from dataclasses import replace
from pathlib import Path

import pytest

from hub.config import Settings, SettingsError
from hub.mail import handshake
from hub.mail.relay import StartTls, relay_from
from hub.mail.replies import BAD_CERTIFICATE, RelayUnavailable, in_words
from hub.mail.smtp import open_connection
from hub.web.i18n import reading_in
from tests.mail.basket import IMPATIENT, Basket, carry, letters, relay_at
from tests.mail.certificates import Authority
from tests.mail.scripted_server import CLOSE, hello, scripted, talking


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    handshake.tls_context.cache_clear()
    return made


@pytest.fixture
def stranger(tmp_path: Path) -> Authority:
    """Whom nobody trusts."""
    folder = tmp_path / "stranger"
    folder.mkdir()
    return Authority(folder)


@pytest.mark.parametrize("starttls", ["required", "opportunistic"])
async def test_starttls_where_it_is_offered(authority: Authority, starttls: StartTls) -> None:
    async with scripted(certificate=authority.server(), extensions=["PIPELINING"]) as server:
        basket = await carry(relay_at(server.port, starttls=starttls), letters(3))
    assert set(basket.states.values()) == {"sent"}
    assert server.verbs[:4] == ["greeting", "EHLO", "STARTTLS", "EHLO"]


async def test_off_is_off(authority: Authority) -> None:
    async with scripted(certificate=authority.server()) as server:
        basket = await carry(relay_at(server.port, starttls="off"), letters(1))
    assert basket.states == {"1": "sent"}
    assert "STARTTLS" not in server.verbs


async def test_tls_from_the_first_byte(authority: Authority, stranger: Authority) -> None:
    async with scripted(certificate=authority.server(), implicit_tls=True) as server:
        basket = await carry(relay_at(server.port, implicit_tls=True), letters(2))
    assert set(basket.states.values()) == {"sent"}
    async with scripted(certificate=stranger.server(), implicit_tls=True) as server:
        with pytest.raises(RelayUnavailable) as refused:
            await carry(relay_at(server.port, implicit_tls=True), letters(2))
    assert refused.value.cause == "tls"
    assert refused.value.reply.startswith(BAD_CERTIFICATE)
    assert server.lines == []


@pytest.mark.parametrize("wrong", ["another name", "another authority"])
async def test_a_wrong_certificate(authority: Authority, stranger: Authority, wrong: str) -> None:
    """Where TLS is required it ends there, with clear words; where it is opportunistic any will do (RFC 7435)."""
    certificate = (
        authority.server("mail.example.org") if wrong == "another name" else stranger.server()
    )
    async with scripted(certificate=certificate) as server:
        with pytest.raises(RelayUnavailable) as refused:
            await carry(relay_at(server.port, starttls="required"), letters(1))
        assert server.verbs == ["greeting", "EHLO", "STARTTLS"]
    assert refused.value.cause == "tls"
    with reading_in("it"):
        assert in_words(refused.value.reply).startswith(
            "il certificato del server di posta non è valido: "
        )
    async with scripted(certificate=certificate) as server:
        basket = await carry(relay_at(server.port, starttls="opportunistic"), letters(1))
    assert basket.states == {"1": "sent"}
    assert server.verbs.count("EHLO") == 2, "it was encrypted"


@pytest.mark.parametrize("says", [{}, {"STARTTLS": "454 4.7.0 no TLS at the moment"}])
async def test_no_tls_where_it_is_required(says: dict[str, str]) -> None:
    async with scripted(extensions=["STARTTLS"] if says else []) as server:
        server.says |= says
        with pytest.raises(RelayUnavailable) as refused:
            await carry(relay_at(server.port, starttls="required"), letters(1))
        assert refused.value.cause == "tls"
        basket = await carry(relay_at(server.port, starttls="opportunistic"), letters(1))
    assert basket.states == {"1": "sent"}


async def test_tls_that_does_not_work_is_left_alone_where_it_may_be() -> None:
    seen: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hello(reader, writer, "STARTTLS")
        while line := await reader.readline():
            seen.append(line)
            if line == b"STARTTLS\r\n":
                writer.write(b"220 go ahead\r\n")
                await reader.read(10)
                writer.write(b"I do not speak TLS, sorry\r\n")
                return
            writer.write(b"221 bye\r\n")

    async with talking(talk) as port:
        basket = await carry(relay_at(port), [])
        assert (seen, basket.ends) == ([b"STARTTLS\r\n", b"QUIT\r\n"], [None])
        with pytest.raises(RelayUnavailable) as refused:
            await carry(relay_at(port, starttls="required"), [])
    assert refused.value.cause == "tls"


@pytest.mark.parametrize("injected", [b"250 OK\r\n", b"25", b"250-PIPE", b"250-hello\r\n"])
async def test_nothing_said_in_the_clear_counts_under_tls(injected: bytes) -> None:
    """What stands behind the reply to STARTTLS came before the handshake: somebody may have put it there."""
    seen = asyncio.Queue[bytes]()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hello(reader, writer, "STARTTLS")
        await reader.readline()
        writer.write(b"220 go ahead\r\n" + injected)
        seen.put_nowait(await reader.read())

    async with talking(talk) as port:
        with pytest.raises(RelayUnavailable) as refused:
            await carry(relay_at(port, starttls="required"), letters(1))
        assert await seen.get() == b"", "no handshake began"
    assert refused.value.cause == "nonsense"


async def test_capabilities_are_asked_again_under_tls(authority: Authority) -> None:
    """RFC 3207 §4.2: what a server offered in the clear, somebody in the middle may have added."""

    def hello(times: int) -> str:
        return "250-x\r\n250-STARTTLS\r\n250 PIPELINING" if times == 1 else "250 x"

    async with scripted(certificate=authority.server(), EHLO=hello) as server:
        basket = Basket(deque())
        relay = relay_at(server.port, starttls="required")
        connection = await open_connection(relay, basket, patience=IMPATIENT)
        assert not connection.capabilities.pipelining
        connection.close()
        await basket.over.wait()


ACCOUNT = ("hub", "secret")


@pytest.mark.parametrize("mechanisms", ["PLAIN LOGIN", "LOGIN", "login plain", "XOAUTH2 PLAIN"])
async def test_sign_in(mechanisms: str) -> None:
    async with scripted(account=ACCOUNT, extensions=[f"AUTH {mechanisms}"]) as server:
        basket = await carry(relay_at(server.port, username="hub"), letters(1))
        assert basket.states == {"1": "sent"}
        with pytest.raises(RelayUnavailable) as refused:
            await carry(relay_at(server.port, username="somebody"), letters(1))
    assert (refused.value.cause, refused.value.reply) == ("sign_in", "535 5.7.8 wrong password")
    assert refused.value.policy
    assert "RCPT" not in server.verbs[server.verbs.index("QUIT") :]


@pytest.mark.parametrize(("mechanism", "quoted"), [("PLAIN", "AUTH PLAIN ***"), ("LOGIN", "***")])
async def test_a_server_that_quotes_the_password(mechanism: str, quoted: str) -> None:
    """Its words stand on the page of every campaign that waits."""
    name, password = (base64.b64encode(word).decode() for word in (b"hub", b"secret"))
    async with scripted(extensions=[f"AUTH {mechanism}"]) as server:

        def quote(_: int) -> str:
            return f"500 5.5.2 what is {server.lines[-1]}?"

        server.says["AUTH"] = "334 user?" if mechanism == "LOGIN" else quote
        server.says |= {name.upper(): "334 password?", password.upper(): quote}
        with pytest.raises(RelayUnavailable) as refused:
            await carry(relay_at(server.port, username="hub"), letters(1))
    assert refused.value.reply == f"500 5.5.2 what is {quoted}?"


async def test_a_long_password_waits_for_the_go_ahead() -> None:
    """RFC 4954 §4: the line would be too long."""
    password = "x" * 600
    async with scripted(account=("hub", password), extensions=["AUTH PLAIN"]) as server:
        relay = replace(relay_at(server.port, username="hub"), password=password)
        basket = await carry(relay, letters(1))
    assert basket.states == {"1": "sent"}
    assert "AUTH PLAIN" in server.lines


@pytest.mark.parametrize(
    ("extensions", "says"),
    [
        ([], {}),
        (["AUTH GSSAPI"], {}),
        (["AUTH LOGIN"], {"AUTH": "504 5.5.4 not that one"}),
        (["AUTH PLAIN"], {"AUTH": "250 whatever"}),
        (["AUTH PLAIN"], {"AUTH": CLOSE}),
    ],
)
async def test_no_sign_in_no_mail(extensions: list[str], says: dict[str, str]) -> None:
    async with scripted(extensions=extensions) as server:
        server.says |= says
        with pytest.raises(RelayUnavailable):
            await carry(relay_at(server.port, username="hub"), letters(1))
    assert "MAIL" not in server.verbs


async def test_a_password_asks_for_tls() -> None:
    """A password never crosses a network in the clear; on this machine it does not cross one."""
    assert relay_at(25, username="hub", host="mail.example.org").needs_starttls
    assert not relay_at(25, username="hub").needs_starttls
    assert not relay_at(25, host="mail.example.org").needs_starttls
    async with scripted(account=ACCOUNT, extensions=["AUTH PLAIN"]) as server:
        relay = relay_at(server.port, username="hub", starttls="required")
        with pytest.raises(RelayUnavailable):
            await carry(relay, letters(1))
    assert "AUTH" not in server.verbs


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"smtp_starttls": "maybe"}, "HUB_SMTP_STARTTLS"),
        ({"smtp_starttls": "off", "smtp_url": "smtp://u:p@mail.example.org"}, "in the clear"),
        ({"smtp_hello": "my host"}, "HUB_SMTP_HELLO"),
    ],
)
def test_settings_that_cannot_be_are_said_by_name(
    settings: Settings, changes: dict[str, str], words: str
) -> None:
    with pytest.raises(SettingsError, match=words):
        relay_from(replace(settings, **changes))  # type: ignore[arg-type]  # each is a text


async def test_the_name_we_give(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 5321 §4.1.4: a name with its domain, else the address."""
    for setting, host, said in (
        ("out.example.org", "ignored.example.org", "out.example.org"),
        ("", "mail.example.org", "mail.example.org"),
        ("", "laptop", "[127.0.0.1]"),
    ):
        monkeypatch.setattr(socket, "gethostname", lambda host=host: host)
        async with scripted() as server:
            url = f"smtp://127.0.0.1:{server.port}"
            await carry(relay_from(replace(settings, smtp_url=url, smtp_hello=setting)), [])
        assert server.lines[0] == f"EHLO {said}"
