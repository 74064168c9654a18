# SPDX-License-Identifier: Apache-2.0
"""Ethernet frames out of and into bytes, and capture files. Knows nothing of scenarios."""
import ipaddress
import re
import struct

MAC = {'inside': bytes.fromhex('020000000001'), 'outside': bytes.fromhex('020000000002')}
TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
FLAGS = 'FSRPAU'


def checksum(data):
    if len(data) % 2:
        data += b'\0'
    total = sum(struct.unpack(f'>{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def receiver(source, packet, ethertype):
    """The hardware address that an IP packet goes to: of its group (RFC 1112, RFC 2464), of all, or of the other side."""
    if ethertype == 0x0800 and packet[16:20] == b'\xff' * 4:
        return b'\xff' * 6
    if ethertype == 0x0800 and len(packet) >= 20 and packet[16] >> 4 == 14:
        return bytes.fromhex('01005e') + bytes([packet[17] & 127]) + packet[18:20]
    if ethertype == 0x86dd and len(packet) >= 40 and packet[24] == 255:
        return bytes.fromhex('3333') + packet[36:40]
    return MAC['outside' if source == 'inside' else 'inside']


def ethernet(source, payload, ethertype, vlans=()):
    tags = b''.join(struct.pack('>HH', protocol, tag) for protocol, tag in vlans)
    return receiver(source, payload, ethertype) + MAC[source] + tags + struct.pack('>H', ethertype) + payload


def link(source, packet, ethertype, vlans=(), over=''):
    """An IP packet in a frame: `mpls` or `mpls3` (labels), `mplsu3` (assigned upstream), `pppoe`, `pppoec` (the protocol in
    one byte), `snap`, else plainly behind the tags."""
    kind, count = re.fullmatch(r'(\D*)(\d*)', over).groups()
    if kind in ('mpls', 'mplsu'):
        labels = [(16 + i) << 12 | 64 for i in range(int(count or 1))]
        labels[-1] |= 0x100
        return ethernet(source, struct.pack(f'>{len(labels)}I', *labels) + packet,
                        0x8847 if kind == 'mpls' else 0x8848, vlans)
    if kind in ('pppoe', 'pppoec'):
        protocol = {0x0800: 0x0021, 0x86dd: 0x0057}.get(ethertype, ethertype)
        packet = protocol.to_bytes(2 if kind == 'pppoe' else 1, 'big') + packet
        return ethernet(source, struct.pack('>BBHH', 0x11, 0, 7, len(packet)) + packet, 0x8864, vlans)
    if kind == 'snap':
        head = bytes.fromhex('aaaa03000000') + struct.pack('>H', ethertype)
        return ethernet(source, head + packet, len(head + packet), vlans)
    if kind:
        raise ValueError(f'{over} is none of mpls, mplsu, pppoe, pppoec, snap')
    return ethernet(source, packet, ethertype, vlans)


def unlink(frame, at):
    """Ethertype and packet of what `link` put behind the tags; the ethertype field is at `at`."""
    ethertype, packet = struct.unpack_from('>H', frame, at)[0], frame[at + 2:]
    if ethertype in (0x8847, 0x8848):
        kind = 'mpls' if ethertype == 0x8847 else 'mplsu'
        label = next(i for i in range(0, len(packet), 4) if packet[i + 2] & 1)
        packet = packet[label + 4:]
        return {4: 0x0800, 6: 0x86dd}.get(packet[0] >> 4, ethertype), packet, f'{kind}{label // 4 + 1}'
    if ethertype == 0x8864:
        length, size = struct.unpack_from('>H', packet, 4)[0], 1 if packet[6] & 1 else 2
        protocol = int.from_bytes(packet[6:6 + size], 'big')
        return ({0x0021: 0x0800, 0x0057: 0x86dd}.get(protocol, ethertype), packet[6 + size:6 + length],
                'pppoe' if size == 2 else 'pppoec')
    if ethertype < 0x0600 and packet.startswith(bytes.fromhex('aaaa03000000')):
        return struct.unpack_from('>H', packet, 6)[0], packet[8:ethertype], 'snap'
    return ethertype, packet, ''


def flag_bits(letters):
    return sum(1 << FLAGS.index(letter) for letter in letters)


def flag_letters(bits):
    return ''.join(letter for i, letter in enumerate(FLAGS) if bits >> i & 1)


def pseudo_header(source, destination, protocol, length):
    packed = ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed
    return packed + struct.pack('>II', protocol, length)


def tcp(source, destination, ports, flags, seq, ack, payload=b'', window=65535, damage=0, options=b'',
        urgent=0):
    words = 5 + len(options) // 4
    head = struct.pack('>HHIIBBHHH', *ports, seq % 2**32, ack % 2**32, words << 4, flag_bits(flags), window, 0, urgent)
    head += options
    total = checksum(pseudo_header(source, destination, TCP, len(head) + len(payload)) + head + payload) ^ damage
    return head[:16] + struct.pack('>H', total) + head[18:] + payload


def udp(source, destination, ports, payload=b'', damage=0, without_checksum=False):
    head = struct.pack('>HHHH', *ports, 8 + len(payload), 0)
    if without_checksum:
        return head + payload
    total = checksum(pseudo_header(source, destination, UDP, len(head) + len(payload)) + head + payload) or 0xffff
    return head[:6] + struct.pack('>H', total ^ damage) + payload


def icmp(source, destination, kind, code=0, rest=b'\0\1\0\1', payload=b''):
    body = struct.pack('>BBH', kind, code, 0) + rest + payload
    cover = pseudo_header(source, destination, ICMP6, len(body)) if ':' in source else b''
    return body[:2] + struct.pack('>H', checksum(cover + body)) + body[4:]


def extensions(protocol, payload, chain):
    """IPv6 extension headers of 8 bytes, the types in `chain`, in front of `payload`; (first type, bytes)."""
    for kind in reversed(chain):
        if kind == 51:  # RFC 4302: twelve bytes and a value of four
            protocol, payload = kind, struct.pack('>BBHIII', protocol, 2, 0, 7, 1, 0) + payload
            continue
        options = {43: b'\0' * 6, 44: bytes.fromhex('000100000007')}.get(kind, b'\1\4\0\0\0\0')
        protocol, payload = kind, struct.pack('>BB', protocol, 0) + options + payload  # no segments; a first fragment; PadN
    return protocol, payload


def pieces(protocol, body, how, after=()):
    """[(fragment field or None, bytes, protocol)] of what follows the IP header (`after`: extension headers of IPv6).
    `how`: '' all in one; '/24' in pieces of 24 bytes, '/24r' the last one first, '/24:2,0,1' in this order; '8-32' the
    bytes 8 to 31 alone, the last piece when nothing follows them, '8-32+' not the last, '8-32.' the last, '8-32@65528.' at
    another offset; 'atomic' an IPv6 fragment that is whole."""
    protocol, body = extensions(protocol, body, after)

    def piece(begin, stop, more=None):
        more = stop < len(body) if more is None else more
        return begin // 8 | (0x2000 if more else 0), body[begin:stop], protocol
    if how in ('', 'atomic'):
        return [(0 if how else None, body, protocol)]
    if how[0] == '/':
        size, _, order = how[1:].rstrip('r').partition(':')
        every = [piece(at, at + int(size)) for at in range(0, len(body), int(size))]
        order = [int(i) for i in order.split(',')] if order else range(len(every))
        return [every[i] for i in (reversed(order) if how[-1] == 'r' else order)]
    span, _, offset = how.rstrip('+.').partition('@')
    begin, stop = (int(number) for number in span.split('-'))
    field, data, protocol = piece(begin, stop, {'+': True, '.': False}.get(how[-1]))
    if offset:
        field = field & 0x2000 | int(offset) // 8
    return [(field, data, protocol)]


def ip(source, destination, protocol, payload, ttl=64, identification=0, fragment=None, damage=0, before=()):
    """`fragment`: the IPv4 flags and offset field, or the same for an IPv6 fragment header; None: no fragment.
    `before`: IPv6 extension headers in front of all."""
    src, dst = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    if src.version == 6:
        if fragment is not None:
            offset = (fragment & 0x1fff) << 3 | (fragment >> 13 & 1)
            payload = struct.pack('>BBHI', protocol, 0, offset, identification) + payload
            protocol = 44
        protocol, payload = extensions(protocol, payload, before)
        return struct.pack('>IHBB', 6 << 28, len(payload), protocol, ttl) + src.packed + dst.packed + payload
    head = struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(payload), identification, fragment or 0, ttl, protocol, 0)
    head += src.packed + dst.packed
    return head[:10] + struct.pack('>H', checksum(head) ^ damage) + head[12:] + payload


def split(packet, how, identification):
    """The fragments of an IP packet without options; `how`: see pieces."""
    v6 = packet[0] >> 4 == 6
    at, size, head, protocol, ttl = (8, 16, 40, packet[6], packet[7]) if v6 else (12, 4, 20, packet[9], packet[8])
    source, destination = (str(ipaddress.ip_address(packet[a:a + size])) for a in (at, at + size))
    return [ip(source, destination, *protocol, piece, ttl=ttl, fragment=fragment, identification=identification)
            for fragment, piece, *protocol in pieces(protocol, packet[head:], how)]


def ethertype_of(address):
    return 0x86dd if ':' in address else 0x0800


def describe(frame):
    """What a frame is, as a dictionary of the fields that expectations may name. Checks all checksums."""
    out = {'source_mac': frame[6:12].hex(':'), 'destination_mac': frame[:6].hex(':')}
    at, vlans = 12, []
    while struct.unpack_from('>H', frame, at)[0] in (0x8100, 0x88a8, 0x9100):
        vlans.append(str(struct.unpack_from('>H', frame, at + 2)[0] & 0xfff))
        at += 4
    ethertype, packet, out['over'] = unlink(frame, at)
    out['vlan'] = '.'.join(vlans)
    if ethertype not in (0x0800, 0x86dd):
        return {**out, 'kind': f'0x{ethertype:04x}'}
    return {**out, **describe_ip(ethertype, packet)}


def describe_ip(ethertype, packet):
    out = {}
    if ethertype == 0x0800:
        header, length = (packet[0] & 15) * 4, struct.unpack_from('>H', packet, 2)[0]
        protocol, out['ttl'], addresses = packet[9], packet[8], (packet[12:16], packet[16:20])
        out['dscp'] = packet[1] >> 2
        out['checksums'] = checksum(packet[:header]) == 0
    else:
        header, length = 40, 40 + struct.unpack_from('>H', packet, 4)[0]
        protocol, out['ttl'], addresses = packet[6], packet[7], (packet[8:24], packet[24:40])
        out['dscp'] = (packet[0] << 4 & 0xff | packet[1] >> 4) >> 2
        out['checksums'] = True
    out['source'], out['destination'] = (str(ipaddress.ip_address(a)) for a in addresses)
    out.update(describe_l4(packet[header:length], protocol, out))
    carried = tunnels.off(protocol, packet[header:length])
    if carried:
        kind, ethertype, inner, good = carried
        inside = describe_ip(ethertype, inner)
        good = good and out['checksums'] and inside['checksums']
        ends = f"{out['source']}>{out['destination']}"
        return {**inside, 'outer_dscp': out['dscp'], 'checksums': good, 'in': '+'.join(filter(None, (kind, inside.get('in')))), 'ends': ends}
    return out


def describe_l4(segment, protocol, out):
    cover = pseudo_header(out['source'], out['destination'], protocol, len(segment))
    if protocol == ICMP:
        cover = b''
    good = out['checksums'] and checksum(cover + segment) == 0
    if protocol in (ICMP, ICMP6):
        return {'kind': 'icmp', 'type': segment[0], 'code': segment[1], 'quoted': segment[8:], 'checksums': good}
    if protocol == UDP:
        ports = struct.unpack_from('>HH', segment)
        may_lack = ':' not in out['source'] or ports[1] in tunnels.PORTS  # RFC 8200 section 8.1, RFC 6935
        good = good or out['checksums'] and may_lack and segment[6:8] == bytes(2)
        return {'kind': 'udp', 'ports': ports, 'payload': segment[8:], 'checksums': good}
    if protocol == TCP:
        *ports, seq, ack, offset, flags = struct.unpack_from('>HHIIBB', segment)
        return {'kind': 'tcp', 'ports': tuple(ports), 'seq': seq, 'ack': ack, 'flags': flag_letters(flags),
                'payload': segment[(offset >> 4) * 4:], 'options': segment[20:(offset >> 4) * 4].hex(), 'checksums': good}
    return {'kind': f'ip{protocol}', 'checksums': out['checksums']}


PCAP_HEADER = struct.pack('<IHHiIII', 0xa1b23c4d, 2, 4, 0, 0, 262144, 1)  # nanoseconds, Ethernet


def pcap_record(time_ns, frame):
    return struct.pack('<IIII', time_ns // 10**9, time_ns % 10**9, len(frame), len(frame)) + frame


def read_pcap(path):
    """[(time in ns, frame)]; both byte orders, micro- and nanoseconds."""
    with open(path, 'rb') as file:
        data = file.read()
    order = '<' if data[:4] in (b'\xd4\xc3\xb2\xa1', b'\x4d\x3c\xb2\xa1') else '>'
    scale = 1 if struct.unpack_from(order + 'I', data)[0] == 0xa1b23c4d else 1000
    at, out = 24, []
    while at < len(data):
        seconds, fraction, captured, _ = struct.unpack_from(order + 'IIII', data, at)
        out.append((seconds * 10**9 + fraction * scale, data[at + 16:at + 16 + captured]))
        at += 16 + captured
    return out


from . import tunnels  # noqa: E402 (each uses the other)
