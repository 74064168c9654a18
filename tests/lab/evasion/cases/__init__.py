# SPDX-License-Identifier: Apache-2.0
"""The catalogue: every case is one function that plays one connection with a request that carries a name. Ids are those
of docs/testing.md; a letter behind one tells variants apart."""

import dataclasses
import typing

CASES = []
# Cases of the catalogue that no Linux server can be made to take here, or that carry no name, and why.
NOT_PLAYED = {}


@dataclasses.dataclass(frozen=True)
class Case:
    number: str
    family: str
    play: typing.Callable
    port: int
    hand: bool  # TCP made by hand (wire.Tcp), else a kernel's socket (wire.Client, wire.Datagrams)
    udp: bool
    connect: bool  # the handshake is done before the play begins
    versions: tuple
    rewritten: bool  # Weir changes what arrives, so the allowed name need not


def case(number, family, port, hand=False, udp=False, connect=True, versions=(4, 6), rewritten=False):
    def add(play):
        CASES.append(Case(number, family, play, port, hand, udp, connect, versions, rewritten))
        return play
    return add


def load():
    """Every family."""
    from cases import dns, http, http2, quic, smtp, tls, tls_forms, tls_inside  # noqa: F401
    return CASES
