# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 without TLS: by an upgrade and with prior knowledge, and the ways HPACK and frames can carry a name."""

import base64
import struct

import hpack
import ports
from cases import case

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADERS, SETTINGS, PING, CONTINUATION = 1, 4, 6, 9
END_STREAM, END_HEADERS, PADDED, PRIORITY = 1, 4, 8, 0x20


def frame(kind, flags, stream, body=b""):
    return struct.pack(">I", len(body))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + body


BEGIN = PREFACE + frame(SETTINGS, 0, 0)
ACKED = frame(SETTINGS, 1, 0)


def fields(authority, *more, without=()):
    wanted = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", authority), *more]
    return [field for field in wanted if field[0] not in without]


def block(pairs, huffman=True):
    return hpack.Encoder().encode(pairs, huffman=huffman)


def literal(name, value, how=0x40):
    """One field without Huffman: 0x40 into the table, 0 not, 0x10 never."""
    return bytes([how, len(name)]) + name + bytes([len(value)]) + value


def request(header_block, stream=1):
    return frame(HEADERS, END_STREAM | END_HEADERS, stream, header_block)


def form(number, make, pieces=0):
    """`make`: name -> what follows the preface and the settings."""
    @case(number, "http", ports.HTTP)
    def play(client, data, decoy, name):
        client.send(BEGIN + make(name) + ACKED, pieces)


def from_table(name):
    """Requests of one table: the second puts the name into it, the third refers to it by its index."""
    both = hpack.Encoder()
    first = both.encode(fields("allowed.example"))
    second = both.encode(fields(name))
    third = both.encode(fields(name))
    return request(first) + request(second, 3) + request(third, 5)


def in_continuations(name):
    whole = block(fields(name))
    parts = [whole[at:at + 3] for at in range(0, len(whole), 3)]
    return frame(HEADERS, END_STREAM, 1, parts[0]) + b"".join(
        frame(CONTINUATION, END_HEADERS if part is parts[-1] else 0, 1, part) for part in parts[1:])


def padded(name):
    return frame(HEADERS, END_STREAM | END_HEADERS | PADDED | PRIORITY, 1,
                 bytes([200]) + bytes(4) + b"\x0f" + block(fields(name)) + bytes(200))


def resized_table(name):
    return request(b"\x20" + block(fields(name), huffman=False))


form("H27b", lambda name: request(block(fields(name))))
form("H27c", lambda name: request(block(fields(name))), pieces=5)
form("H28", lambda name: request(block(fields("allowed.example", ("host", name)))))
form("H28b", lambda name: request(block(fields(name, ("host", "allowed.example")))))
form("H28c", lambda name: request(block(fields(name, ("host", name), without=(":authority",)))))
form("H28d", lambda name: request(block(fields(name.upper()))))
form("H28e", lambda name: request(block(fields(name + ":80"))))
form("H29", lambda name: request(block(fields(name), huffman=False)))
form("H29b", from_table)
form("H29c", lambda name: request(block(fields("allowed.example"))) + request(block(fields(name)), 3))
form("H29d", lambda name: request(b"\x82\x86\x84" + literal(b":authority", name.encode(), how=0x10)))
form("H29e", resized_table)
form("H30", in_continuations)
form("H30b", padded)
form("H30c", lambda name: frame(PING, 0, 0, bytes(8)) + frame(0xbe, 0x55, 0, b"grease") + request(block(fields(name))))


def upgrade(number, port, first, then):
    @case(number, "http", port)
    def play(client, data, decoy, name):
        client.send(b"GET / HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                    b"HTTP2-Settings: %s\r\n\r\n" % (first(name).encode(), base64.urlsafe_b64encode(bytes(6)).rstrip(b"=")))
        if then:
            client.read_until(b"\r\n\r\n")
            client.send(BEGIN + request(block(fields(name)), 3))


upgrade("H27", ports.HTTP, lambda name: name, then=False)
upgrade("H27d", ports.UPGRADE, lambda name: "allowed.example", then=True)
