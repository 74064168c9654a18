# SPDX-License-Identifier: Apache-2.0
"""IP packets within IP packets: around a packet, and off again. The ends are 192.0.2.1 inside, 198.51.100.2 outside."""
import re
import struct

from . import frames

ENDS = {4: ('192.0.2.1', '198.51.100.2'), 6: ('2001:db8:1::1', '2001:db8:2::2')}
PORTS = {4789: 'vxlan', 6081: 'geneve', 2152: 'gtp', 3544: 'teredo'}


def inner_ethernet(source, packet, ethertype):
    return frames.ethernet(source, packet, ethertype)


def gre(packet, ethertype, key=None, checksum=False, sequence=None):
    flags = (0x8000 if checksum else 0) | (0x2000 if key is not None else 0) | (0x1000 if sequence is not None else 0)
    head = struct.pack('>HH', flags, ethertype) + (bytes(4) if checksum else b'')
    head += b''.join(struct.pack('>I', value) for value in (key, sequence) if value is not None)
    if checksum:
        head = head[:4] + struct.pack('>H', frames.checksum(head + packet)) + head[6:]
    return head + packet


def gtp(packet, teid, extension=True):
    optional = bytes.fromhex('0001008501000900') if extension else b''
    return struct.pack('>BBHI', 0x34 if extension else 0x30, 255, len(optional + packet), teid) + optional + packet


def around(text, source, packet, ethertype):
    """`text`: kind, `.id`, `@6` for IPv6 outside, `~` for UDP without a checksum there, `!` for a wrong one: gre, gre.77, grecs, greseq, gretap,
    nvgre.5, ipip, vxlan.7, geneve.7, genip.7 (without Ethernet), gtp, teredo."""
    kind, number, version, sum_is = re.fullmatch(r'([a-z]+)(?:\.(\d+))?(@6)?([~!])?', text).groups()
    number, ends = int(number or 0), ENDS[6 if version else 4]
    ends = ends if source == 'inside' else ends[::-1]
    if kind in ('gre', 'grecs', 'greseq', 'gretap', 'nvgre'):
        tap = kind in ('gretap', 'nvgre')
        key = number << 8 | (1 if source == 'inside' else 2) if kind == 'nvgre' else number or None
        body = gre(inner_ethernet(source, packet, ethertype) if tap else packet, 0x6558 if tap else ethertype, key,
                   kind == 'grecs', 1 if kind == 'greseq' else None)
        protocol = 47
        if sum_is == '!':
            body = body[:4] + bytes([body[4] ^ 0x11]) + body[5:]
    elif kind == 'ipip':
        body, protocol = packet, 4 if ethertype == 0x0800 else 41
    else:
        ports = {'vxlan': (50000, 4789), 'geneve': (50001, 6081), 'genip': (50001, 6081), 'gtp': (2152, 2152),
                 'teredo': (40000, 3544) if source == 'inside' else (3544, 40000)}[kind]
        ethernet = inner_ethernet(source, packet, ethertype)
        payload = {'vxlan': lambda: struct.pack('>II', 8 << 24, number << 8) + ethernet,
                   'geneve': lambda: struct.pack('>III', 0x01006558, number << 8, 0) + ethernet,
                   'genip': lambda: struct.pack('>HHI', 0, ethertype, number << 8) + packet,
                   'gtp': lambda: gtp(packet, 1 if source == 'inside' else 2),
                   'teredo': lambda: (b'' if source == 'inside' else bytes(2) + b'\x12\x34' + b'\xff' * 4) + packet,
                   }[kind]()
        body, protocol = frames.udp(*ends, ports, payload, damage=0x1111 if sum_is == '!' else 0,
                              without_checksum=sum_is == '~'), frames.UDP
    return frames.ip(*ends, protocol, body, ttl=61), frames.ethertype_of(ends[0])


def off(protocol, body):
    """(kind, ethertype, packet, checksum holds) of what an IP packet carries; None when it carries none."""
    if protocol in (4, 41):
        return 'ipip', 0x0800 if protocol == 4 else 0x86dd, body, True
    if protocol == 47:
        flags, ethertype = struct.unpack_from('>HH', body)
        size = 4 + sum(4 for bit in (0x8000, 0x2000, 0x1000) if flags & bit)
        good = not flags & 0x8000 or frames.checksum(body) == 0
        kind = 'gretap' if ethertype == 0x6558 else 'grecs' if flags & 0x8000 else 'greseq' if flags & 0x1000 else 'gre'
        if kind == 'gretap' and flags & 0x2000 and struct.unpack_from('>I', body, 4)[0] >> 20:
            kind = 'nvgre'
        return strip(kind, ethertype, body[size:], good)
    if protocol != frames.UDP or len(body) < 16:
        return None
    kind = next((PORTS[port] for port in struct.unpack_from('>HH', body)[::-1] if port in PORTS), None)
    data = body[8:]
    if kind == 'vxlan':
        return strip(kind, 0x6558, data[8:], True)
    if kind == 'geneve':
        return strip(kind, struct.unpack_from('>H', data, 2)[0], data[8 + data[0] % 64 * 4:], True)
    if kind == 'gtp':
        if data[1] != 255 or len(data) != 8 + struct.unpack_from('>H', data, 2)[0]:
            return None
        packet = data[16 if data[0] & 7 else 8:]
        return kind, 0x0800 if packet[0] >> 4 == 4 else 0x86dd, packet, True
    if kind == 'teredo':
        return kind, 0x86dd, data[8:] if data[:2] == bytes(2) else data, True
    return None


def strip(kind, ethertype, data, good):
    if ethertype == 0x6558:
        ethertype, data = struct.unpack_from('>H', data, 12)[0], data[14:]
    return (kind, ethertype, data, good) if ethertype in (0x0800, 0x86dd) else None
