"""Signatures as dkimpy judges them, which shares no code with ours, from the records that `hub dkim` prints."""

from __future__ import annotations

import logging
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import dkim as judge
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from dkim.canonicalization import CanonicalizationPolicy

from hub import mail
from hub.cli import main
from hub.config import Settings, SettingsError
from hub.mail import dkim, dkim_keys
from hub.mail.dkim_keys import Algorithm, DkimKey, new_key, read_keys
from hub.mail.messages import Body, build
from hub.mail.relay import Mailbox
from tests.mail.reading import parsed
from tests.support.smtp_sink import SmtpSink

DATE = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_keys() -> Iterator[None]:
    yield
    dkim.use_keys(())


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, DkimKey]:
    """By domain, algorithm and selector; one private key of each algorithm serves them all."""
    folder = tmp_path_factory.mktemp("keys")
    first = {
        "rsa": new_key("example.org", "r1", "rsa", folder / "r1.pem"),
        "ed25519": new_key("example.org", "e1", "ed25519", folder / "e1.pem"),
    }
    return {
        f"{domain} {selector}": replace(first[algorithm], domain=domain, selector=selector)
        for domain in ("example.org", "hub.example.org", "other.example")
        for algorithm, selectors in (("rsa", ("r1", "r2")), ("ed25519", ("e1", "e2")))
        for selector in selectors
    }


def letter(
    *,
    subject: str = "Novità",
    text: str = "Ciao è.\n",
    html: str = "<p>Ciao è.",
    to: str = "a@b.it",
) -> bytes:
    return build(
        sender=Mailbox("Ente Nazionale per il Microcredito", "no-reply@hub.example.org"),
        to=Mailbox("Niccolò Rossi", to),
        subject=subject,
        body=Body(text, html),
        message_id="<c.d@hub.example.org>",
        date=DATE,
        locale="it",
        headers=[
            ("List-Unsubscribe", "<https://hub.example.org/unsubscribe/" + "A" * 200 + ">"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            ("Reply-To", "ente@example.org"),
        ],
    )


def verified(message: bytes, *published: DkimKey) -> list[bool]:
    """For each of its signatures, from the top."""
    records = {f"{key.name}.".encode(): joined(key.record()).encode() for key in published}

    def judged(index: int) -> bool:
        try:
            return bool(judge.DKIM(message).verify(idx=index, dnsfunc=_asking(records)))
        except judge.ValidationError:
            return False

    return [judged(index) for index in range(message.count(b"DKIM-Signature: "))]


def _asking(records: dict[bytes, bytes]) -> Callable[..., bytes | None]:
    return lambda name, timeout=5: records.get(name)


def joined(record: str) -> str:
    """The text of a zone file's line."""
    strings = re.findall(r'"([^"]*)"', record)
    assert max(map(len, strings)) <= 255
    return "".join(strings)


def tags(message: bytes, index: int = 0) -> dict[str, str]:
    header = parsed(message).get_all("dkim-signature", [])[index]
    return dict(part.split("=", 1) for part in "".join(header.split()).split(";"))


@pytest.mark.parametrize("selector", ["r1", "e1"])
@pytest.mark.parametrize(
    "message",
    [letter(), letter(html=""), letter(text="", html=""), letter(text=".\n..\nFrom x\n\n\n\n", html=""),
     letter(text="a  b \t\n \n", html="<p>  a  </p>\n\n\n"), letter(text="\n" * 50, html=""), letter(subject="è" * 900),
     letter(to="josé@città.example")],
)  # fmt: skip
def test_a_signed_message_is_verified(
    keys: dict[str, DkimKey], selector: str, message: bytes
) -> None:
    key = keys[f"hub.example.org {selector}"]
    dkim.use_keys((key,))
    signed = dkim.sign(message, "hub.example.org")
    assert signed.endswith(message)
    assert verified(signed, key) == [True]
    assert max(map(len, signed.split(b"\r\n")[:12])) <= 78


def test_both_sign_where_both_are_there(keys: dict[str, DkimKey]) -> None:
    pair = (keys["hub.example.org e1"], keys["hub.example.org r1"])
    dkim.use_keys(pair)
    signed = dkim.sign(letter(), "hub.example.org")
    assert verified(signed, *pair) == [True, True]
    assert [tags(signed, index)["a"] for index in (0, 1)] == ["rsa-sha256", "ed25519-sha256"]


def test_without_a_key_of_the_domain_the_relay_signs(keys: dict[str, DkimKey]) -> None:
    assert dkim.sign(letter(), "hub.example.org") == letter()
    dkim.use_keys((keys["other.example r1"], keys["hub.example.org e1"]))
    for domain in ("example.org", "nothub.example.org", "example.org.other", "org"):
        assert dkim.sign(letter(), domain) == letter()


def test_every_header_is_signed_and_some_of_them_once_more(keys: dict[str, DkimKey]) -> None:
    dkim.use_keys((keys["hub.example.org e1"],))
    names = tags(dkim.sign(letter(), "hub.example.org"))["h"].split(":")
    assert sorted(names) == sorted(
        ["from", "from", "to", "to", "cc", "reply-to", "reply-to", "subject", "subject", "date", "date", "message-id",
         "content-language", "list-unsubscribe", "list-unsubscribe-post", "mime-version", "content-type", "content-type"]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Ciao", b"Addio"),
        (b"Subject: ", b"Subject: Re: "),
        (b"From: ", b"From: x <evil@evil.example>\r\nFrom: "),
        (b"From: ", b"Subject: evil\r\nFrom: "),
        (b"From: ", b"To: evil@evil.example\r\nFrom: "),
        (b"From: ", b"Cc: evil@evil.example\r\nFrom: "),
        (b"From: ", b"Reply-To: evil@evil.example\r\nFrom: "),
        (b"From: ", b"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nFrom: "),
        (b"From: ", b"Content-Type: text/html\r\nFrom: "),
        (b"=One-Click", b"=Two-Clicks"),
        (b"/unsubscribe/A", b"/unsubscribe/B"),
        (b"--=_microwork_hub--\r\n", b"--=_microwork_hub--\r\nmore\r\n"),
    ],
)
def test_a_changed_message_is_not(keys: dict[str, DkimKey], before: bytes, after: bytes) -> None:
    pair = (keys["hub.example.org e1"], keys["hub.example.org r1"])
    dkim.use_keys(pair)
    signed = dkim.sign(letter(), "hub.example.org")
    changed = signed.replace(before, after, 1)
    assert changed != signed
    assert verified(changed, *pair) == [False, False]


def test_headers_may_be_folded_anew(keys: dict[str, DkimKey]) -> None:
    key = keys["hub.example.org r1"]
    dkim.use_keys((key,))
    signed = dkim.sign(letter(), "hub.example.org")
    folded = signed.replace(b"Reply-To: ", b"Reply-To:\r\n\t ").replace(b"Subject: ", b"SUBJECT:  ")
    assert folded != signed
    assert verified(folded, key) == [True]


def test_our_form_is_canonical_as_dkimpy_has_it() -> None:
    """The body as it stands, which is why it is not looked at."""
    policy = CanonicalizationPolicy.from_c_value(b"relaxed/simple")
    for message in (letter(), letter(text=".\n \n a  b\t\n"), letter(html="")):
        _, _, body = message.partition(b"\r\n\r\n")
        assert policy.canonicalize_body(body) == body


@pytest.mark.parametrize(
    "head",
    [letter().partition(b"\r\n\r\n")[0], b"Subject:  a \t b  \r\n\tc \r\nX-EMPTY: \r\nTo:a@b.it", "To: é".encode()],
)  # fmt: skip
def test_headers_are_read_as_dkimpy_reads_them(head: bytes) -> None:
    policy = CanonicalizationPolicy.from_c_value(b"relaxed/simple")
    fields = [line.partition(b":") for line in re.split(rb"\r\n(?![ \t])", head)]
    theirs = policy.canonicalize_headers((name, value + b"\r\n") for name, _, value in fields)
    ours = dkim.canonical(head)
    assert ours.lines == b"".join(name + b":" + value for name, value in theirs)
    assert ours.names == b":".join(name for name, _ in theirs)


def test_each_domain_has_its_own_keys(keys: dict[str, DkimKey]) -> None:
    dkim.use_keys((keys["other.example r1"], keys["hub.example.org r1"]))
    assert tags(dkim.sign(letter(), "hub.example.org"))["d"] == "hub.example.org"
    assert tags(dkim.sign(letter(), "OTHER.example"))["d"] == "other.example"


def test_a_parent_signs_where_the_domain_has_no_key(keys: dict[str, DkimKey]) -> None:
    dkim.use_keys((keys["example.org r1"], keys["hub.example.org e1"], keys["example.org e1"]))
    signed = dkim.sign(letter(), "hub.example.org")
    found = [(tags(signed, index)["d"], tags(signed, index)["s"]) for index in (0, 1)]
    assert found == [("example.org", "r1"), ("hub.example.org", "e1")]


def test_a_rotation(keys: dict[str, DkimKey]) -> None:
    """Made and published behind the old one, then put before it; what the old one signed stays good until it goes."""
    old, new = keys["example.org r1"], keys["example.org r2"]
    dkim.use_keys((old, new))
    before = dkim.sign(letter(), "example.org")
    dkim.use_keys((new, old))
    after = dkim.sign(letter(), "example.org")
    assert (tags(before)["s"], tags(after)["s"]) == ("r1", "r2")
    assert verified(before, old, new) == verified(after, old, new) == [True]


def test_the_setting_is_read_from_its_files(settings: Settings, tmp_path: Path) -> None:
    rsa_key = new_key("hub.example.org", "r", "rsa", tmp_path / "r.pem")
    ed_key = new_key("hub.example.org", "e", "ed25519", tmp_path / "e:1.pem")
    setting = f" hub.example.org:r:{tmp_path}/r.pem , Hub.Example.ORG:E:{tmp_path}/e:1.pem,"
    mail.use_relay(replace(settings, dkim_keys=setting))
    assert verified(dkim.sign(letter(), "hub.example.org"), rsa_key, ed_key) == [True, True]
    mail.use_relay(settings)
    assert dkim.sign(letter(), "hub.example.org") == letter()


async def test_the_hubs_own_mail_is_signed(
    settings: Settings, smtp_sink: SmtpSink, tmp_path: Path
) -> None:
    new_key("example.org", "k1", "ed25519", tmp_path / "k.pem")
    setting = f"example.org:k1:{tmp_path}/k.pem"
    mail.use_relay(replace(settings, smtp_url=smtp_sink.url, dkim_keys=setting))
    await mail.send(to="anna@example.com", subject="Novità", text="Ciao")
    (received,) = smtp_sink.sent_to("anna@example.com")
    assert "d=example.org;" in received.message["dkim-signature"]
    assert received.message["auto-submitted"] == "auto-generated"


@pytest.mark.parametrize(
    "setting",
    ["x", "example.org:k1", "example.org:k1:", ":k1:/x", "example.org::/x", "exa mple:k1:/x", "example.org:k_:/x",
     "example.org:é:/x", "-a.org:k1:/x", "example.org:k1:/nowhere/at/all", "example.org:k1:/"],
)  # fmt: skip
def test_a_setting_that_cannot_be_read(setting: str) -> None:
    with pytest.raises(SettingsError, match="DKIM"):
        read_keys(setting)


def test_one_name_for_two_keys_is_refused(tmp_path: Path) -> None:
    new_key("example.org", "k1", "ed25519", tmp_path / "k.pem")
    entry = f"example.org:k1:{tmp_path}/k.pem"
    with pytest.raises(SettingsError, match="two keys"):
        read_keys(f"{entry},{entry}")


def _pem(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, password: bytes | None = None
) -> bytes:
    lock = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a private key"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "not a private key"),
        (_pem(ec.generate_private_key(ec.SECP256R1())), "must be RSA or Ed25519"),
        (_pem(ec.generate_private_key(ec.SECP256R1()), b"secret"), "password"),
        (_pem(rsa.generate_private_key(65537, 1024)), "1024 bits"),
        (
            ec.generate_private_key(ec.SECP256R1())
            .public_key()
            .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "not a private key",
        ),
    ],
    ids=["empty", "nonsense", "other-kind", "locked", "too-short", "public"],
)
def test_a_file_that_holds_no_such_key(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(SettingsError, match=said):
        read_keys(f"example.org:k1:{file}")


def test_a_key_that_verifiers_need_not_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_key("example.org", "k1", "rsa", tmp_path / "k.pem")
    monkeypatch.setattr(dkim_keys, "_RSA_BITS", 1024)
    monkeypatch.setattr(dkim_keys, "_LARGEST_RSA_BITS", 2047)
    with pytest.raises(SettingsError, match="2048 bits"):
        read_keys(f"example.org:k1:{tmp_path}/k.pem")


def test_a_file_that_others_can_read_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "k.pem"
    new_key("example.org", "k1", "ed25519", file)
    with caplog.at_level(logging.WARNING):
        read_keys(f"example.org:k1:{file}")
        assert not caplog.records
        for mode in (0o640, 0o604):
            file.chmod(mode)
            read_keys(f"example.org:k1:{file}")
    assert [record.getMessage() for record in caplog.records] == [
        "the file of the DKIM key k1 of example.org can be read by others"
    ] * 2


@pytest.mark.parametrize("algorithm", ["rsa", "ed25519"])
def test_the_command_makes_a_key_and_says_its_record(tmp_path: Path, algorithm: Algorithm) -> None:
    file = tmp_path / "k1.pem"
    command = ["dkim", "new", "Hub.Example.org", "k1", "--type", algorithm, "--out", str(file)]
    made = CliRunner().invoke(main, command)
    assert made.exit_code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (key,) = read_keys(f"hub.example.org:k1:{file}")
    assert key.algorithm == algorithm
    assert made.stdout.strip() == key.record()
    assert key.record().startswith("k1._domainkey.hub.example.org. IN TXT ( ")
    assert joined(key.record()).startswith(f"v=DKIM1; k={algorithm}; p=")
    assert "PRIVATE" not in repr(key) + made.output
    content = file.read_bytes()
    again = CliRunner().invoke(main, command)
    assert again.exit_code == 1
    assert "File exists" in again.output
    assert file.read_bytes() == content


def test_the_command_prints_the_records_of_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [
        new_key("example.org", selector, "ed25519", tmp_path / f"{selector}.pem")
        for selector in ("k2", "k1")
    ]
    entries = (f"example.org:{key.selector}:{tmp_path}/{key.selector}.pem" for key in made)
    monkeypatch.setenv("HUB_DKIM_KEYS", ",".join(entries))
    printed = CliRunner().invoke(main, ["dkim", "records"])
    assert printed.exit_code == 0
    assert printed.stdout.splitlines() == [
        "; signs",
        made[0].record(),
        "; published only",
        made[1].record(),
    ]


def test_the_command_says_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = CliRunner().invoke(main, ["dkim", "new", "a b", "k1", "--out", str(tmp_path / "k.pem")])
    assert bad.exit_code == 1
    assert "names as the DNS has them" in bad.output
    assert not (tmp_path / "k.pem").exists()
    monkeypatch.setenv("HUB_DKIM_KEYS", "")
    none = CliRunner().invoke(main, ["dkim", "records"])
    assert none.exit_code == 1
    assert "the relay signs" in none.output
