# SPDX-License-Identifier: Apache-2.0
"""Conversations as frames at the two ports of a pair: questions of DNS, sessions of TCP with a handshake and an end, mail."""
import base64
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'scenario'))
from lib import frames, payloads  # noqa: E402

SECOND = 10**9
HOUR, DAY = 3600, 86400
RESOLVER = '198.51.100.53'
OUTSIDE_MAC = bytes.fromhex('00163eff0001')


class Wire:
    """Frames in any order; written sorted by time."""

    def __init__(self, begins, seed):
        self.begins, self.random, self.frames, self.port = begins, random.Random(seed), [], 20_000

    def next_port(self):
        self.port = 20_000 + (self.port - 19_999) % 40_000
        return self.port

    def frame(self, at, side, source, destination, protocol, segment):
        client = source if side == 'inside' else destination
        mac = bytes.fromhex('00163e00') + bytes(int(part) for part in client.split('.')[2:])
        ends = OUTSIDE_MAC + mac if side == 'inside' else mac + OUTSIDE_MAC
        packet = ends + b'\x08\x00' + frames.ip(source, destination, protocol, segment)
        self.frames.append((int((self.begins + at) * SECOND), side, packet.ljust(60, b'\0')))

    def write(self, folder):
        for side in ('inside', 'outside'):
            with open(os.path.join(folder, side + '.pcap'), 'wb') as file:
                file.write(frames.PCAP_HEADER)
                for time_ns, port, packet in sorted(self.frames, key=lambda one: one[0]):
                    if port == side:
                        file.write(frames.pcap_record(time_ns, packet))

    def datagrams(self, at, client, server, ports, question, answer, delay=0.01):
        self.frame(at, 'inside', client, server, frames.UDP, frames.udp(client, server, ports, question))
        if answer:
            self.frame(at + delay, 'outside', server, client, frames.UDP, frames.udp(server, client, ports[::-1], answer))

    def ask(self, at, client, name, address='203.0.113.80', port=None, exists=True, kind=1):
        """A question of DNS and its answer; without `port` from one of its own, as stub resolvers do."""
        question = payloads.dns(name, kind)
        answer = payloads.dns_answer(name, address) if exists else question[:2] + b'\x81\x83' + question[4:]
        self.datagrams(at, client, RESOLVER, (port or self.next_port(), 53), question, answer)

    def talk(self, at, client, server, port, turns, trip=0.02, client_speaks=True):
        """`turns`: (who speaks: c or s, bytes, seconds that it thinks before). Handshake, turns, FIN of both. Gives its end."""
        ports, numbers = (self.next_port(), port), {'c': 1000, 's': 5000}
        ends = {'c': ('inside', client, server, ports), 's': ('outside', server, client, ports[::-1])}

        def send(moment, who, flags, data=b''):
            other = 's' if who == 'c' else 'c'
            side, source, destination, pair = ends[who]
            ack = 0 if flags == 'S' else numbers[other]
            segment = frames.tcp(source, destination, pair, flags, numbers[who], ack, data)
            self.frame(moment, side, source, destination, frames.TCP, segment)
            numbers[who] += len(data) + ('S' in flags or 'F' in flags)

        send(at, 'c', 'S')
        send(at + trip, 's', 'SA')
        send(at + trip + 0.001, 'c', 'A')
        moment, last = at + trip + 0.002, 'c'
        for who, data, thinks in turns:
            moment += thinks + (trip if who != last else 0)
            for begin in range(0, len(data), 1400):
                send(moment, who, 'PA', data[begin:begin + 1400])
                moment += 0.0005
            last = who
        send(moment + 0.01, 'c', 'FA')
        send(moment + 0.01 + trip, 's', 'FA')
        send(moment + 0.012 + trip, 'c', 'A')
        return moment + 0.02 + trip

    def stalled(self, at, client, name, server):
        """The beginning of TLS of which the first bytes never come: what follows them waits, and is sent again."""
        ports, hello = (self.next_port(), 443), payloads.tls(name)
        self.frame(at, 'inside', client, server, frames.TCP, frames.tcp(client, server, ports, 'S', 1000, 0, b''))
        self.frame(at + 0.02, 'outside', server, client, frames.TCP, frames.tcp(server, client, ports[::-1], 'SA', 5000, 1001, b''))
        self.frame(at + 0.021, 'inside', client, server, frames.TCP, frames.tcp(client, server, ports, 'A', 1001, 5001, b''))
        for again in range(3):
            self.frame(at + 0.05 + again * 0.3, 'inside', client, server, frames.TCP,
                       frames.tcp(client, server, ports, 'PA', 1021, 5001, hello[20:]))

    def browse(self, at, client, name, server, kilobytes=20, agent='', thinks=0.02, trip=0.02, path='index.html'):
        """A page over HTTP, after its question."""
        self.ask(at - 0.1, client, name, server)
        request = payloads.http(f'{name}/{path} {agent}'.strip())
        return self.talk(at, client, server, 80, [('c', request, 0), ('s', payloads.http_ok(kilobytes * 1000), thinks)], trip)

    def hello(self, at, client, name, server, kilobytes=5):
        """The beginning of TLS, then bytes that nobody can read."""
        self.ask(at - 0.1, client, name, server)
        reply = b'\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03' + bytes(range(32)) + b'\x20' + bytes(32) + \
                b'\x13\x01\x00\x00\x2e\x00\x2b\x00\x02\x03\x04\x00\x33\x00\x24\x00\x1d\x00\x20' + bytes(range(32))
        data = b'\x17\x03\x03\x04\x00' + bytes(1024)
        return self.talk(at, client, server, 443, [('c', payloads.tls(name), 0), ('s', reply, 0), ('c', data, 0), ('s', data * kilobytes, 0.01)])

    def mail(self, at, client, server, messages, port=25):
        """A session of SMTP; `messages`: a list of recipients each."""
        turns = [('s', b'220 mx.example ESMTP\r\n', 0), ('c', b'EHLO pc.example\r\n', 0), ('s', b'250 mx.example\r\n', 0)]
        for recipients in messages:
            turns += [('c', b'MAIL FROM:<anna@corp.example>\r\n', 0), ('s', b'250 ok\r\n', 0)]
            for one in recipients:
                turns += [('c', f'RCPT TO:<{one}>\r\n'.encode(), 0), ('s', b'250 ok\r\n', 0)]
            turns += [('c', b'DATA\r\n', 0), ('s', b'354 go on\r\n', 0),
                      ('c', b'From: anna@corp.example\r\nSubject: hello\r\n\r\nhello\r\n.\r\n', 0), ('s', b'250 taken\r\n', 0)]
        turns += [('c', b'QUIT\r\n', 0), ('s', b'221 bye\r\n', 0)]
        return self.talk(at, client, server, port, turns, trip=0.004)

    def secret(self, size):
        """Letters as tunnels through DNS write bytes."""
        return base64.b32encode(self.random.randbytes(size)).decode().rstrip('=').lower()
