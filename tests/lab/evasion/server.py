# SPDX-License-Identifier: Apache-2.0
"""Reads what comes and says it: one line a read, `server-port client-port connection hex`. A real kernel's sockets. It answers
only where a protocol has to be talked into carrying another one, and then says what comes behind that."""

import itertools
import re
import selectors
import socket
import sys

import ports
import quic_seal

IP_RECVTTL = 12  # linux/in.h
IP_MINTTL = 21  # linux/in.h
IPV6_MINHOPCOUNT = 73  # linux/in6.h
HOPS_MIN = 63  # a packet with fewer left is ignored, as if it had died on its way (RFC 5082)
FAST_OPENS = 64
ADDRESSES = ("198.51.100.10", "2001:db8:100::10")
RETRIED = b"\x77" * 8  # the connection id that a client is sent back with

# By port: what is said first, and the answer to each request in turn. Behind the last one the bytes are told.
TALK = {
    ports.IMAP: (b"* OK IMAP4rev1 ready\r\n", [(rb"(\S+) STARTTLS\r\n", rb"\1 OK go ahead\r\n")]),
    ports.POP3: (b"+OK ready\r\n", [(rb"STLS\r\n", b"+OK go ahead\r\n")]),
    ports.FTP: (b"220 ready\r\n", [(rb"AUTH TLS\r\n", b"234 go ahead\r\n")]),
    ports.PLAIN_SMTP: (b"220 mail.example ESMTP\r\n", [(rb"EHLO \S+\r\n", b"250-mail.example\r\n250 STARTTLS\r\n"),
                                                       (rb"STARTTLS\r\n", b"220 go ahead\r\n")]),
    ports.UPGRADE: (b"", [(rb"GET [^\n]*\r\n(?:[^\r\n]+\r\n)*\r\n", b"HTTP/1.1 101 Switching Protocols\r\n"
                           b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n")]),
    ports.PROXY: (b"", [(rb"CONNECT [^\n]*\r\n(?:[^\r\n]+\r\n)*\r\n", b"HTTP/1.1 200 Connection established\r\n\r\n")]),
}


class Conversation:
    count = 0

    def __init__(self, connection, port, client):
        self.connection, self.port, self.client = connection, port, client
        Conversation.count += 1
        self.number = Conversation.count
        greeting, self.due = TALK.get(port, (b"", []))
        self.due = list(self.due)
        self.pending = b""
        if greeting:
            connection.sendall(greeting)

    def takes(self, data):
        self.pending += data
        while self.due and self.pending:
            found = re.match(self.due[0][0], self.pending, re.S)
            if not found:
                return
            self.connection.sendall(found.expand(self.due.pop(0)[1]))
            self.pending = self.pending[found.end():]
        if self.pending and not self.due:
            print(self.port, self.client, self.number, self.pending.hex(), flush=True)
            self.pending = b""


def socks(conversation, data):
    """SOCKS 4, 4a (one request) and 5 (a greeting and a request), each granted; true once that is done."""
    conversation.pending += data
    have = conversation.pending
    if have[:1] == b"\4":
        at = have.find(b"\0", 8)
        if at > 0 and have[4:7] == b"\0\0\0":
            at = have.find(b"\0", at + 1)
        if at > 0:
            conversation.connection.sendall(b"\0\x5a" + bytes(6))
            conversation.pending = have[at + 1:]
            return True
    elif len(have) >= 2 and len(have) >= 2 + have[1]:
        if not conversation.due:
            conversation.connection.sendall(b"\5\0")
            conversation.due = ["request"]
        have = have[2 + have[1]:]
        size = {1: 10, 4: 22}.get(have[3], 7 + have[4]) if len(have) > 4 else 0
        if size and len(have) >= size:
            conversation.connection.sendall(b"\5\0\0\1" + bytes(6))
            conversation.pending, conversation.due = have[size:], []
            return True
    return False


def read(conversation):
    try:
        data = conversation.connection.recv(65536)
        if not data:
            return False
        if conversation.port == ports.SOCKS and not getattr(conversation, "granted", False):
            conversation.granted = socks(conversation, data)
            data = b""
            if not conversation.granted:
                return True
        conversation.takes(data)
    except OSError:
        return False
    return True


def datagram(server, port):
    """Says it; a QUIC server may first ask for another one."""
    data, about, _, peer = server.recvmsg(65536, 256)
    if any(int.from_bytes(value[:4], sys.byteorder) < HOPS_MIN for level, kind, value in about
           if (level, kind) in ((socket.IPPROTO_IP, socket.IP_TTL), (socket.IPPROTO_IPV6, socket.IPV6_HOPLIMIT))):
        return
    print(port, peer[1], 0, data.hex(), flush=True)
    if len(data) < 7 or not data[0] & 0x80:
        return
    if port == ports.QUIC_RETRY and quic_seal.ids(data)[2] != RETRIED:
        server.sendto(quic_seal.retry(data, RETRIED), peer)
    if port == ports.QUIC_VERSIONS and quic_seal.ids(data)[0] not in quic_seal.SALTS:
        server.sendto(quic_seal.negotiation(data), peer)


def main():
    watched = selectors.DefaultSelector()
    for port in ports.READ:
        listener = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=512)
        listener.setsockopt(socket.IPPROTO_IP, IP_MINTTL, HOPS_MIN)
        listener.setsockopt(socket.IPPROTO_IPV6, IPV6_MINHOPCOUNT, HOPS_MIN)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, FAST_OPENS)
        watched.register(listener, selectors.EVENT_READ, port)
    for port, address in itertools.product(ports.DATAGRAMS, ADDRESSES):  # each, so that answers come from it
        datagrams = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        datagrams.bind((address, port))
        datagrams.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        if ":" in address:
            datagrams.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
        else:
            datagrams.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
        watched.register(datagrams, selectors.EVENT_READ, port)
    print("ready", flush=True)
    while True:
        for key, _ in watched.select():
            if isinstance(key.data, Conversation):
                if not read(key.data):
                    watched.unregister(key.fileobj)
                    key.fileobj.close()
            elif key.fileobj.type == socket.SOCK_DGRAM:
                datagram(key.fileobj, key.data)
            else:
                connection, peer = key.fileobj.accept()
                watched.register(connection, selectors.EVENT_READ, Conversation(connection, key.data, peer[1]))


if __name__ == "__main__":
    sys.exit(main())
