"""A mail server that takes everything and keeps nothing, fast enough not to be what is measured.

    python -m bench.delivery.fast_sink PORT

Several of them may share a port. It accepts what a client may send and no more: after the end of a message at most the next envelope is on its way
(RFC 2920 §3.1: DATA ends a group), so the end is looked for in the last bytes only. Its output tells when it took a
message for a recipient of WATCHED, in seconds of the system's monotonic clock.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import cast

import uvloop

from hub.embedded import ports

WATCHED = b"@watched.example.org"
END = b"\r\n.\r\n"
# The longest envelope that may follow a message: three lines of at most 1,000 bytes.
TAIL = 4096
GREETING = b"220 sink ESMTP\r\n"
FEATURES = b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
REPLIES = {
    b"EHLO": FEATURES,
    b"DATA": b"354 go\r\n",
    b"QUIT": b"221 bye\r\n",
}
OK, TAKEN = b"250 ok\r\n", b"250 2.0.0 taken\r\n"


class Sink(asyncio.Protocol):
    def __init__(self) -> None:
        self.begun = b""  # of a line, or the last bytes of a message
        self.in_message = False
        self.watched = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of no class of asyncio's.
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(GREETING)

    def data_received(self, data: bytes) -> None:
        answer = b""
        if self.in_message:
            found = data.rfind(END, max(0, len(data) - TAIL))
            if found >= 0:
                data = data[found + 5 :]
            else:
                # The end may lie across two reads.
                tail = self.begun + data[:TAIL] if len(data) < TAIL else data[-TAIL:]
                found = tail.rfind(END)
                if found < 0:
                    self.begun = tail[-TAIL:]
                    return
                data = tail[found + 5 :]
            self.begun, self.in_message = b"", False
            answer = TAKEN
            if self.watched:
                self.tell()
        answer += self.commands(data)
        if answer:
            self.transport.write(answer)

    def commands(self, data: bytes) -> bytes:
        answer = b""
        *lines, self.begun = (self.begun + data).split(b"\r\n")
        for line in lines:
            verb = line[:4].upper()
            answer += REPLIES.get(verb, OK)
            if verb == b"RCPT" and WATCHED in line:
                self.watched = line[line.index(b"<") + 1 : line.index(b"@")]
            elif verb == b"DATA":
                self.in_message = True
            elif verb == b"QUIT":
                self.transport.write(answer)
                self.transport.close()
                return b""
        return answer

    def tell(self) -> None:
        print(self.watched.decode("ascii"), time.monotonic(), flush=True)
        self.watched = b""


async def serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Sink, ports.HOST, port, reuse_port=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
