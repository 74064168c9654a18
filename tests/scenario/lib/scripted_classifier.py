# SPDX-License-Identifier: Apache-2.0
"""A classifier whose answers a test has written down, at the other end of a real inspection channel.

It speaks the shared memory as dataplane/channel/messages.h says (VERSION), in plain Python: what a classifier
may do to the data plane can be tried without one. A script is a list of answers; each names its flow (by ports or
address), what it waits for (`at`), and what it says. What no answer names is released, packet by packet.
"""
import array
import mmap
import select
import socket
import struct
import threading

VERSION = 8
REQUEST_BYTES, ANSWER_BYTES = 2048, 64
PACKET_HEAD_BYTES = 40
REQUEST_INDICES, ANSWER_INDICES, RECORDS = 128, 256, 4096
OPENED, PACKET, PACKET_MORE, CLOSED = 1, 2, 3, 4
RELEASE, FINAL, SKIP, REVISION, DROP_PACKET, RELEASE_PACKET, CUT, INJECT, INJECT_MORE = range(1, 10)
ACTIONS = {'forward': 0, 'drop': 1, 'reset': 2}
INJECT_PIECE = ANSWER_BYTES - 2
KEYS = {'flow', 'at', 'from', 'final', 'inject', 'end', 'swallow', 'skip', 'limit', 'scope', 'mark', 'expires', 'drop'}


def answer(kind, flow, direction=0, through=0, action=0, skip=0, skip_from=0, expires=0, limit=0, payload=0, scope=0,
           end=0, mark=0, swallow=0, revision=0):
    record = struct.pack('<BBBBIIIIIIIIHBBBB', kind, action, direction, 0, *flow, through, revision, skip, skip_from, expires,
                         limit, payload, scope, end, mark, swallow)
    return record.ljust(ANSWER_BYTES, b'\0')


class Ring:
    """Free-running indices of one ring in the shared memory: tail, head, sleeping (dataplane/channel/memory.h)."""

    def __init__(self, memory, indices, records, size, record_bytes):
        self.indices, self.records, self.size, self.bytes = indices, records, size, record_bytes
        self.words = memoryview(memory).cast('I')  # one store each; struct.pack_into writes zeros first
        self.next = 0

    def index(self, at):
        return self.words[(self.indices + at) // 4]

    def set_index(self, at, value):
        self.words[(self.indices + at) // 4] = value % 2**32

    def place(self, ahead=0):
        return self.records + (self.next + ahead) % self.size * self.bytes


class Channel:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        _, control, _, _ = self.socket.recvmsg(1, socket.CMSG_SPACE(3 * 4))
        fds = array.array('i', control[0][2])
        self.memory = mmap.mmap(fds[0], 0)
        self.wakes = [socket.socket(fileno=fd) for fd in fds[1:]]
        _, version, requests, answers, _, _ = struct.unpack_from('<6I', self.memory, 0)
        if version != VERSION:
            raise RuntimeError(f'the channel has version {version}, the scripted classifier speaks {VERSION}')
        self.requests = Ring(self.memory, REQUEST_INDICES, RECORDS, requests, REQUEST_BYTES)
        self.answers = Ring(self.memory, ANSWER_INDICES, RECORDS + requests * REQUEST_BYTES, answers, ANSWER_BYTES)

    def request(self):
        """(type, flow, body) of the next one, a long packet in one piece; None when nothing waits."""
        ring = self.requests
        if ring.index(0) == ring.next:
            return None
        kind, flow, body = self.record()
        if kind == PACKET:
            left = struct.unpack_from('<H', body, 12)[0] - (len(body) - PACKET_HEAD_BYTES)
            while left > 0:
                _, _, more = self.record()
                body, left = body + more, left - len(more)
        return kind, flow, body

    def record(self):
        at = self.requests.place()
        kind, _, size, slot, generation = struct.unpack_from('<BBHII', self.memory, at)
        self.requests.next += 1
        return kind, (slot, generation), self.memory[at + 24:at + 24 + size]

    def consumed(self):
        self.requests.set_index(64, self.requests.next)
        self.wake()

    def say(self, *records):
        ring = self.answers
        while ring.next + len(records) - ring.index(64) > ring.size:
            threading.Event().wait(0.001)
        for i, record in enumerate(records):
            self.memory[ring.place(i):ring.place(i) + ANSWER_BYTES] = record
        ring.next += len(records)
        ring.set_index(0, ring.next)
        self.wake()

    def wake(self):
        if self.answers.index(68):
            self.answers.set_index(68, 0)
            try:
                self.wakes[1].send(b'\1', socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
            except OSError:
                pass

    def wait(self):
        """Until a request is there; False when the data plane is gone."""
        self.requests.set_index(68, 1)
        gone = False
        if self.requests.index(0) == self.requests.next:
            ready, _, _ = select.select([self.wakes[0], self.socket], [], [], 0.05)
            gone = self.socket in ready
            if self.wakes[0] in ready:
                gone = gone or not self.wakes[0].recv(64)
        self.requests.set_index(68, 0)
        return not gone or self.requests.index(0) != self.requests.next


class Flow:
    def __init__(self, body):
        ports = struct.unpack_from('<HH', body, 40)
        self.ends = {f'{address(body[8:24])}:{ports[0]}', f'{address(body[24:40])}:{ports[1]}'}
        self.protocol = body[54]
        self.payloads = [0, 0]  # packets with payload, by direction
        self.given = set()      # answers that were said

    def is_named(self, name):
        return name in self.ends or any(end.rpartition(':')[2] == name for end in self.ends)


def address(raw):
    mapped = raw[:12] == b'\0' * 10 + b'\xff\xff'
    return socket.inet_ntop(socket.AF_INET, raw[12:]) if mapped else socket.inet_ntop(socket.AF_INET6, raw)


class ScriptedClassifier:
    """Runs in a thread of its own until the data plane is gone. `script`: see the scenarios' README."""

    def __init__(self, path, script, make_payload=lambda text: text.encode()):
        for entry in script:
            if set(entry) - KEYS:
                raise ValueError(f'answers: unknown keys {sorted(set(entry) - KEYS)}')
        self.script, self.make_payload = script, make_payload
        self.channel = Channel(path)
        self.flows, self.wrong = {}, None
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            while True:
                request = self.channel.request()
                if request is None:
                    self.channel.consumed()
                    if not self.channel.wait():
                        return
                    continue
                self.on_request(*request)
        except Exception as error:  # shown by the test that reads `wrong`
            self.wrong = error
            raise

    def on_request(self, kind, reference, body):
        if kind == OPENED:
            self.flows[reference] = Flow(body)
        elif kind == CLOSED:
            self.flows.pop(reference, None)
        elif kind == PACKET:
            self.on_packet(reference, body)

    def on_packet(self, reference, body):
        flow = self.flows[reference]
        number, sequence, _, _, _, offset, size, _, direction, parked, again = struct.unpack_from('<IIIHHHHBBBB', body)
        payload = body[PACKET_HEAD_BYTES + offset:PACKET_HEAD_BYTES + offset + size]
        flow.payloads[direction] += size > 0
        if not parked:
            return
        for i, entry in enumerate(self.script):
            if i not in flow.given and self.fits(entry, flow, direction, payload, again):
                flow.given.add(i)
                if self.give(entry, reference, number, direction, sequence + size):
                    return
        self.channel.say(answer(RELEASE, reference, direction, number))

    @staticmethod
    def fits(entry, flow, direction, payload, again):
        """`at`: `payload N` (of this direction), `bytes TEXT`, or `again` (asked about once more)."""
        if not flow.is_named(str(entry['flow'])) or direction != (entry.get('from') == 'responder'):
            return False
        what, _, argument = entry.get('at', 'payload 1').partition(' ')
        return {'payload': lambda: flow.payloads[direction] == int(argument), 'again': lambda: bool(again),
                'bytes': lambda: argument.encode() in payload}[what]()

    def give(self, entry, reference, number, direction, end):
        """True when the packet has its answer with it."""
        if 'inject' in entry:
            data = self.make_payload(entry['inject'])
            pieces = [data[at:at + INJECT_PIECE] for at in range(0, len(data), INJECT_PIECE)]
            self.channel.say(answer(INJECT, reference, direction, number, payload=len(data),
                                    end=entry.get('end') == 'close', swallow=bool(entry.get('swallow'))),
                             *(struct.pack('<BB', INJECT_MORE, len(piece)) + piece.ljust(INJECT_PIECE, b'\0')
                               for piece in pieces))
            return entry.get('end') == 'close' or bool(entry.get('swallow'))
        if 'skip' in entry:
            self.channel.say(answer(SKIP, reference, direction, number, skip=entry['skip'], skip_from=end % 2**32))
            return True
        if entry.get('drop'):
            self.channel.say(answer(DROP_PACKET, reference, direction, number))
            return True
        self.channel.say(answer(FINAL, reference, action=ACTIONS[entry['final']], limit=entry.get('limit', 0),
                                scope=entry.get('scope') == 'client', expires=entry.get('expires', 0),
                                mark=entry['mark'] + 1 if 'mark' in entry else 0))
        return True

    def close(self):
        self.channel.socket.close()
        self.thread.join(5)
