# SPDX-License-Identifier: Apache-2.0
"""Captures that the reference corpus does not have: a mail with an attachment, HTTP with a file, in a VLAN."""
import base64
import socket
import struct

CLIENT_MAC, SERVER_MAC = bytes.fromhex('020000000001'), bytes.fromhex('020000000002')


def checksum(data):
    data += b'\0' * (len(data) % 2)
    total = sum(struct.unpack(f'>{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Conversation:
    """One TCP connection as frames; `say` in turn, with an acknowledgement of the other end."""

    def __init__(self, client, server, port, vlan=0, start=1_700_000_000.0):
        self.ends = {'client': (client, 41000, CLIENT_MAC), 'server': (server, port, SERVER_MAC)}
        self.numbers = {'client': 1000, 'server': 5000}
        self.vlan, self.time, self.frames = vlan, start, []
        self.put('client', b'', 0x02)
        self.put('server', b'', 0x12)
        self.put('client', b'', 0x10)

    def put(self, sender, payload, flags):
        other = 'server' if sender == 'client' else 'client'
        (source, sport, smac), (target, dport, dmac) = self.ends[sender], self.ends[other]
        addresses = socket.inet_aton(source) + socket.inet_aton(target)
        acknowledged = self.numbers[other] if flags & 0x10 else 0
        tcp = struct.pack('>HHIIBBHHH', sport, dport, self.numbers[sender], acknowledged, 5 << 4, flags, 65000, 0, 0) + payload
        tcp = tcp[:16] + struct.pack('>H', checksum(addresses + struct.pack('>BBH', 0, 6, len(tcp)) + tcp)) + tcp[18:]
        ip = struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0) + addresses
        ip = ip[:10] + struct.pack('>H', checksum(ip)) + ip[12:]
        tag = struct.pack('>HH', 0x8100, self.vlan) if self.vlan else b''
        self.frames.append((self.time, dmac + smac + tag + b'\x08\x00' + ip + tcp))
        self.numbers[sender] += len(payload) + (1 if flags & 0x03 else 0)
        self.time += 0.01

    def say(self, sender, text):
        data = text if isinstance(text, bytes) else text.encode()
        for at in range(0, len(data), 1400):
            self.put(sender, data[at:at + 1400], 0x18)
        self.put('server' if sender == 'client' else 'client', b'', 0x10)

    def close(self):
        self.put('client', b'', 0x11)
        self.put('server', b'', 0x11)
        self.put('client', b'', 0x10)


def mail():
    talk = Conversation('10.9.0.2', '198.51.100.25', 25)
    program = base64.encodebytes(b'MZ' + bytes(range(256)) * 8).decode().replace('\n', '\r\n')
    message = ('From: Anna <anna@our.example>\r\nTo: Ben <ben@friend.example>\r\nCc: cc@friend.example\r\nSubject: the "plan" | = ]\r\n'
               'Date: Sat, 28 Nov 2026 09:00:00 +0000\r\nMessage-ID: <1@our.example>\r\nX-Mailer: tester 1.0\r\nMIME-Version: 1.0\r\n'
               'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\n'
               'Content-Type: application/octet-stream; name="tool.exe"\r\nContent-Transfer-Encoding: base64\r\n'
               f'Content-Disposition: attachment; filename="tool.exe"\r\n\r\n{program}\r\n--b--\r\n.\r\n')
    for sender, text in (('server', '220 mx.friend.example ESMTP\r\n'), ('client', 'EHLO pc.our.example\r\n'),
                         ('server', '250 mx.friend.example\r\n'), ('client', 'MAIL FROM:<anna@our.example>\r\n'), ('server', '250 ok\r\n'),
                         ('client', 'RCPT TO:<ben@friend.example>\r\n'), ('server', '250 ok\r\n'), ('client', 'DATA\r\n'),
                         ('server', '354 go\r\n'), ('client', message), ('server', '250 queued\r\n'), ('client', 'QUIT\r\n'),
                         ('server', '221 bye\r\n')):
        talk.say(sender, text)
    talk.close()
    return talk.frames


def web(client='10.9.0.3', vlan=7, path='/a|b=c]"\\d'):
    talk = Conversation(client, '198.51.100.80', 80, vlan)
    body = b'%PDF-1.4 ' + b'x' * 600
    talk.say('client', f'GET {path} HTTP/1.1\r\nHost: files.example\r\nUser-Agent: te|st=1\r\nReferer: http://files.example/\r\n\r\n')
    talk.say('server', b'HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename="a b.pdf"\r\n'
                       b'Content-Length: %d\r\n\r\n' % len(body) + body)
    talk.close()
    return talk.frames


def write(path, frames):
    """A classic pcap, microseconds, Ethernet."""
    with open(path, 'wb') as out:
        out.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for time, frame in frames:
            out.write(struct.pack('<IIII', int(time), round(time % 1 * 1e6), len(frame), len(frame)) + frame)
