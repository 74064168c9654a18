# SPDX-License-Identifier: Apache-2.0
"""Connections to play over: TCP and UDP by hand from an address that no kernel owns, so that nothing answers but the case,
and a kernel's own sockets."""

import os
import random
import select
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.environ["LAB_REPOSITORY"], "tests/scenario"))
from lib import frames  # noqa: E402

ANSWER_S = 1.0
IP_MTU_DISCOVER, IPV6_MTU_DISCOVER = 10, 23  # linux/in.h, linux/in6.h
SEGMENT = 1200


class Wire:
    def __init__(self, interface, server_mac):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.socket.bind((interface, 0))
        self.mac = self.socket.getsockname()[4]
        self.server_mac = server_mac
        self.connections = {}  # (client port, server port): Tcp

    def send(self, packet, ethertype):
        self.socket.send(self.server_mac + self.mac + struct.pack(">H", ethertype) + packet)

    def listen(self, seconds, enough=lambda: False):
        """Tells each connection what came for it, until it is enough."""
        end = time.monotonic() + seconds
        while not enough() and (left := end - time.monotonic()) > 0:
            if not select.select([self.socket], [], [], left)[0]:
                continue
            frame = self.socket.recv(65535)
            if struct.unpack_from(">H", frame, 12)[0] not in (0x0800, 0x86dd):
                continue
            seen = frames.describe(frame)
            if seen["kind"] != "tcp":
                continue
            connection = self.connections.get((seen["ports"][1], seen["ports"][0]))
            if connection:
                connection.heard(seen)

    def repeat_what_is_missing(self, rounds=3, each_s=0.3):
        """As the senders' kernels would: what was not acknowledged goes again, from the application's own bytes."""
        self.listen(each_s)
        for _ in range(rounds):
            for connection in self.connections.values():
                connection.repeat()
            self.listen(each_s)


class Tcp:
    """One connection by hand. `stream` is what its application wrote; a case may send anything."""

    def __init__(self, wire, source, server, isn, stream=b""):
        self.wire, self.source, self.server = wire, source, server
        self.isn, self.ack, self.stream = isn, 0, stream
        self.window = 65535
        self.acknowledged, self.ended = 0, False  # bytes that the server has; it was reset
        wire.connections[(source[1], server[1])] = self

    def heard(self, seen):
        if "R" in seen["flags"]:
            self.ended = True
        elif "A" in seen["flags"]:
            if seen["flags"] == "SA":
                self.ack = (seen["seq"] + 1) % 2**32
            got = (seen["ack"] - self.isn - 1) % 2**32
            if got < 2**31:
                self.acknowledged = max(self.acknowledged, got)

    def segment(self, seq, flags, payload=b"", ack=0, ttl=64, damage=0, options=b"", urgent=0, fragment=0,
                backwards=False):
        (source, sport), (destination, dport) = self.source, self.server
        number = (self.ack + ack) % 2**32 if "A" in flags else 0
        body = frames.tcp(source, destination, (sport, dport), flags, seq, number, payload, damage=damage,
                          options=options, urgent=urgent, window=self.window)
        kind, identification = frames.ethertype_of(source), random.randrange(1, 65535)
        pieces = [(0, body)]
        if fragment:
            pieces = [(at // 8 | (0x2000 if at + fragment < len(body) else 0), body[at:at + fragment])
                      for at in range(0, len(body), fragment)]
        for field, piece in pieces[::-1] if backwards else pieces:
            self.wire.send(frames.ip(source, destination, frames.TCP, piece, ttl=ttl, fragment=field,
                                     identification=identification), kind)

    def connect(self, payload=b"", options=b""):
        """The handshake; false when nobody answers."""
        self.ack, self.ended = 0, False
        for _ in range(3):
            self.segment(self.isn, "S", payload, options=options)
            self.wire.listen(ANSWER_S, lambda: self.ack or self.ended)
            if self.ack:
                self.segment(self.isn + 1, "A", options=options)
                return True
        return False

    def put(self, payload, at=0, flags="PA", **how):
        self.segment(self.isn + 1 + at, flags, payload, **how)

    def send(self, payload, at=0):
        self.stream = self.stream[:at] + payload
        for begin in range(0, len(payload), SEGMENT):
            self.put(payload[begin:begin + SEGMENT], at=at + begin)

    def arrived(self, count):
        """Waits until the server has so many bytes."""
        self.wire.listen(ANSWER_S, lambda: self.acknowledged >= count or self.ended)

    def repeat(self):
        if not self.ended and self.acknowledged < len(self.stream):
            self.send(self.stream[self.acknowledged:], at=self.acknowledged)


class Client:
    """A kernel's connection. Whatever ends it early is no error here: what arrived is told by the server."""

    def __init__(self, source, server, patience_s=ANSWER_S):
        self.socket = socket.socket(socket.AF_INET6 if ":" in server[0] else socket.AF_INET)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(patience_s)
        self.socket.bind(source)
        self.server = server
        self.got = b""

    def connect(self):
        try:
            self.socket.connect(self.server)
        except OSError:
            return False
        return True

    def send(self, payload, pieces=0):
        """All at once, or in pieces of so many bytes."""
        size = pieces or len(payload) or 1
        for at in range(0, len(payload), size):
            self.socket.sendall(payload[at:at + size])

    def read_until(self, end):
        """What came up to and with `end`, which a regular expression is not."""
        while end not in self.got:
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError("closed")
            self.got += data
        upto = self.got.index(end) + len(end)
        answer, self.got = self.got[:upto], self.got[upto:]
        return answer

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class Datagrams:
    """A kernel's UDP socket."""

    def __init__(self, source, server):
        self.socket = socket.socket(socket.AF_INET6 if ":" in server[0] else socket.AF_INET, socket.SOCK_DGRAM)
        # Longer datagrams leave in fragments.
        self.socket.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, 0)
        if ":" in server[0]:
            self.socket.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, 0)
        self.socket.settimeout(ANSWER_S)
        self.socket.bind(source)
        self.socket.connect(server)

    def connect(self):
        return True

    def send(self, *datagrams, ttl=0):
        if ttl:
            self.hops(ttl)
        for datagram in datagrams:
            try:
                self.socket.send(datagram)
            except ConnectionRefusedError:  # what an ICMP error said about an earlier one
                self.socket.send(datagram)
        if ttl:
            self.hops(64)

    def hops(self, count):
        if self.socket.family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, count)
        else:
            self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, count)

    def receive(self):
        return self.socket.recv(65536)

    def close(self):
        self.socket.close()
