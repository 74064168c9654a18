# SPDX-License-Identifier: Apache-2.0
"""The language of `packets` in scenario.yaml (see the README): lines into frames, and what becomes of each."""
import dataclasses
import re
import shlex

from . import frames, hostile, payloads, tunnels

START_NS = 1_700_000_000 * 10**9
STEP_NS = 10**6
EXTENSIONS = {'hop': 0, 'route': 43, 'fragment': 44, 'auth': 51, 'dest': 60}
QUOTED_BYTES = 64  # of a packet in an ICMP error about it
UNITS = {'us': 10**3, 'ms': 10**6, 's': 10**9, 'm': 60 * 10**9}


@dataclasses.dataclass
class Packet:
    time_ns: int
    port: str            # where it arrives
    frame: bytes
    line: str            # for messages
    label: str = ''
    drop: str = ''       # name of the drop reason; empty: it leaves at the other port
    parked: bool = False  # it still waits at the end
    changed: bool = False  # it leaves with other bytes, named among the built frames


@dataclasses.dataclass
class Flow:
    protocol: str
    ends: tuple          # ((address, port) of the initiator, of the responder)
    initiator: str       # 'inside' | 'outside'
    vlans: tuple = ()
    over: str = ''       # frames.link
    tunnel: str = ''     # tunnels.around; of two the inner one first, joined by +
    client: int = 1000   # next sequence number of the initiator
    server: int = 5000
    packets: int = 0
    sent: dict = dataclasses.field(default_factory=dict)  # the last IP packet of each way


class Script:
    """Reads lines; `packets` is the result, with ('reload', policy name, canary=group) entries where a line said so."""

    def __init__(self, seed=None):
        self.seed = seed  # instead of the one that a `hostile` line names
        self.flows = {}
        self.packets = []
        self.now = START_NS

    def read(self, lines):
        for line in lines:
            try:
                self.one(line)
            except (KeyError, IndexError, ValueError, AttributeError, TypeError) as error:
                raise ValueError(f'packets: {line!r}: {error}') from error
        return self

    def one(self, line):
        text, _, fate = line.partition('=>')
        words = shlex.split(text)
        if words[0] == 'flow':
            return self.flow(words[1:])
        if words[0] == 'wait':
            number, unit = re.fullmatch(r'(\d+)(us|ms|s|m)', words[1]).groups()
            self.now += int(number) * UNITS[unit]
            return None
        if words[0] == 'reload':
            return self.packets.append(('reload', *words[1:]))
        if words[0] == 'each':
            return self.each(words[1:], line, fate.split())
        if words[0] == 'hostile':
            return self.hostile(dict(word.split('=') for word in words[1:]))
        if words[0] in ('inside', 'outside'):
            return self.raw(words, line, fate.split())
        return self.step(words, line, fate.split())

    def flow(self, words):
        name, protocol, first, arrow, second, *rest = words
        if arrow != '>':
            raise ValueError('write: flow NAME tcp|udp|icmp|ipNUMBER ADDRESS:PORT > ADDRESS:PORT')
        options = dict(word.split('=') for word in rest)
        vlans = tuple((0x88a8 if i == 0 and options.get('qinq') else 0x8100, int(tag))
                      for i, tag in enumerate(filter(None, options.get('vlan', '').split('.'))))
        self.flows[name] = Flow(protocol, (end(first), end(second)), options.get('from', 'inside'), vlans,
                                options.get('over', ''), options.get('in', ''))

    def step(self, words, line, fate):
        flow, verb, *rest = self.flows[words[0]], *words[1:]
        positional = [word for word in rest if not re.match(r'[a-z]+=', word)]
        options = dict(word.split('=', 1) for word in rest if word not in positional)
        if verb == 'open':
            self.put(flow, '>', line, [], flags='S')
            self.put(flow, '<', line, [], flags='SA')
            return self.put(flow, '>', line, fate, flags='A')
        if verb == 'close':
            self.put(flow, '>', line, [], flags='FA')
            self.put(flow, '<', line, [], flags='FA')
            return self.put(flow, '>', line, fate, flags='A')
        if verb not in '<>':
            raise ValueError(f'{verb} is none of open, close, > and <')
        payload = payloads.make(positional[0]) if positional else b''
        return self.put(flow, verb, line, fate, payload=payload, **options)

    def put(self, flow, way, line, fate, payload=b'', flags=None, seq=None, label='', ttl=64, bad='', frag='', id='0',
            before='', after='', win=65535, ack='0', options='', urgent=0, at='', patch='', cut=0,
            split='', icmp='', by=''):
        """`seq`: +N or -N from the next sequence number, which then stays where it is; `ack` the same of the other's.
        `at`: the port where it arrives instead of its sender's. `patch=OFFSET:HEX`: these bytes at this offset of the IP packet,
        no checksum follows; `cut=N`: the frame lacks its last N bytes; `split`: as `frag`, of the outermost tunnel's packet. The
        `icmp=TYPE.CODE`: an ICMP error about the flow's last packet of the other way, from its end or `by=ADDRESS`. The
        rest: see frames.pieces."""
        forward = way == '>'
        flags = flags if flags is not None else ('PA' if payload else 'A')
        (source, sport), (destination, dport) = flow.ends if forward else flow.ends[::-1]
        if icmp:
            kind, code = map(int, icmp.split('.'))
            source = by or source
            body = frames.icmp(source, destination, kind, code, bytes(4), flow.sent[not forward][:QUOTED_BYTES])
            body = body[:3] + bytes([body[3] ^ (bad == 'l4')]) + body[4:]
            protocol = frames.ICMP6 if ':' in source else frames.ICMP
        elif flow.protocol == 'tcp':
            mine, other = (flow.client, flow.server) if forward else (flow.server, flow.client)
            number = mine + int(seq) if seq else mine
            if not seq:
                mine += len(payload) + ('S' in flags) + ('F' in flags)
                flow.client, flow.server = (mine, other) if forward else (other, mine)
            body = frames.tcp(source, destination, (sport, dport), flags, number, other + int(ack) if 'A' in flags else 0, payload,
                              window=int(win), options=bytes.fromhex(options), urgent=int(urgent),
                              damage=0x1111 if bad == 'l4' else 0)
            protocol = frames.TCP
        elif flow.protocol == 'udp':
            body = frames.udp(source, destination, (sport, dport), payload, damage=0x1111 if bad == 'l4' else 0,
                              without_checksum=bad == 'zero')
            protocol = frames.UDP
        elif flow.protocol.startswith('ip'):
            body, protocol = payload, int(flow.protocol[2:])
        else:
            v6 = ':' in source
            kinds = (128, 129) if v6 else (8, 0)
            body = frames.icmp(source, destination, kinds[0 if forward else 1], payload=payload)
            protocol = frames.ICMP6 if v6 else frames.ICMP
        other_side = 'outside' if flow.initiator == 'inside' else 'inside'
        port = at or (flow.initiator if forward else other_side)
        chain = [[EXTENSIONS[name] for name in names.split(',') if name] for names in (before, after)]
        for fragment, piece, *protocol in frames.pieces(protocol, body, frag, chain[1]):
            packet = frames.ip(source, destination, *protocol, piece, ttl=int(ttl), fragment=fragment,
                               identification=int(id), before=chain[0], damage=0x1111 if bad == 'ip' else 0)
            if not icmp:
                flow.sent[forward] = packet
            if patch:
                place, new = int(patch.partition(':')[0]), bytes.fromhex(patch.partition(':')[2])
                packet = packet[:place] + new + packet[place + len(new):]
            ethertype = frames.ethertype_of(source)
            for tunnel in filter(None, flow.tunnel.split('+')):
                packet, ethertype = tunnels.around(tunnel, port, packet, ethertype)
            for each in frames.split(packet, split, int(id)) if split else [packet]:
                frame = frames.link(port, each, ethertype, flow.vlans, flow.over)
                self.add(port, frame[:len(frame) - int(cut)], line, fate, label)

    def each(self, words, line, fate):
        """each N udp ADDRESS > ADDRESS:PORT PAYLOAD [frag=..] [answer=PAYLOAD]: one packet of N flows, from the source
        ports and IP identifications 10000 (or first=) and up; and one back."""
        count, protocol, source, _, destination, payload, *rest = words
        options = dict(word.split('=', 1) for word in rest)
        first, answer = int(options.pop('first', 10000)), options.pop('answer', '')
        for i in range(first, first + int(count)):
            flow = Flow(protocol, ((source, i), end(destination)), 'inside')
            self.put(flow, '>', line, fate, payload=payloads.make(payload), id=i, **options)
            if answer:
                self.put(flow, '<', line, fate, payload=payloads.make(answer), id=i)

    def raw(self, words, line, fate):
        """inside|outside 0xETHERTYPE PAYLOAD [vlan=..], or inside|outside frame PAYLOAD."""
        port, kind, payload, *rest = words
        options = dict(word.split('=') for word in rest)
        data = payloads.make(payload)
        if kind != 'frame':
            tags = tuple((0x8100, int(tag)) for tag in filter(None, options.get('vlan', '').split('.')))
            data = frames.ethernet(port, data, int(kind, 16), tags)
        self.add(port, data, line, fate, options.get('label', ''))

    def hostile(self, options):
        seed = self.seed if self.seed is not None else int(options['seed'])
        print(f'    seed {seed}')
        for port, frame in hostile.generate(seed, int(options['frames'])):
            self.packets.append(Packet(self.now, port, frame, f'hostile frame {len(self.packets)}'))
            self.now += 10**4

    def add(self, port, frame, line, fate, label):
        packet = Packet(self.now, port, frame, line, label)
        if fate[:1] == ['drop']:
            packet.drop = fate[1]
        elif fate[:1] == ['parked']:
            packet.parked = True
        elif fate[:1] == ['changed']:
            packet.changed = True
        elif fate and fate != ['pass']:
            raise ValueError('after => write pass, changed, parked or drop REASON')
        self.packets.append(packet)
        self.now += STEP_NS


def end(text):
    """10.0.0.1:80, [fd00::1]:80 ([10.0.0.1]:80 is the same as without), or an address alone."""
    bracketed = re.fullmatch(r'\[(.+)\](?::(\d+))?', text)
    if bracketed:
        return bracketed[1], int(bracketed[2] or 0)
    if text.count(':') == 1:
        address, port = text.split(':')
        return address, int(port)
    return text, 0
