# SPDX-License-Identifier: Apache-2.0
"""DNS: questions for a name, over UDP and TCP, to dnsmasq."""

import struct

import ports
from cases import NOT_PLAYED, case

IN, A, AAAA, HTTPS, ANY, OPT = 1, 1, 28, 65, 255, 41


def labels(name):
    return b"".join(bytes([len(label)]) + label for label in name.encode().split(b".")) + b"\0"


def message(*questions, flags=0x0100, extra=b"", extras=0, number=0x4242):
    return struct.pack(">HHHHHH", number, flags, len(questions), 0, 0, extras) + b"".join(questions) + extra


def question(name, kind=A, of=IN):
    return labels(name) + struct.pack(">HH", kind, of)


def edns(options, size=1232):
    return b"\0" + struct.pack(">HHIH", OPT, size, 0, len(options)) + options


def udp(number, make):
    @case(number, "dns", ports.DNS, udp=True)
    def play(client, data, decoy, name):
        client.send(*make(name))
        client.receive()


def tcp(number, make, pieces=0):
    @case(number, "dns", ports.DNS)
    def play(client, data, decoy, name):
        client.send(b"".join(struct.pack(">H", len(one)) + one for one in make(name)), pieces)
        client.socket.recv(4096)


def mixed_case(name):
    return "".join(letter.upper() if at % 2 else letter for at, letter in enumerate(name))


def compressed(name):
    """The question's last label is a pointer to the same name behind it, which is in an extra record."""
    at = 12 + 1 + len(name.split(".")[0]) + 2 + 4
    first = name.split(".")[0].encode()
    rest = labels(name.split(".", 1)[1])
    asked = bytes([len(first)]) + first + struct.pack(">H", 0xc000 | at) + struct.pack(">HH", A, IN)
    return [message(asked, extra=rest + struct.pack(">HHIH", A, IN, 0, 4) + bytes(4), extras=1)]


udp("D00", lambda name: [message(question(name))])
tcp("D00b", lambda name: [message(question(name))])
udp("D01", lambda name: [message(question(mixed_case(name)))])
tcp("D01b", lambda name: [message(question(mixed_case(name)))])
tcp("D02", lambda name: [message(question(name))], pieces=1)
tcp("D02b", lambda name: [message(question("allowed.example")), message(question(name), number=2)], pieces=33)
udp("D03", lambda name: [message(question("allowed.example"), question(name))])
udp("D03b", lambda name: [message(question(name), question("allowed.example"))])
udp("D03c", lambda name: [message(question("allowed.example")), message(question(name), number=2)])
udp("D04", compressed)
udp("D04b", lambda name: [message(labels(name)[:-1] + b"\xc0\x0c" + struct.pack(">HH", A, IN)), message(question(name))])
udp("D05", lambda name: [message(question(name), extra=edns(struct.pack(">HH", 12, 100) + bytes(100)), extras=1)])
udp("D05b", lambda name: [message(question(name), extra=edns(struct.pack(">HH", 10, 8) + b"cookie!!"), extras=1)])
udp("D05c", lambda name: [message(question(name), extra=b"trailing bytes")])
udp("D05d", lambda name: [message(question(name), flags=0x0110)])
udp("D05e", lambda name: [message(question(name), flags=0x0120)])
udp("D08", lambda name: [message(question(name, HTTPS))])
udp("D08b", lambda name: [message(question(name, AAAA))])
udp("D08c", lambda name: [message(question(name, ANY))])
udp("D08d", lambda name: [message(question("www." + name))])

NOT_PLAYED.update({
    "D06": "DNS over TLS, HTTPS, QUIC: the question is sealed (the resolver's name is a case of T and Q)",
    "D07": "tunnels: the name that they use is the tunnel's own",
    "D09": "answers of strangers on the own link do not pass a bridge to them",
    "D10": "an answer with an inside address: the server's doing, and no name is in it that was not asked for",
})
