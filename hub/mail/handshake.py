"""What is said before the first mail: greeting, EHLO, TLS, sign-in. Anything amiss is RelayUnavailable."""

import asyncio
import base64
import socket
import ssl
from functools import cache

from hub.mail.capabilities import Capabilities, offered
from hub.mail.dialogue import Dialogue
from hub.mail.relay import Relay
from hub.mail.replies import (
    BAD_CERTIFICATE,
    NO_SIGN_IN,
    NO_TLS,
    TLS_FAILED,
    RelayUnavailable,
    classify,
    one_line,
)

# RFC 4954 §4: with a longer one the line would be too long, so it waits for the server's go-ahead.
_LONGEST_FIRST_RESPONSE = 490


class NoTls(RelayUnavailable):
    """The server offers TLS and cannot do it."""


@cache
def tls_context(*, verify: bool) -> ssl.SSLContext:
    """The system's authorities, or those in the file that the environment names in SSL_CERT_FILE."""
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


async def introduce(connection: Dialogue, relay: Relay, *, starttls: bool) -> None:
    """Up to where mails can be sent. `starttls` false leaves the offer of TLS alone."""
    code, line = await connection.greeting
    if code != 220:
        raise _refusal(code, line)
    await _say_hello(connection, relay)
    if starttls and connection.capabilities.starttls:
        await _start_tls(connection, relay)
    elif relay.needs_starttls:
        raise RelayUnavailable(NO_TLS, "tls")
    if relay.username:
        await _sign_in(connection, relay)


async def _say_hello(connection: Dialogue, relay: Relay) -> None:
    name = relay.hello or _own_name(connection)
    code, line = await connection.ask(b"EHLO " + name)
    if 200 <= code < 300:
        connection.capabilities = offered(line)
        return
    if code >= 500:
        # RFC 5321 §3.2: a server without extensions.
        code, line = await connection.ask(b"HELO " + name)
        connection.capabilities = Capabilities()
    if not 200 <= code < 300:
        raise _refusal(code, line)


def _own_name(connection: Dialogue) -> bytes:
    """RFC 5321 §4.1.4: this host's full name, else its address."""
    name = socket.gethostname()
    if "." in name and name.isascii() and name.isprintable():
        return name.encode()
    address = connection.own_address()
    return f"[IPv6:{address}]".encode() if ":" in address else f"[{address}]".encode()


async def _start_tls(connection: Dialogue, relay: Relay) -> None:
    code, line = await connection.ask(b"STARTTLS")
    if code != 220:
        if relay.needs_starttls:
            raise RelayUnavailable(one_line(line), "tls")
        return
    try:
        # Raises where anything was said behind the reply: it would be taken for said under TLS (RFC 3207 §6).
        transport = connection.bare_transport()
        secure = await asyncio.get_running_loop().start_tls(
            transport,
            connection,
            tls_context(verify=relay.verifies),
            server_hostname=relay.host,
        )
    except OSError as error:
        raise NoTls(tls_words(error), "tls") from error
    if secure is None:
        raise NoTls(TLS_FAILED, "tls")
    connection.use_transport(secure)
    # RFC 3207 §4.2: what was said in the clear counts no more.
    await _say_hello(connection, relay)


def tls_words(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"{BAD_CERTIFICATE}: {error.verify_message}"
    if isinstance(error, ssl.SSLError) and error.reason:
        return f"{TLS_FAILED}: {error.reason.replace('_', ' ').lower()}"
    return TLS_FAILED


async def _sign_in(connection: Dialogue, relay: Relay) -> None:
    ways = connection.capabilities.sign_in
    if "PLAIN" in ways:
        code, line = await _plain(connection, relay)
    elif "LOGIN" in ways:
        code, line = await _login(connection, relay)
    else:
        raise RelayUnavailable(NO_SIGN_IN, "sign_in")
    if code != 235:
        raise _refusal(code, _without_password(line, relay), "sign_in")


def _without_password(line: bytes, relay: Relay) -> bytes:
    """A server may quote what it does not understand, and editors are shown its words."""
    password = relay.password.encode()
    for said in filter(None, (_plain_response(relay), base64.b64encode(password), password)):
        line = line.replace(said, b"***")
    return line


def _plain_response(relay: Relay) -> bytes:
    return base64.b64encode(f"\0{relay.username}\0{relay.password}".encode())


async def _plain(connection: Dialogue, relay: Relay) -> tuple[int, bytes]:
    """RFC 4616."""
    response = _plain_response(relay)
    if len(response) <= _LONGEST_FIRST_RESPONSE:
        code, line = await connection.ask(b"AUTH PLAIN " + response)
    else:
        code, line = await connection.ask(b"AUTH PLAIN")
    if code == 334:
        code, line = await connection.ask(response)
    return code, line


async def _login(connection: Dialogue, relay: Relay) -> tuple[int, bytes]:
    """draft-murchison-sasl-login: two questions, whose words differ from server to server."""
    code, line = await connection.ask(b"AUTH LOGIN")
    for secret in (relay.username, relay.password):
        if code != 334:
            break
        code, line = await connection.ask(base64.b64encode(secret.encode()))
    return code, line


def _refusal(code: int, line: bytes, cause: str = "") -> RelayUnavailable:
    if code < 400:
        return RelayUnavailable(one_line(line), cause or "nonsense")
    answer = classify(code, line, "HELLO")
    return RelayUnavailable(answer.reply, cause or answer.cause, policy=answer.policy)
