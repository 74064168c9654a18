# SPDX-License-Identifier: Apache-2.0
"""Numbered datagrams from inside to outside, and what of them arrived: `stream.py send SECONDS [RATE]` and
`stream.py receive`, each in its namespace.

The receiver prints one JSON object when the sender's last datagram came or nothing came for a while: how many were lost,
how many came twice, and the longest time without one."""

import json
import socket
import struct
import sys
import time

ADDRESS = ("198.51.100.50", 5300)
RATE = 20_000  # datagrams a second, unless said otherwise
WARM_UP_S = 2.0  # slow, until the flow is decided
BURST_S = 0.001
LAST = 0xFFFFFFFF
SILENCE_S = 8.0
PAYLOAD = bytes(range(100))


def send(seconds, rate):
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.setsockopt(socket.SOL_SOCKET, 32, 4 << 20)  # SO_SNDBUFFORCE
    end = time.monotonic() + WARM_UP_S
    while time.monotonic() < end:
        out.sendto(struct.pack("!I", 0) + PAYLOAD, ADDRESS)
        time.sleep(0.02)
    begin, number = time.monotonic(), 0
    while (now := time.monotonic()) < begin + seconds:
        due = int((now - begin) * rate)
        while number < due:
            number += 1
            out.sendto(struct.pack("!I", number) + PAYLOAD, ADDRESS)
        time.sleep(BURST_S)
    time.sleep(0.5)
    for _ in range(3):
        out.sendto(struct.pack("!I", LAST) + struct.pack("!I", number) + PAYLOAD, ADDRESS)


def receive():
    into = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    into.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
    into.bind(ADDRESS)
    into.settimeout(SILENCE_S)
    print("bound", flush=True)
    arrived, twice, longest, sent = set(), 0, (0.0, 0.0), None
    before = None
    while True:
        try:
            data = into.recv(2048)
        except TimeoutError:
            break
        number = struct.unpack_from("!I", data)[0]
        now = time.monotonic()
        if number == LAST:
            sent = struct.unpack_from("!I", data, 4)[0]
            break
        if number == 0:
            continue
        twice += number in arrived
        arrived.add(number)
        if before is not None and now - before > longest[0]:
            longest = (now - before, before)
        before = now
    sent = sent or max(arrived, default=0)
    missing = sorted(set(range(1, sent + 1)) - arrived)
    print(json.dumps({"sent": sent, "arrived": len(arrived), "lost": len(missing), "twice": twice,
                      "first_lost": missing[:1], "last_lost": missing[-1:],
                      "longest_ms": longest[0] * 1e3, "longest_at": longest[1]}))


if __name__ == "__main__":
    if sys.argv[1] == "send":
        send(float(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else RATE)
    else:
        receive()
