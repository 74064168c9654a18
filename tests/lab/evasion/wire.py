# SPDX-License-Identifier: Apache-2.0
"""TCP by hand from an address that no kernel owns, so that nothing answers but the trick."""

import ipaddress
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


class Wire:
    def __init__(self, interface, server_mac):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.bind((interface, 0))
        self.mac = self.socket.getsockname()[4]
        self.server_mac = server_mac

    def send(self, packet, ethertype):
        self.socket.send(self.server_mac + self.mac + struct.pack(">H", ethertype) + packet)

    def receive(self, wanted, seconds):
        """The first TCP segment that `wanted` takes, as frames.describe has it."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.socket], [], [], left)[0]:
                break
            frame = self.socket.recv(65535)
            if struct.unpack_from(">H", frame, 12)[0] not in (0x0800, 0x86dd):
                continue
            seen = frames.describe(frame)
            if seen["kind"] == "tcp" and wanted(seen):
                return seen
        return None


class Tcp:
    def __init__(self, wire, source, server, isn):
        self.wire, self.source, self.server = wire, source, server
        self.isn, self.ack = isn, 0

    def segment(self, seq, flags, payload=b"", ack=0, ttl=64, damage=0, options=b"", urgent=0, fragment=0,
                backwards=False):
        (source, sport), (destination, dport) = self.source, self.server
        number = (self.ack + ack) % 2**32 if "A" in flags else 0
        body = frames.tcp(source, destination, (sport, dport), flags, seq, number, payload, damage=damage,
                          options=options, urgent=urgent)
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
        for _ in range(3):
            self.segment(self.isn, "S", payload, options=options)
            answer = self.wire.receive(lambda seen: seen["ports"] == (self.server[1], self.source[1])
                                       and seen["flags"] == "SA", ANSWER_S)
            if answer:
                self.ack = (answer["seq"] + 1) % 2**32
                self.segment(self.isn + 1, "A", options=options)
                return True
        return False

    def put(self, payload, at=0, flags="PA", **how):
        self.segment(self.isn + 1 + at, flags, payload, **how)

    def send(self, payload):
        for at in range(0, len(payload), 1200):
            self.put(payload[at:at + 1200], at=at)
