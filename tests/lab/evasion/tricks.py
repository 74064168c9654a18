# SPDX-License-Identifier: Apache-2.0
"""The tricks: each plays one connection over a Tcp (wire.py), with a request that carries a name and a decoy that
carries another one. The ids are those of the evasion catalogue (docs/testing.md)."""

import struct

TLS, HTTP = "tls", "http"
ALL = []
DYING_TTL = 62


def trick(number, family, connect=True):
    def add(play):
        ALL.append((number, family, connect, play))
        return play
    return add


def stamp(value):
    """Once the server's own has been seen nothing looks at the echo but its round-trip time."""
    return struct.pack(">BBII", 8, 10, value, 0) + b"\1\1"


def middle(data, name):
    return data.index(name.encode()) + len(name) // 2


@trick("T01", TLS)
def whole(tcp, data, decoy, name):
    tcp.send(data)


@trick("T02", TLS)
def split_in_name(tcp, data, decoy, name):
    cut = middle(data, name)
    tcp.put(data[:cut])
    tcp.put(data[cut:], at=cut)


@trick("T03", TLS)
def one_byte_first(tcp, data, decoy, name):
    tcp.put(data[:1])
    tcp.put(data[1:], at=1)


@trick("T04", TLS)
def second_part_first(tcp, data, decoy, name):
    cut = middle(data, name)
    tcp.put(data[cut:], at=cut)
    tcp.put(data[:cut])


@trick("T05", TLS)
def small_segments(tcp, data, decoy, name):
    for at in range(0, len(data), 20):
        tcp.put(data[at:at + 20], at=at)


@trick("T06", TLS)
def record_split(tcp, data, decoy, name):
    body, cut = data[5:], middle(data, name) - 5
    tcp.send(b"".join(data[:3] + struct.pack(">H", len(part)) + part for part in (body[:cut], body[cut:])))


@trick("T07", TLS)
def records_of_16_bytes(tcp, data, decoy, name):
    body = data[5:]
    parts = [body[at:at + 16] for at in range(0, len(body), 16)]
    tcp.send(b"".join(data[:3] + struct.pack(">H", len(part)) + part for part in parts))


def fake_first(number, **how):
    @trick(number, TLS)
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


@trick("T11", TLS)
def junk_before_second(tcp, data, decoy, name):
    cut = middle(data, name)
    tcp.put(decoy[:20] + data[cut:], at=cut - 20)
    tcp.put(data[:cut])


@trick("T12", TLS)
def reset_bad_number(tcp, data, decoy, name):
    tcp.put(b"", flags="R", at=500)
    tcp.put(b"", flags="R", at=-5000)
    tcp.send(data)


@trick("T13", TLS)
def fake_fin(tcp, data, decoy, name):
    tcp.put(b"", flags="FA", at=5000)
    tcp.send(data)


@trick("T14", HTTP)
def urgent_letter(tcp, data, decoy, name):
    cut = middle(data, name)
    tcp.put(data[:cut] + b"Z", flags="PAU", urgent=cut + 1)
    tcp.put(data[cut:], at=cut + 1)


@trick("T15", TLS)
def fragments(tcp, data, decoy, name):
    tcp.put(data, fragment=64)


@trick("T16", TLS)
def fragments_backwards(tcp, data, decoy, name):
    tcp.put(data, fragment=64, backwards=True)


@trick("T17", TLS, connect=False)
def data_in_syn(tcp, data, decoy, name):
    tcp.connect(decoy)
    tcp.send(data)


@trick("T18", TLS)
def repeated(tcp, data, decoy, name):
    cut = middle(data, name)
    tcp.put(data[:cut])
    tcp.put(data[:cut])
    tcp.put(data[cut:], at=cut)


@trick("T19", TLS)
def partly_repeated(tcp, data, decoy, name):
    cut = middle(data, name)
    tcp.put(data[:cut])
    tcp.put(data[cut - 30:], at=cut - 30)


@trick("T24", TLS)
def overlap_differs(tcp, data, decoy, name):
    cut = middle(data, name)
    tcp.put(decoy[cut:], at=cut)
    tcp.put(data[cut:], at=cut)
    tcp.put(data[:cut])


@trick("T25", TLS)
def left_of_window(tcp, data, decoy, name):
    tcp.put(decoy[:50] + data, at=-50)
    tcp.send(data)


@trick("T26", TLS)
def fake_second_half(tcp, data, decoy, name):
    cut = middle(data, name)
    tcp.put(data[:cut])
    tcp.put(decoy[cut:], at=cut, damage=0x1111)
    tcp.put(data[cut:], at=cut)


@trick("T31", TLS, connect=False)
def old_time_stamp(tcp, data, decoy, name):
    tcp.connect(options=stamp(100_000))
    tcp.put(decoy, options=stamp(50_000))
    tcp.put(data, options=stamp(100_001))


@trick("T32", TLS)
def another_syn(tcp, data, decoy, name):
    tcp.put(b"", flags="S", at=90_000)
    tcp.put(decoy, at=90_001)
    tcp.send(data)


@trick("T30", TLS)
def number_wraps(tcp, data, decoy, name):
    tcp.send(data)


def request(number, change):
    @trick(number, HTTP)
    def play(tcp, data, decoy, name):
        tcp.send(change(data, name.encode()))


request("H01", lambda data, name: data)
request("H02", lambda data, name: data.replace(b"Host:", b"hoSt:"))
request("H03", lambda data, name: data.replace(b"Host: ", b"Host:"))
request("H04", lambda data, name: data.replace(b"GET ", b"GET  "))
request("H07", lambda data, name: data.replace(b"\r\n", b"\n"))
request("H08", lambda data, name: b"\r\n" + data)
request("H09", lambda data, name: data.replace(name, name + b"."))
request("H10", lambda data, name: data.replace(b"Host:", b"X-Pad: " + b"x" * 2048 + b"\r\nHost:"))
request("H11", lambda data, name: data.replace(name, name.swapcase()))
request("H13", lambda data, name: data.replace(b"GET /", b"GET http://" + name + b"/"))
request("H16", lambda data, name: data.replace(b"Host: ", b"Host:\t"))
request("H17", lambda data, name: data.replace(name, name + b":80"))
request("H18", lambda data, name: data.replace(b"Host:", b"".join(b"X-%d: y\r\n" % i for i in range(80)) + b"Host:"))


@trick("H05", HTTP)
def split_in_host(tcp, data, decoy, name):
    split_in_name(tcp, data, decoy, name)


@trick("H06", HTTP)
def three_byte_segments(tcp, data, decoy, name):
    for at in range(0, len(data), 3):
        tcp.put(data[at:at + 3], at=at)


@trick("H12", HTTP)
def pipelined(tcp, data, decoy, name):
    tcp.send(b"GET / HTTP/1.1\r\nHost: allowed.example\r\n\r\n" + data)


@trick("H19", HTTP)
def second_request(tcp, data, decoy, name):
    first = b"GET / HTTP/1.1\r\nHost: allowed.example\r\n\r\n"
    tcp.send(first)
    tcp.put(data, at=len(first))
