# SPDX-License-Identifier: Apache-2.0
"""TLS over a kernel's TCP: forms of the ClientHello and of the name in it."""

import socket

import ports
from cases import NOT_PLAYED, case
from lib.payloads import extension, vector

SERVER_NAME, GREASE, ECH, PADDING, PRE_SHARED, KEY_SHARE = 0, 0x0a0a, 0xfe0d, 21, 41, 51
ML_KEM_BYTES = 1216  # X25519MLKEM768


def names(*wanted, kind=0):
    return extension(SERVER_NAME, vector(2, b"".join(bytes([kind]) + vector(2, name) for name in wanted)))


def hello(*first, share=bytes(range(32)), last=b"", record=16384):
    """A ClientHello of TLS 1.3 with these extensions, in records of so many bytes."""
    body = b"".join([
        *first, extension(10, vector(2, bytes.fromhex("001d0017"))), extension(11, b"\1\0"),
        extension(13, vector(2, bytes.fromhex("0403080404010503080505010806"))),
        extension(43, vector(1, bytes.fromhex("03040303"))), extension(45, vector(1, b"\1")),
        extension(KEY_SHARE, vector(2, bytes.fromhex("001d") + vector(2, share))), last])
    suites = vector(2, bytes.fromhex("130113021303c02bc02fc02cc030"))
    message = b"\3\3" + bytes(range(32)) + vector(1, bytes(32)) + suites + vector(1, b"\0") + vector(2, body)
    message = b"\1" + vector(3, message)
    return b"".join(b"\x16\3\1" + vector(2, message[at:at + record]) for at in range(0, len(message), record))


def form(number, make, pieces=0):
    @case(number, "tls", ports.TLS)
    def play(client, data, decoy, name):
        client.send(make(name.encode()), pieces)


form("T20", lambda name: hello(names(name)))
form("T38", lambda name: hello(extension(0x6399, bytes(ML_KEM_BYTES)), names(name)))
form("T38b", lambda name: hello(extension(PADDING, bytes(9000)), names(name), last=extension(0x6a6a, bytes(8000))))
form("T38c", lambda name: hello(extension(PADDING, bytes(9000)), names(name), record=1), pieces=1000)
form("T38d", lambda name: hello(names(name), record=64), pieces=7)
form("T39", lambda name: hello(names(b"allowed.example"), names(name)))
form("T39b", lambda name: hello(names(b"allowed.example", name)))
form("T39c", lambda name: hello(names(name, b"allowed.example")))
form("T39d", lambda name: hello(names(b""), names(name)))
form("T39e", lambda name: hello(names(name + b".")))
form("T39f", lambda name: hello(names(name.upper())))
form("T39g", lambda name: hello(names(b"xn--bcher-kva." + name)))
form("T39h", lambda name: hello(names("b\u00fccher.".encode() + name)))
form("T39i", lambda name: hello(names(b"allowed.example\0." + name)))
form("T39j", lambda name: hello(names(b"a" * 230 + b"." + name)))
form("T39k", lambda name: hello(names(b"a" * 255 + b"." + name)))
form("T39l", lambda name: hello(names(b"allowed.example", kind=1), names(name)))
form("T39m", lambda name: hello(names(b"_x-." + name)))
form("T40", lambda name: hello(extension(GREASE, b""), names(name), extension(ECH, bytes(8) + bytes(32) + bytes(180))))
form("T40b", lambda name: b"\x14\3\1\0\1\1" + hello(names(name)))  # a change of ciphers first
form("T40c", lambda name: hello(names(name), last=extension(42, b"") + extension(PRE_SHARED, vector(
    2, vector(2, bytes(32)) + bytes(4)) + vector(2, vector(1, bytes(32))))))
form("T40d", lambda name: hello(names(name)).replace(b"\x16\3\1", b"\x16\3\0", 1))
form("T40e", lambda name: hello(names(name)).replace(b"\x16\3\1", b"\x16\3\xff", 1))


@case("T27", "tls", ports.TLS, connect=False)
def fast_open(client, data, decoy, name):
    """A first connection is given the cookie, the second brings its data with the SYN."""
    with socket.socket(client.socket.family) as first:
        first.sendto(decoy, socket.MSG_FASTOPEN, client.server)
    client.socket.settimeout(None)
    client.socket.sendto(data, socket.MSG_FASTOPEN, client.server)


NOT_PLAYED.update({
    "T40f": "an SSLv2 hello: OpenSSL 3 refuses it, and it carries no name",
    "T40g": "resumption without a name, ECH's inner name: nothing on the wire says it",
})
