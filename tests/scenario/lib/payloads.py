# SPDX-License-Identifier: Apache-2.0
"""Application bytes by name: tls(www.example.org), http(www.example.org/path), dns(www.example.org), zeros(100)."""
import ipaddress
import os
import re
import struct


def vector(size, data):
    return len(data).to_bytes(size, 'big') + data


def extension(kind, data):
    return struct.pack('>H', kind) + vector(2, data)


def tls(name):
    """A TLS 1.3 ClientHello with server_name, ALPN and what every browser sends (RFC 8446 section 4.1.2)."""
    extensions = b''.join([
        extension(0, vector(2, b'\0' + vector(2, name.encode()))),
        extension(10, vector(2, bytes.fromhex('001d00170018'))),
        extension(11, b'\1\0'),
        extension(13, vector(2, bytes.fromhex('040308040401050308050501'))),
        extension(16, vector(2, vector(1, b'h2') + vector(1, b'http/1.1'))),
        extension(43, vector(1, bytes.fromhex('03040303'))),
        extension(45, vector(1, b'\1')),
        extension(51, vector(2, bytes.fromhex('001d') + vector(2, bytes(range(32))))),
    ])
    hello = b'\3\3' + bytes(range(32)) + vector(1, bytes(32))
    hello += vector(2, bytes.fromhex('130113021303c02bc02fc02cc030')) + vector(1, b'\0') + vector(2, extensions)
    return b'\x16\3\1' + vector(2, b'\1' + vector(3, hello))


def http(target):
    """host/path, or host/path agent for another User-Agent than curl's."""
    target, _, agent = target.partition(' ')
    host, _, path = target.partition('/')
    agent = agent or 'curl/7.88.1'
    return f'GET /{path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\nAccept: */*\r\n\r\n'.encode()


def http_ok(length):
    return f'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n'.encode() + b'x' * int(length)


def http2_frame(kind, flags, stream, data):
    return len(data).to_bytes(3, 'big') + struct.pack('>BBI', kind, flags, stream) + data


def http2_opening(_):
    """The preface of an HTTP/2 client and its SETTINGS (RFC 9113 section 3.4)."""
    return b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' + http2_frame(4, 0, 0, b'')


def http2(text):
    """stream host/path: HEADERS with END_STREAM and END_HEADERS, literals without Huffman code (RFC 7541)."""
    stream, _, target = text.partition(' ')
    host, _, path = target.partition('/')
    fields = [(':method', 'GET'), (':scheme', 'http'), (':authority', host), (':path', '/' + path)]
    block = b''.join(b'\0' + vector(1, name.encode()) + vector(1, value.encode()) for name, value in fields)
    return http2_frame(1, 5, int(stream), block)


def socks5(target):
    """name:port: the request of a SOCKS 5 client (RFC 1928 section 4)."""
    name, port = target.split(':')
    return b'\5\1\0\3' + vector(1, name.encode()) + struct.pack('>H', int(port))


def dns(name, kind=1):
    labels = b''.join(vector(1, label.encode()) for label in name.split('.')) + b'\0'
    return struct.pack('>HHHHHH', 0x4242, 0x0100, 1, 0, 0, 0) + labels + struct.pack('>HH', kind, 1)


def dns_answer(name, address, kind=1, ttl=300):
    """The answer to dns(name): one address."""
    packed = ipaddress.ip_address(address.strip()).packed
    record = b'\xc0\x0c' + struct.pack('>HHI', kind, 1, ttl) + vector(2, packed)
    question = dns(name, kind)
    return question[:2] + struct.pack('>HHHHH', 0x8180, 1, 1, 0, 0) + question[12:] + record


def tls_unnamed():
    """A ClientHello without a server name."""
    hello = tls('x')
    name = extension(0, vector(2, b'\0' + vector(2, b'x')))
    at = hello.index(name)
    bare = hello[:at] + hello[at + len(name):]
    lengths = {3: 2, 6: 3, at - 2: 2}  # of the record, the handshake message, the extensions
    for place, size in lengths.items():
        value = int.from_bytes(bare[place:place + size], 'big') - len(name)
        bare = bare[:place] + value.to_bytes(size, 'big') + bare[place + size:]
    return bare


def dhcp(name, mac='02:00:00:00:00:01'):
    """A DHCPREQUEST with host name, vendor class and the list of a Linux client (RFC 2131)."""
    options = b''.join([b'\x35\1\3', b'\x0c' + vector(1, name.encode()), b'\x3c' + vector(1, b'dhcpcd-9.4.1'),
                        b'\x37' + vector(1, bytes([1, 3, 6, 15])), b'\xff'])
    head = struct.pack('>BBBB4s', 1, 1, 6, 0, b'xid!') + bytes(20)
    return head + bytes.fromhex(mac.strip().replace(':', '')) + bytes(10 + 64 + 128) + b'\x63\x82\x53\x63' + options


def radius(status, user, address, number=1):
    """An Accounting-Request (RFC 2866): `status` is start or stop; who has the address by it."""
    attributes = b''.join(bytes([kind, len(value) + 2]) + value for kind, value in
                          ((1, user.encode()), (8, ipaddress.ip_address(address.strip()).packed),
                           (40, struct.pack('>I', {'start': 1, 'stop': 2}[status]))))
    return struct.pack('>BBH', 4, int(number), 20 + len(attributes)) + bytes(16) + attributes


def radius_ok(number):
    """The Accounting-Response to it."""
    return struct.pack('>BBH', 5, int(number), 20) + bytes(16)


def ssh_kexinit(lists):
    """An SSH packet with the four lists that go into a fingerprint, "kex;encryption;mac;compression", of both directions."""
    kex, cipher, mac, compression = lists.split(';')
    names = (kex, 'ssh-ed25519', cipher, cipher, mac, mac, compression, compression, '', '')
    payload = b'\x14' + bytes(16) + b''.join(vector(4, each.encode()) for each in names) + bytes(5)
    padding = 4 + -(len(payload) + 9) % 8
    return vector(4, bytes([padding]) + payload + bytes(padding))


def file(path):
    """The bytes of a file of this repository, for what takes keys to make."""
    with open(os.path.join(os.path.dirname(__file__), '../../..', path), 'rb') as stored:
        return stored.read()


def make(text):
    """The bytes of one payload word; cut(A, B, word) is the part from byte A up to B (empty: the end)."""
    if text == '-':
        return b''
    cut = re.fullmatch(r'cut\((\d*),\s*(\d*),\s*(.+)\)', text)
    if cut:
        first, last, inner = cut.groups()
        return make(inner)[int(first or 0):int(last) if last else None]
    call = re.fullmatch(r'(\w+)\((.*)\)', text, re.S)
    makers = {'tls': tls, 'http': http, 'http_ok': http_ok, 'dns': dns, 'zeros': lambda n: bytes(int(n)),
              'dns_answer': lambda t: dns_answer(*t.split(',')), 'tls_unnamed': lambda _: tls_unnamed(),
              'dhcp': lambda t: dhcp(*t.split(',')), 'radius': lambda t: radius(*t.split(',')), 'radius_ok': radius_ok,
              'ssh_kexinit': ssh_kexinit, 'file': file,
              'http2_opening': http2_opening, 'http2': http2, 'socks5': socks5,
              'fill': lambda n: b'\xa5' * int(n), 'hex': bytes.fromhex,
              'text': lambda t: t.encode().decode('unicode_escape').encode('latin-1')}
    if not call or call[1] not in makers:
        raise ValueError(f'no payload is called {text!r}; there are {", ".join(sorted(makers))}, cut(A,B,...) and -')
    return makers[call[1]](call[2])
