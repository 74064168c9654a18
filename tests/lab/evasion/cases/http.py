# SPDX-License-Identifier: Apache-2.0
"""HTTP/1: forms of a request and of its name, over TCP by hand where segments matter, else over a kernel's."""

import gzip
import time

import ports
from cases import NOT_PLAYED, case

PACKED = gzip.compress(b"x" * 90, mtime=0)
FIRST = b"GET / HTTP/1.1\r\nHost: allowed.example\r\n\r\n"


def trick(number, **how):
    return case(number, "http", ports.HTTP, hand=True, **how)


def form(number, change, port=ports.HTTP):
    """`change`: request, name -> what is sent."""
    @case(number, "http", port)
    def play(client, data, decoy, name):
        client.send(change(data, name.encode()))


def headed(*lines):
    """A request whose head has these lines; `%` is the name."""
    return lambda data, name: b"\r\n".join([*lines, b"", b""]).replace(b"%", name)


form("H01", lambda data, name: data)
form("H02", lambda data, name: data.replace(b"Host:", b"hoSt:"))
form("H03", lambda data, name: data.replace(b"Host: ", b"Host:"))
form("H04", lambda data, name: data.replace(b"GET ", b"GET  "))
form("H07", lambda data, name: data.replace(b"\r\n", b"\n"))
form("H08", lambda data, name: b"\r\n" + data)
form("H08b", lambda data, name: b"\n\n" + data)
form("H09", lambda data, name: data.replace(name, name + b"."))
form("H10", lambda data, name: data.replace(b"Host:", b"X-Pad: " + b"x" * 2048 + b"\r\nHost:"))
form("H11", lambda data, name: data.replace(name, name.swapcase()))
form("H13", lambda data, name: data.replace(b"GET /", b"GET http://" + name + b"/"))
form("H13b", lambda data, name: FIRST.replace(b"GET /", b"GET http://" + name + b"/"))
form("H13c", lambda data, name: data.replace(b"GET /", b"GET http://allowed.example/"))
form("H13d", lambda data, name: FIRST.replace(b"GET /", b"GET HTTP://u:p@" + name + b":80/"))
form("H13e", lambda data, name: FIRST.replace(b"GET /", b"GET http://" + name + b"?/"))
form("H14", lambda data, name: data.replace(b"Host:", b"Host: allowed.example\r\nHost:"))
form("H14b", lambda data, name: data.replace(b"\r\n\r\n", b"\r\nHost: allowed.example\r\n\r\n"))
form("H15", lambda data, name: data, ports.HTTP_OTHER)
form("H16", lambda data, name: data.replace(b"Host: ", b"Host:\t"))
form("H16b", lambda data, name: data.replace(name, b"  \t " + name + b" \t "))
form("H17", lambda data, name: data.replace(name, name + b":80"))
form("H18", lambda data, name: data.replace(b"Host:", b"".join(b"X-%d: y\r\n" % i for i in range(80)) + b"Host:"))


@trick("H05")
def split_in_host(tcp, data, decoy, name):
    cut = data.index(name.encode()) + len(name) // 2
    tcp.put(data[:cut])
    tcp.put(data[cut:], at=cut)


@trick("H06")
def three_byte_segments(tcp, data, decoy, name):
    for at in range(0, len(data), 3):
        tcp.put(data[at:at + 3], at=at)


@trick("H12")
def pipelined(tcp, data, decoy, name):
    tcp.send(FIRST + data)


@trick("H19")
def second_request(tcp, data, decoy, name):
    tcp.send(FIRST)
    tcp.send(data, at=len(FIRST))


@trick("H20")
def second_request_later(tcp, data, decoy, name):
    tcp.send(FIRST)
    tcp.arrived(len(FIRST))
    tcp.send(data, at=len(FIRST))


@case("H31", "http", ports.HTTP)
def idle_between(client, data, decoy, name):
    """Kept alive for a while; Weir's timers are of an hour, so seconds say as much as minutes."""
    client.send(FIRST)
    time.sleep(2)
    client.send(data)


form("H21", headed(b"GET / HTTP/1.1", b"Host:", b" %"))
form("H21b", headed(b"GET / HTTP/1.1", b"X-Pad: a", b"\tb", b"Host: %"))
form("H21c", headed(b"GET / HTTP/1.1", b"Host: allowed.example", b" %"))
form("H22", headed(b"GET / HTTP/1.1", b"Host : %"))
form("H22b", headed(b"GET / HTTP/1.1", b" Host: %"))
form("H22c", headed(b"GET / HTTP/1.1", b"X-Host: allowed.example", b"Host: %", b"X: Host: allowed.example"))
form("H23", headed(b"GET / HTTP/1.1", b"X: \0\xff\x80", b"Host: %"))
form("H23b", headed(b"GET /\xff\x80 HTTP/1.1", b"Host: %"))
form("H23c", headed(b"GET / HTTP/1.1", b"Host: %\0.allowed.example"))
form("H23d", headed(b"GET /\t HTTP/1.1", b"Host: %"))
form("H24", lambda data, name: b"POST / HTTP/1.1\r\nHost: allowed.example\r\nTransfer-Encoding: chunked\r\n\r\n"
     b"5;ext=1\r\nhello\r\n0\r\nTrailer: x\r\n\r\n" + data)
form("H24b", lambda data, name: b"POST / HTTP/1.1\r\nHost: allowed.example\r\nContent-Length: 5\r\n\r\nhello" + data)
form("H24c", lambda data, name: b"POST / HTTP/1.1\r\nHost: allowed.example\r\nContent-Length: 5\r\n"
     b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + data)
form("H24d", lambda data, name: b"POST / HTTP/1.1\r\nHost: allowed.example\r\nTransfer-Encoding: chunked\r\n"
     b"Content-Length: %d\r\n\r\n0\r\n\r\n" % (5 + len(data)) + data)
form("H24e", lambda data, name: b"POST / HTTP/1.1\r\nHost: allowed.example\r\nTransfer-Encoding : chunked\r\n"
     b"Content-Length: %d\r\n\r\n0\r\n\r\n" % (5 + len(data)) + data)
form("H24f", lambda data, name: b"POST / HTTP/1.1\r\nHost: allowed.example\r\nContent-Length: 0\r\n"
     b"Content-Length: %d\r\n\r\n" % len(data) + data)
form("H24g", lambda data, name: b"GET / HTTP/1.1\r\nHost: allowed.example\r\nContent-Length: +0\r\n\r\n" + data)
form("H24h", lambda data, name: b"POST / HTTP/1.1\r\nHost: allowed.example\r\nTransfer-Encoding: chunked\r\n\r\n"
     b"5\nhello\n0\n\n" + data)
form("H24i", lambda data, name: b"POST / HTTP/1.1\r\nHost: allowed.example\r\nTransfer-Encoding: xchunked\r\n"
     b"Content-Length: %d\r\n\r\n" % len(data) + data)
form("H26", headed(b"GET /chat HTTP/1.1", b"Host: %", b"Connection: Upgrade", b"Upgrade: websocket",
                   b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="))
form("H26b", lambda data, name: headed(b"GET /chat HTTP/1.1", b"Host: allowed.example", b"Connection: Upgrade",
                                       b"Upgrade: websocket", b"Sec-WebSocket-Version: 13",
                                       b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")(data, name) + data)
for place, method in enumerate((b"PATCH", b"PROPFIND", b"OPTIONS", b"BREW", b"M-SEARCH", b"get", b"POST", b"TRACE")):
    form(f"H32{'abcdefgh'[place]}", lambda data, name, method=method: data.replace(b"GET", method))
form("H32i", headed(b"OPTIONS * HTTP/1.1", b"Host: %"))
form("H32j", lambda data, name: data.replace(b"HTTP/1.1", b"HTTP/1.0"))
form("H32k", lambda data, name: data.replace(b"HTTP/1.1", b"HTTP/1.9"))
form("H33", lambda data, name: b"POST / HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\nHost: %s\r\n\r\n"
     % (len(PACKED), name) + PACKED)
form("H33b", headed(b"GET /file HTTP/1.1", b"Range: bytes=100-", b"Host: %"))
form("H33c", headed(b"GET / HTTP/1.1", b"Expect: 100-continue", b"Content-Length: 0", b"Host: %"))
form("H34", lambda data, name: data.replace(b"GET /", b"GET //a/./b/%2e%2e/c%00"))


@case("H25", "http", ports.PROXY)
def connect(client, data, decoy, name):
    client.send(b"CONNECT 192.0.2.1:80 HTTP/1.1\r\nHost: 192.0.2.1:80\r\n\r\n")
    client.read_until(b"\r\n\r\n")
    client.send(data)


@case("H25b", "http", ports.SOCKS)
def through_socks(client, data, decoy, name):
    client.send(b"\5\1\0")
    client.read_until(b"\5\0")
    client.send(b"\5\1\0\3\x0ball.example\0\x50")
    client.read_until(b"\5\0\0\1" + bytes(6))
    client.send(data)


NOT_PLAYED.update({
    "H33d": "204 and 101 tricks of a server: they hide a body, and no request is in it (H26b has what a client may do)",
    "H34b": "rules about paths: the policy knows names only",
})
