# SPDX-License-Identifier: Apache-2.0
"""Initial packets of QUIC, sealed and opened (RFC 9001 section 5, RFC 9369), with the keys that both ends derive from the
first connection id; Retry and Version Negotiation as a server makes them."""

import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

V1, V2, DRAFT29 = 1, 0x6b3343cf, 0xff00001d
SALTS = {V1: "38762cf7f55934b34d179ae6a4c80cadccbb7f0a", V2: "0dede3def700a6db819381be6e269dcbf9bd2ed9",
         DRAFT29: "afbfec289993d24c9e9786f19c6111e04390a899"}
RETRY_KEY, RETRY_NONCE = bytes.fromhex("be0c690b9f66575a1d766b54e368c84e"), bytes.fromhex("461599d35d632bf2239825bb")
TAG = 16
SMALLEST = 1200  # of a datagram with an Initial


def varint(value):
    if value < 64:
        return bytes([value])
    return struct.pack(">H", value | 0x4000) if value < 16384 else struct.pack(">I", value | 0x80000000)


def read_varint(data, at):
    size = 1 << (data[at] >> 6)
    return int.from_bytes(data[at:at + size], "big") & ((1 << (8 * size - 2)) - 1), at + size


def expand(secret, label, size):
    name = b"tls13 " + label
    return HKDFExpand(hashes.SHA256(), size, struct.pack(">HB", size, len(name)) + name + b"\0").derive(secret)


def keys(version, dcid):
    """Of the client's Initial packets: key, nonce base, header protection."""
    extract = HMAC(bytes.fromhex(SALTS[version]), hashes.SHA256())
    extract.update(dcid)
    secret = expand(extract.finalize(), b"client in", 32)
    labels = (b"quicv2 key", b"quicv2 iv", b"quicv2 hp") if version == V2 else (b"quic key", b"quic iv", b"quic hp")
    return expand(secret, labels[0], 16), expand(secret, labels[1], 12), expand(secret, labels[2], 16)


def mask(key, sample):
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(sample)


def nonce(base, number):
    return bytes(a ^ b for a, b in zip(base, number.to_bytes(12, "big")))


def crypto(offset, data):
    return b"\6" + varint(offset) + varint(len(data)) + data


def initial(frames, number=0, dcid=bytes(range(8)), version=V1, keyed_by=None, token=b"", scid=b"\x51" * 5,
            size=SMALLEST):
    """One Initial, padded so that the datagram has `size` bytes."""
    kind = 0xd3 if version == V2 else 0xc3  # packet numbers of four bytes
    head = struct.pack(">BI", kind, version) + bytes([len(dcid)]) + dcid + bytes([len(scid)]) + scid
    head += varint(len(token)) + token
    frames += bytes(max(0, size - len(head) - 2 - 4 - len(frames) - TAG))
    head += struct.pack(">H", 0x4000 | (4 + len(frames) + TAG)) + struct.pack(">I", number)
    key, base, protection = keys(version, dcid if keyed_by is None else keyed_by)
    sealed = AESGCM(key).encrypt(nonce(base, number), frames, head)
    hidden = mask(protection, sealed[:16])
    head = bytes([head[0] ^ (hidden[0] & 0x0f)]) + head[1:-4] + bytes(a ^ b for a, b in zip(head[-4:], hidden[1:5]))
    return head + sealed


def long_packet(kind, dcid=bytes(range(8)), size=100):
    """A 0-RTT (1) or Handshake (2) packet that nobody can open here."""
    return struct.pack(">BI", 0xc3 | kind << 4, V1) + bytes([len(dcid)]) + dcid + b"\0" + struct.pack(
        ">H", 0x4000 | size) + bytes([0xa7]) * size


def retry(datagram, scid=b"\x77" * 8, token=b"retry-token"):
    """The answer to an Initial: come again with this token and connection id."""
    _, theirs, original, _ = ids(datagram)
    body = struct.pack(">BI", 0xf0, V1) + bytes([len(theirs)]) + theirs + bytes([len(scid)]) + scid + token
    pseudo = bytes([len(original)]) + original + body
    return body + AESGCM(RETRY_KEY).encrypt(RETRY_NONCE, b"", pseudo)


def negotiation(datagram):
    _, theirs, original, _ = ids(datagram)
    return b"\x80\0\0\0\0" + bytes([len(theirs)]) + theirs + bytes([len(original)]) + original + struct.pack(">II", V1, V2)


def ids(packet):
    """Version, source and destination connection id, and where they end."""
    version = int.from_bytes(packet[1:5], "big")
    at = 6 + packet[5]
    end = at + 1 + packet[at]
    return version, packet[at + 1:end], packet[6:at], end


def open_initials(datagram, known):
    """[(keys' connection id, frames)] of a datagram; `known`: connection ids whose keys may fit as well."""
    opened = []
    while len(datagram) > 7 and datagram[0] & 0x80:
        version, _, dcid, at = ids(datagram)
        if version not in SALTS:
            break
        kind = datagram[0] >> 4 & 3
        is_initial = kind == (1 if version == V2 else 0)
        if is_initial:
            size, at = read_varint(datagram, at)
            at += size
        length, at = read_varint(datagram, at)
        packet, datagram = datagram[:at + length], datagram[at + length:]
        for candidate in [dcid, *known] if is_initial else []:
            key, base, protection = keys(version, candidate)
            hidden = mask(protection, packet[at + 4:at + 20])
            first = packet[0] ^ (hidden[0] & 0x0f)
            width = (first & 3) + 1
            number = bytes(a ^ b for a, b in zip(packet[at:at + width], hidden[1:]))
            head = bytes([first]) + packet[1:at] + number
            try:
                opened.append((candidate, AESGCM(key).decrypt(nonce(base, int.from_bytes(number, "big")),
                                                              packet[at + width:], head)))
                break
            except InvalidTag:
                continue
    return opened


def crypto_frames(frames):
    """(offset, data) of the CRYPTO frames; PADDING, PING and ACK are passed over."""
    at = 0
    while at < len(frames):
        kind, at = read_varint(frames, at)
        if kind in (0, 1):
            continue
        if kind in (2, 3):
            numbers = []
            for _ in range(4):
                value, at = read_varint(frames, at)
                numbers.append(value)
            for _ in range(2 * numbers[2] + (3 if kind == 3 else 0)):
                _, at = read_varint(frames, at)
            continue
        if kind != 6:
            return
        offset, at = read_varint(frames, at)
        size, at = read_varint(frames, at)
        yield offset, frames[at:at + size]
        at += size


def client_hellos(datagrams):
    """The CRYPTO streams that lenient servers would read in these datagrams: one for each connection (the keys' id), the
    first copy of a byte or the last one winning."""
    known, pieces = [], {}
    for datagram in datagrams:
        try:
            opened = open_initials(datagram, known)
        except (IndexError, ValueError):
            continue
        for key, frames in opened:
            if key not in known:
                known.append(key)
            try:
                pieces.setdefault(key, []).extend(crypto_frames(frames))
            except IndexError:
                pass
    for parts in pieces.values():
        for order in (parts, parts[::-1]):
            stream = bytearray(max((offset + len(data) for offset, data in parts), default=0))
            filled = bytearray(len(stream))
            for offset, data in order:
                for i, byte in enumerate(data, offset):
                    if not filled[i]:
                        stream[i], filled[i] = byte, 1
            whole = filled.index(0) if 0 in filled else len(filled)
            yield bytes(stream[:whole])
