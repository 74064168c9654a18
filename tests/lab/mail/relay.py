# SPDX-License-Identifier: Apache-2.0
"""A line that is not what it should be: carries Ethernet frames between two interfaces, loses some and lets some be overtaken.

Usage: relay.py INTERFACE INTERFACE MAC LOSS REORDER SEED: of the first one's neighbour the address is MAC; shares are 0 to 1.
Says on its standard output how many frames it carried, lost and held back, when it is told to end.
"""

import heapq
import itertools
import random
import select
import signal
import socket
import sys
import time

OUTGOING = 4  # packet(7): what this machine sends itself
ALL_PROTOCOLS = 3
HELD_S = (0.001, 0.012)


def opened(interface):
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS))
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 20)
    link.bind((interface, ALL_PROTOCOLS))
    return link


def main():
    near, far = opened(sys.argv[1]), opened(sys.argv[2])
    address = bytes.fromhex(sys.argv[3].replace(":", ""))
    loss, reorder = float(sys.argv[4]), float(sys.argv[5])
    chance = random.Random(int(sys.argv[6]))
    held, order = [], itertools.count()
    counts = {"carried": 0, "lost": 0, "held": 0}
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    print("ready", flush=True)
    while not ended:
        wait = max(0.0, held[0][0] - time.monotonic()) if held else 0.2
        for link in select.select([near, far], [], [], wait)[0]:
            frame, origin = link.recvfrom(65536)
            if origin[2] == OUTGOING or (link is far and not frame[0] & 1 and frame[:6] != address):
                continue
            to = far if link is near else near
            if chance.random() < loss:
                counts["lost"] += 1
            elif chance.random() < reorder:
                counts["held"] += 1
                heapq.heappush(held, (time.monotonic() + chance.uniform(*HELD_S), next(order), to, frame))
            else:
                counts["carried"] += 1
                to.send(frame)
        while held and held[0][0] <= time.monotonic():
            _, _, to, frame = heapq.heappop(held)
            to.send(frame)
    print(" ".join(f"{name}={count}" for name, count in counts.items()), flush=True)


if __name__ == "__main__":
    main()
