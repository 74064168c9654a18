# SPDX-License-Identifier: Apache-2.0
"""A fixed list of UDP flows, sent by a client that tries again until it is told that it is blocked."""
import socket
import struct
import time

from lib import frames

CLIENTS, BLOCKED_SERVERS = 40, 200
RATE = 400  # flows a second
OUTSTANDING_MAX = 64
AGAIN_S = 0.1
TRIES_A_PORT = 40  # in 4 s: more than any process is stopped
DEADLINE_S = 120
PORT_STEP = 400  # from one port of a flow to its next
MARK = b'chaos'


def flows(count):
    """(client, server) of each, all different; every second one is blocked."""
    made = []
    for number in range(count):
        host, server = number % CLIENTS + 1, number // CLIENTS % BLOCKED_SERVERS + 1
        block = number // (CLIENTS * BLOCKED_SERVERS)
        made.append((f'10.{block}.0.{host}', f'203.0.113.{server}'))
        made.append((f'10.{block}.0.{host}', f'198.51.100.{server}'))
    return made


class Flow:
    def __init__(self, client, server, number, server_port=9_999, payload=MARK):
        self.client, self.server = client, server
        self.server_port, self.payload = server_port, payload
        self.blocked = server.startswith('203.')
        self.port = 2_000 + number % PORT_STEP
        self.ports = 1
        self.tries = 0
        self.sent = 0.0


class Replay:
    def __init__(self, listed, rate=RATE):
        self.rate = rate
        self.flows = [Flow(client, server, number) for number, (client, server) in enumerate(listed)]
        self.next = 0
        self.waiting = {}  # (client, port, server) -> flow
        self.told = []
        self.again = self.slipped = 0
        self.inside, self.outside = (socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) for _ in range(2))
        for port, interface in ((self.inside, 'far-in'), (self.outside, 'far-out')):
            port.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
            port.bind((interface, 0))
            port.setblocking(False)

    def wanted(self):
        """Each row that has to be recorded, and how often it may have been seen at most."""
        return {(flow.client, flow.server): flow.ports for flow in self.told}

    def play(self, appliance, look=lambda _: None, enough=lambda: True):
        """All that is left of the list, over again the last flows until `enough`."""
        self.play_part(appliance, 1.0, lambda: not enough(), look=look)

    def play_for(self, appliance, seconds, share):
        """At most a share of the list, for so long, whether it is told anything or not."""
        end = time.monotonic() + seconds
        self.play_part(appliance, share, lambda: True, lambda: time.monotonic() > end)

    def play_part(self, appliance, share, longer=lambda: False, ended=lambda: False, look=lambda _: None):
        """A share of the list; the clients go on trying for as long as `longer`, and nothing goes on once it `ended`."""
        until = min(len(self.flows), self.next + max(1, round(len(self.flows) * share)))
        begun, first, deadline = time.monotonic(), self.next, time.monotonic() + DEADLINE_S
        while not ended() and (self.next < until or longer() or (share == 1.0 and self.waiting)):
            now = time.monotonic()
            if now > deadline:
                raise AssertionError(f'{len(self.waiting)} flows were not told within {DEADLINE_S} s that they are blocked')
            while self.next < until and len(self.waiting) < OUTSTANDING_MAX and self.next - first < (now - begun) * self.rate:
                self.begin(self.flows[self.next])
                self.next += 1
            self.listen()
            self.try_again(now)
            appliance.look_after()
            look(now)
            time.sleep(0.001)

    def begin(self, flow):
        if flow.blocked:
            self.waiting[flow.client, flow.port, flow.server] = flow
        self.send(flow)

    def send(self, flow):
        flow.tries += 1
        flow.sent = time.monotonic()
        body = frames.udp(flow.client, flow.server, (flow.port, flow.server_port), flow.payload)
        packet = frames.ip(flow.client, flow.server, frames.UDP, body)
        self.inside.send(frames.link('inside', packet, frames.ethertype_of(flow.client), (), ''))

    def try_again(self, now):
        for key, flow in list(self.waiting.items()):
            if now - flow.sent < AGAIN_S:
                continue
            if flow.tries >= TRIES_A_PORT:  # as a program does whose connection hangs
                del self.waiting[key]
                flow.port += PORT_STEP
                flow.tries = 0
                flow.ports += 1
                self.again += 1
                self.waiting[flow.client, flow.port, flow.server] = flow
            self.send(flow)

    def listen(self):
        for frame in arrived(self.inside):
            quoted = quoted_flow(frame)
            if quoted in self.waiting:
                self.told.append(self.waiting.pop(quoted))
        self.slipped += sum(MARK in frame and frame[30:33] == bytes((203, 0, 113)) for frame in arrived(self.outside))


def arrived(port):
    while True:
        try:
            yield port.recv(2_048)
        except BlockingIOError:
            return


def quoted_flow(frame):
    """(client, port, server) of the packet that an ICMP error is about."""
    if len(frame) < 14 + 20 + 8 + 28 or frame[12:14] != b'\x08\x00' or frame[23] != frames.ICMP or frame[34] != 3:
        return None
    inner = frame[42:]
    return socket.inet_ntoa(inner[12:16]), struct.unpack_from('>H', inner, 20)[0], socket.inet_ntoa(inner[16:20])
