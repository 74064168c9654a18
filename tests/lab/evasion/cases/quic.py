# SPDX-License-Identifier: Apache-2.0
"""QUIC: Initial packets that carry a ClientHello, made by hand."""

import ports
from cases import NOT_PLAYED, case
from cases.tls_forms import hello, names
from lib.payloads import extension, vector
from quic_seal import DRAFT29, V2, crypto, ids, initial, long_packet

PING = b"\1"
ACK = b"\2\0\0\0\0"
FIRST_ID, OTHER_ID = bytes(range(8)), b"\xc1" * 8
DYING_TTL = 62
PARAMETERS = extension(57, b"\1\2\x67\x10" + b"\x0f\5" + b"\x51" * 5)


def message(name, extra=b"", before=b""):
    """A ClientHello without its record."""
    return hello(before, names(name.encode()), PARAMETERS, extension(16, vector(2, vector(1, b"h3"))), last=extra)[5:]


def filler(name):
    """An allowed name of the same length."""
    return "another.example"[-len(name):]


def quic(number, port=ports.QUIC, **how):
    """The function gets a socket, the ClientHello and the name; a decoy's name is of the same length."""
    def add(play):
        @case(number, "quic", port, udp=True, **how)
        def whole(client, data, decoy, name):
            play(client, name)
        return play
    return add


def datagrams(number, make, port=ports.QUIC):
    """`make`: ClientHello -> datagrams, one after the other."""
    @quic(number, port)
    def play(client, name):
        client.send(*make(message(name)))


def halves(text):
    cut = text.index(b".example")
    return text[:cut], cut, text[cut:]


def two_initials(text, **second):
    first, cut, rest = halves(text)
    return [initial(crypto(0, first)), initial(crypto(cut, rest), number=1, **second)]


datagrams("Q01", lambda text: [initial(crypto(0, text))])


@quic("Q02")
def frames_out_of_order(client, name):
    text = message(name)
    parts = [(at, text[at:at + 40]) for at in range(0, len(text), 40)]
    mixed = parts[1::2] + parts[::2]
    client.send(initial(PING + bytes(3) + ACK + (PING + bytes(2)).join(crypto(*part) for part in mixed)))


@quic("Q03")
def over_three(client, name):
    text = message(name, before=extension(0x6399, bytes(1216)))
    for number, at in enumerate(range(0, len(text), 700)):
        client.send(initial(crypto(at, text[at:at + 700]), number))


@quic("Q03b")
def name_over_two(client, name):
    client.send(*two_initials(message(name)))


datagrams("Q04", lambda text: two_initials(text, dcid=OTHER_ID, keyed_by=FIRST_ID))
datagrams("Q04b", lambda text: two_initials(text, dcid=OTHER_ID))
datagrams("Q05", lambda text: two_initials(text)[::-1])
datagrams("Q05b", lambda text: [two_initials(text, dcid=OTHER_ID, keyed_by=FIRST_ID)[i] for i in (0, 1, 1)])


def overlapping(number, order):
    @quic(number)
    def play(client, name):
        text, other = message(name), message(filler(name))
        client.send(initial(b"".join(crypto(0, (text, other)[which]) for which in order)))


overlapping("Q06", (0, 1))
overlapping("Q06b", (1, 0))


@quic("Q06c")
def overlap_in_later_packet(client, name):
    text, other = message(name), message(filler(name))
    cut = text.index(name.encode()) + len(name) - 2
    client.send(initial(crypto(0, other[:cut])), initial(crypto(0, text[:cut]), 1), initial(crypto(cut, text[cut:]), 2))


@quic("Q07")
def much_crypto(client, name):
    text = message(name, before=extension(0x6399, bytes(4500)))
    for number, at in enumerate(range(0, len(text), 1000)):
        client.send(initial(crypto(at, text[at:at + 1000]), number))


@quic("Q08", ports.QUIC_RETRY)
def retried(client, name):
    client.send(initial(crypto(0, message(filler(name)))))
    answer = client.receive()
    client.send(initial(crypto(0, message(name)), 1, dcid=ids(answer)[1], token=b"retry-token"))


@quic("Q08b", ports.QUIC_RETRY)
def retried_with_the_same(client, name):
    client.send(initial(crypto(0, message(name))))
    answer = client.receive()
    client.send(initial(crypto(0, message(name)), 1, dcid=ids(answer)[1], token=b"retry-token"))


@quic("Q09", ports.QUIC_VERSIONS)
def another_version_first(client, name):
    grease = bytearray(initial(crypto(0, message(filler(name)))))
    grease[1:5] = bytes.fromhex("1a2a3a4a")
    client.send(bytes(grease))
    client.receive()
    client.send(initial(crypto(0, message(name))))


datagrams("Q10", lambda text: [initial(crypto(0, text), version=V2)])
datagrams("Q10b", lambda text: [initial(crypto(0, text), version=DRAFT29)])
datagrams("Q11", lambda text: [long_packet(1, size=900), initial(crypto(0, text))])
datagrams("Q11b", lambda text: [initial(crypto(0, text), size=0) + long_packet(1, size=700)])
datagrams("Q12", lambda text: [initial(crypto(0, text), size=0) + long_packet(2, size=700)])
datagrams("Q12b", lambda text: [long_packet(2, size=300) + initial(crypto(0, text), size=800)])
datagrams("Q12c", lambda text: [initial(PING, size=300) + initial(crypto(0, text), 1, size=900)])
datagrams("Q13", lambda text: [b"\x40" + bytes(40), initial(crypto(0, text))])
datagrams("Q13b", lambda text: [b"hello, this is no QUIC at all", initial(crypto(0, text))])
datagrams("Q13c", lambda text: [initial(PING), initial(ACK + PING, 1), initial(crypto(0, text), 2)])
datagrams("Q14", lambda text: [initial(crypto(0, text), size=2500)])


def dying(number, ttl):
    @quic(number)
    def play(client, name):
        client.send(initial(crypto(0, message(filler(name)))), ttl=ttl)
        client.send(initial(crypto(0, message(name))))


dying("Q16", 1)
dying("Q16b", DYING_TTL)


@quic("Q16c")
def another_connection_first(client, name):
    client.send(initial(crypto(0, message(filler(name))), dcid=OTHER_ID),
                initial(crypto(0, message(name))))


datagrams("Q17", lambda text: [initial(crypto(0, text), size=0)])
datagrams("Q17b", lambda text: [initial(crypto(0, text), size=1201 + sum(text) % 200) + bytes(17)])
datagrams("Q17c", lambda text: [initial(crypto(0, text), dcid=b"", keyed_by=b"", size=1252)])
datagrams("Q17d", lambda text: [initial(crypto(0, text), dcid=bytes(range(20)), token=b"t" * 90)])
datagrams("Q17e", lambda text: [initial(crypto(0, text), number=0x7fffffff)])

NOT_PLAYED.update({
    "Q15": "migration: a packet after the handshake names nothing",
    "Q18": "MASQUE: what it carries is sealed",
})
