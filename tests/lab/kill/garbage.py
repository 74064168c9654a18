# SPDX-License-Identifier: Apache-2.0
"""A classifier that went mad: attaches to a data plane's inspection channel again and again and writes what makes no
sense there: noise over the whole memory, impossible indices, answers of noise, and answers that are well formed but of
flows that do not exist and of policies that never were."""

import itertools
import os
import pathlib
import random
import select
import sys
import time

sys.path.insert(0, str(pathlib.Path(os.path.realpath(__file__)).parents[2] / "scenario"))
from lib.scripted_classifier import (ANSWER_BYTES, ANSWER_INDICES, DROP_PACKET, FINAL, INJECT, INJECT_MORE,  # noqa: E402
                                     INJECT_PIECE, RELEASE, RELEASE_PACKET, REQUEST_INDICES, REVISION, SKIP, Channel, answer)

SEED = 20261126
ONE_CHANNEL_S = 0.02  # that long it may go on if the data plane does not mind
PIECE = 65_536
BATCH = 64


def noise_everywhere(channel, chance):
    size = len(channel.memory)
    for at in range(0, size, PIECE):
        channel.memory[at:min(at + PIECE, size)] = chance.randbytes(min(PIECE, size - at))
    channel.wake()


def noise_in_indices(channel, chance):
    for base in (REQUEST_INDICES, ANSWER_INDICES):
        for at in (0, 64, 68, 72):  # tail, head, sleeping, taken
            if chance.random() < 0.5:
                channel.answers.words[(base + at) // 4] = chance.getrandbits(32)
    channel.wake()


def noise_as_answers(channel, chance):
    channel.say(*(chance.randbytes(ANSWER_BYTES) for _ in range(BATCH)))


def well_formed(chance):
    kind = chance.choice((RELEASE, FINAL, SKIP, REVISION, DROP_PACKET, RELEASE_PACKET, INJECT))
    flow = (chance.randrange(1024), chance.getrandbits(32))
    payload = chance.randbytes(chance.randrange(1, 300)) if kind == INJECT else b""
    pieces = [payload[at:at + INJECT_PIECE] for at in range(0, len(payload), INJECT_PIECE)]
    yield answer(kind, flow, direction=chance.randrange(2), through=chance.getrandbits(32), action=chance.randrange(3),
                 skip=chance.getrandbits(32), skip_from=chance.getrandbits(32), expires=chance.getrandbits(32),
                 limit=chance.getrandbits(32), payload=len(payload), scope=chance.randrange(2), end=chance.randrange(2),
                 mark=chance.randrange(64), swallow=chance.randrange(2), revision=chance.getrandbits(32))
    for piece in pieces:
        yield bytes((INJECT_MORE, len(piece))) + piece.ljust(INJECT_PIECE, b"\0")


def well_formed_answers(channel, chance):
    if channel.answers.next + 8 * BATCH - channel.answers.index(64) <= channel.answers.size:
        channel.say(*(record for _ in range(BATCH) for record in well_formed(chance)))


WAYS = (noise_everywhere, noise_in_indices, noise_as_answers, well_formed_answers)


def spoil(path, seconds):
    """How many channels were spoiled."""
    chance, ways, spoiled = random.Random(SEED), itertools.cycle(WAYS), 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        channel, way = Channel(path), next(ways)
        enough, gone = time.monotonic() + ONE_CHANNEL_S, False
        while not gone and time.monotonic() < enough:
            way(channel, chance)
            gone = bool(select.select([channel.socket], [], [], 0.001)[0])
        channel.socket.close()
        spoiled += 1
    return spoiled
