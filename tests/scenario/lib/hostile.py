# SPDX-License-Identifier: Apache-2.0
"""Frames that no honest host sends, mixed with some that one does, from a seed. The same seed gives the same frames."""
import random
import struct

from . import frames, tunnels

HOSTS = {4: (['10.0.0.%d' % i for i in range(1, 40)], ['203.0.113.%d' % i for i in range(1, 20)]),
         6: (['fd00::%x' % i for i in range(1, 40)], ['2001:db8::%x' % i for i in range(1, 20)])}


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def frame(self):
        r = self.random
        port = r.choice(('inside', 'outside'))
        frame = r.choice((self.honest,) * 4 + (self.checksum, self.length, self.truncated, self.ethertype, self.vlan,
                                               self.fragment, self.runt, self.noise, self.chain, self.flags, self.link, self.tunnel))(port)
        return port, frame

    def packet(self, port, **options):
        r = self.random
        version = r.choice((4, 4, 6))
        inside, outside = (r.choice(hosts) for hosts in HOSTS[version])
        source, destination = (inside, outside) if port == 'inside' else (outside, inside)
        payload = r.randbytes(r.choice((0, 1, 20, 100, 1000)))
        ports = (r.randrange(1024, 1400), r.choice((53, 80, 443, 9999)))
        ports = ports if port == 'inside' else ports[::-1]
        kind = r.randrange(4)
        damage = options.pop('l4_damage', 0)
        if kind == 0:
            body, protocol = frames.udp(source, destination, ports, payload, damage=damage), frames.UDP
        elif kind == 1:
            protocol = frames.ICMP if version == 4 else frames.ICMP6
            body = frames.icmp(source, destination, 8 if version == 4 else 128, payload=payload)
        else:
            flags = options.pop('flags', None) or r.choice(('S', 'SA', 'A', 'PA', 'FA', 'R', 'RA'))
            body = frames.tcp(source, destination, ports, flags, r.getrandbits(32), r.getrandbits(32), payload,
                              damage=damage)
            protocol = frames.TCP
        options.pop('flags', None)
        return source, frames.ip(source, destination, protocol, body, **options)

    def whole(self, port, vlans=(), **options):
        source, packet = self.packet(port, **options)
        return frames.ethernet(port, packet, frames.ethertype_of(source), vlans)

    def honest(self, port):
        return self.whole(port) + bytes(self.random.choice((0, 0, 0, 6, 18)))

    def checksum(self, port):
        damage = self.random.randrange(1, 0xffff)
        return self.whole(port, damage=damage) if self.random.random() < 0.5 else self.whole(port, l4_damage=damage)

    def length(self, port):
        """One byte of the first headers is another one."""
        frame = bytearray(self.whole(port))
        frame[self.random.randrange(14, min(len(frame), 62))] = self.random.randrange(256)
        return bytes(frame)

    def truncated(self, port):
        frame = self.whole(port)
        return frame[:self.random.randrange(14, len(frame))]

    def ethertype(self, port):
        kind = self.random.choice((0x0806, 0x88cc, 0x8847, 0x8863, 0x9100, 0x88b5, 46, 1500, self.random.getrandbits(16)))
        return frames.ethernet(port, self.random.randbytes(self.random.randrange(0, 200)), kind)

    def vlan(self, port):
        depth = self.random.choice((1, 1, 2, 3, 4, 5))
        tags = [(self.random.choice((0x8100, 0x88a8, 0x9100)), self.random.getrandbits(16)) for _ in range(depth)]
        frame = self.whole(port, tags)
        return frame if self.random.random() < 0.8 else frame[:self.random.randrange(12, 12 + 4 * depth + 2)]

    def link(self, port):
        """Behind MPLS, PPPoE or LLC/SNAP; some with a byte changed there, some cut."""
        r = self.random
        source, packet = self.packet(port)
        over = r.choice(('mpls', 'mpls8', 'mpls9', 'pppoe', 'snap'))
        frame = bytearray(frames.link(port, packet, frames.ethertype_of(source), ((0x8100, 9),) * r.randrange(3), over))
        if r.random() < 0.4:
            frame[r.randrange(12, min(len(frame), 46))] = r.randrange(256)
        return bytes(frame) if r.random() < 0.8 else bytes(frame[:r.randrange(14, len(frame))])

    def tunnel(self, port):
        """In a tunnel or two; most with a few bytes changed, some cut."""
        r = self.random
        source, packet = self.packet(port, **r.choice(({}, {'fragment': 0x2000}, {'l4_damage': 1})))
        ethertype = frames.ethertype_of(source)
        for _ in range(r.choice((1, 1, 1, 2, 3))):
            kind = r.choice(('gre', 'grecs', 'gre.7', 'gretap', 'nvgre.9', 'ipip', 'ipip@6', 'vxlan', 'geneve', 'gtp', 'teredo'))
            packet, ethertype = tunnels.around(kind, port, packet, ethertype)
        frame = bytearray(frames.ethernet(port, packet, ethertype))
        for _ in range(r.choice((0, 0, 1, 2, 3))):
            frame[r.randrange(34, min(len(frame), 140))] = r.randrange(256)
        return bytes(frame) if r.random() < 0.9 else bytes(frame[:r.randrange(14, len(frame))])

    def fragment(self, port):
        value = self.random.choice((0x2000, 0x2000 | self.random.randrange(1, 0x1fff), self.random.randrange(1, 0x1fff)))
        return self.whole(port, fragment=value, identification=self.random.getrandbits(16))

    def runt(self, port):
        return self.whole(port)[:self.random.randrange(1, 14)]

    def noise(self, port):
        frame = frames.ethernet(port, b'', self.random.choice((0x0800, 0x86dd)))
        return frame + self.random.randbytes(self.random.randrange(0, 300))

    def chain(self, port):
        """IPv6 extension headers, more than anybody needs or with lengths that lie."""
        r = self.random
        headers = b''
        kinds = [r.choice((0, 43, 60, 51)) for _ in range(r.randrange(1, 12))]
        for i, _ in enumerate(kinds):
            after = kinds[i + 1] if i + 1 < len(kinds) else 59
            headers += struct.pack('>BB', after, r.choice((0, 0, 0, 1, 255))) + bytes(6)
        packet = frames.ip('fd00::1', '2001:db8::1', kinds[0], headers)
        return frames.ethernet(port, packet, 0x86dd)

    def flags(self, port):
        return self.whole(port, flags=self.random.choice(('SF', 'SR', 'FSRPAU', 'U', 'FPU')))


def generate(seed, count):
    generator = Generator(seed)
    return [generator.frame() for _ in range(count)]
