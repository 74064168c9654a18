# SPDX-License-Identifier: Apache-2.0
"""TLS over TCP: tricks with segments. Each plays a ClientHello that carries a name over a Tcp, and may use a decoy that
carries another, allowed one of the same length."""

import struct

import ports
from cases import NOT_PLAYED, case

DYING_TTL = 62


def trick(number, port=ports.TLS, **how):
    return case(number, "tls", port, hand=True, **how)


def stamp(value):
    """Once the server's own has been seen nothing looks at the echo but its round-trip time."""
    return struct.pack(">BBII", 8, 10, value, 0) + b"\1\1"


def middle(data, name):
    return data.index(name.encode()) + len(name) // 2


@trick("T01")
def whole(tcp, data, decoy, name):
    tcp.send(data)


@trick("T02")
def split_in_name(tcp, data, decoy, name):
    cut = middle(data, name)
    tcp.put(data[:cut])
    tcp.put(data[cut:], at=cut)


@trick("T03")
def one_byte_first(tcp, data, decoy, name):
    tcp.put(data[:1])
    tcp.put(data[1:], at=1)


@trick("T04")
def second_part_first(tcp, data, decoy, name):
    cut = middle(data, name)
    tcp.put(data[cut:], at=cut)
    tcp.put(data[:cut])


@trick("T05")
def small_segments(tcp, data, decoy, name):
    for at in range(0, len(data), 20):
        tcp.put(data[at:at + 20], at=at)


@trick("T06")
def record_split(tcp, data, decoy, name):
    body, cut = data[5:], middle(data, name) - 5
    tcp.send(b"".join(data[:3] + struct.pack(">H", len(part)) + part for part in (body[:cut], body[cut:])))


@trick("T07")
def records_of_16_bytes(tcp, data, decoy, name):
    body = data[5:]
    parts = [body[at:at + 16] for at in range(0, len(body), 16)]
    tcp.send(b"".join(data[:3] + struct.pack(">H", len(part)) + part for part in parts))


def fake_first(number, **how):
    @trick(number)
    def play(tcp, data, decoy, name):
        tcp.put(decoy, **how)
        tcp.send(data)
    return play


fake_first("T08", damage=0x1111)
fake_first("T09", ttl=1)
fake_first("T09b", ttl=DYING_TTL)  # within Weir's slack, and the server ignores it (server.py)
fake_first("T10", at=-10000)
fake_first("T10b", at=1 << 22)
fake_first("T21", flags="P")
fake_first("T22", ack=66000)
fake_first("T23", options=bytes([19, 18]) + bytes(16) + b"\1\1")


@trick("T11")
def junk_before_second(tcp, data, decoy, name):
    cut = middle(data, name)
    tcp.put(decoy[:20] + data[cut:], at=cut - 20)
    tcp.put(data[:cut])


@trick("T12")
def reset_bad_number(tcp, data, decoy, name):
    tcp.put(b"", flags="R", at=500)
    tcp.put(b"", flags="R", at=-5000)
    tcp.send(data)


@trick("T13")
def fake_fin(tcp, data, decoy, name):
    tcp.put(b"", flags="FA", at=5000)
    tcp.send(data)


@case("T14", "tls", ports.HTTP, hand=True, rewritten=True)
def urgent_letter(tcp, data, decoy, name):
    cut = middle(data, name)
    tcp.stream = data[:cut] + b"Z" + data[cut:]
    tcp.put(data[:cut] + b"Z", flags="PAU", urgent=cut + 1)
    tcp.put(data[cut:], at=cut + 1)


@trick("T15")
def fragments(tcp, data, decoy, name):
    tcp.put(data, fragment=64)


@trick("T16")
def fragments_backwards(tcp, data, decoy, name):
    tcp.put(data, fragment=64, backwards=True)


@trick("T17", connect=False)
def data_in_syn(tcp, data, decoy, name):
    tcp.connect(decoy)
    tcp.send(data)


@trick("T18")
def repeated(tcp, data, decoy, name):
    cut = middle(data, name)
    tcp.put(data[:cut])
    tcp.put(data[:cut])
    tcp.put(data[cut:], at=cut)


@trick("T19")
def partly_repeated(tcp, data, decoy, name):
    cut = middle(data, name)
    tcp.put(data[:cut])
    tcp.put(data[cut - 30:], at=cut - 30)


@trick("T24")
def overlap_differs(tcp, data, decoy, name):
    cut = middle(data, name)
    tcp.put(decoy[cut:], at=cut)
    tcp.put(data[cut:], at=cut)
    tcp.put(data[:cut])


@trick("T25")
def left_of_window(tcp, data, decoy, name):
    tcp.put(decoy[:50] + data, at=-50)
    tcp.send(data)


@trick("T26")
def fake_second_half(tcp, data, decoy, name):
    cut = middle(data, name)
    tcp.put(data[:cut])
    tcp.put(decoy[cut:], at=cut, damage=0x1111)
    tcp.put(data[cut:], at=cut)


@trick("T31", connect=False)
def old_time_stamp(tcp, data, decoy, name):
    tcp.connect(options=stamp(100_000))
    tcp.put(decoy, options=stamp(50_000))
    tcp.put(data, options=stamp(100_001))


@trick("T32")
def another_syn(tcp, data, decoy, name):
    tcp.put(b"", flags="S", at=90_000)
    tcp.put(decoy, at=90_001)
    tcp.send(data)


@trick("T30")
def number_wraps(tcp, data, decoy, name):
    tcp.send(data)


@trick("T33")
def window_of_one(tcp, data, decoy, name):
    tcp.window = 1
    tcp.put(b"", flags="A")
    tcp.put(data[:1])
    tcp.put(data[1:], at=1)


@case("T34", "tls", ports.HTTP, hand=True, rewritten=True)
def urgent_and_overlap(tcp, data, decoy, name):
    cut = middle(data, name)
    tcp.stream = data[:cut] + b"Z" + data[cut:]
    tcp.put(b"Z" + data[cut:], at=cut, flags="PAU", urgent=1)
    tcp.put(data[:cut] + b"Y")


def same_ends_again(number, end):
    @trick(number)
    def play(tcp, data, decoy, name):
        tcp.send(decoy)
        tcp.arrived(len(decoy))
        if end == "FA":
            tcp.put(b"", flags="FA", at=len(decoy))
            tcp.arrived(len(decoy) + 1)
            tcp.put(b"", flags="A", at=len(decoy) + 1, ack=1)  # of its FIN
        else:
            tcp.put(b"", flags=end, at=len(decoy))
        tcp.isn = (tcp.isn + 1_000_000) % 2**32
        tcp.acknowledged, tcp.stream = 0, data
        if tcp.connect():
            tcp.send(data)


same_ends_again("T35", "R")
same_ends_again("T35b", "FA")


@trick("T09c")
def decoy_in_parts(tcp, data, decoy, name):
    """Each half a decoy that dies on its way, then both real halves."""
    cut = middle(data, name)
    tcp.put(decoy[:cut], ttl=DYING_TTL)
    tcp.put(decoy[cut:], at=cut, ttl=DYING_TTL)
    tcp.send(data)


NOT_PLAYED.update({
    "T28": "split handshake: a Linux server answers a SYN with one SYN/ACK",
    "T29": "three SYN/ACKs with different numbers: the server's doing, and a Linux server does not",
    "T36": "midstream: both ends' handshake would have to pass beside Weir (scenario exceptions-midstream)",
})
