# SPDX-License-Identifier: Apache-2.0
"""Each action on each protocol: plays every cell of the matrix and compares three things with what docs/policy.md says: what
the client saw, what the server saw, what was recorded. Exit code 0: no cell differs. Usage: actions.py [PROTOCOL:ACTION...], default all."""

import concurrent.futures
import contextlib
import os
import pathlib
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [os.environ["LAB_SOURCE"], str(HERE)]
import mailbox_cells  # noqa: E402
import mail_cells  # noqa: E402
import port_cells  # noqa: E402
import quic_cells  # noqa: E402
import web_cells  # noqa: E402
from lab import Lab, run  # noqa: E402

CLIENTS = {action: f"10.20.1.{number}" for number, action in
           enumerate(("allow", "report", "limit", "continue", "page", "refuse", "block", "trial", "safe", "budget"), start=1)}
LIMITED = threading.Lock()  # all limited flows of a client share its rate: one cell at a time has it
PROTOCOLS = (*web_cells.PROTOCOLS, *quic_cells.PROTOCOLS, *mail_cells.PROTOCOLS, *mailbox_cells.PROTOCOLS, *port_cells.PROTOCOLS)


class Cell:
    """One action on one protocol as it is played."""

    def __init__(self, lab, protocol, action):
        self.lab, self.protocol, self.action = lab, protocol, action
        self.address = CLIENTS[action]
        self.said, self.differences = [], []

    def saw(self, who, text):
        self.said.append(f"{who}: {text}")

    def check(self, truth, what):
        if not truth:
            self.differences.append(what)
        return truth

    def check_recorded(self, rule, action, **wanted):
        """A violation of the rule by this cell's client says `action`."""
        row = self.lab.violation(rule=rule, subject=self.address, action=action, **wanted)
        named = " ".join([rule, action, *wanted.values()])
        if self.check(row is not None, f"no violation was recorded: {named}"):
            self.saw("record", f"{row['rule']} {row['action']} {row['object']}")

    def check_not_recorded(self, rule):
        """Asked last, when everything else has been recorded."""
        self.check(not self.lab.violations(rule=rule), f"{rule} allows, and a violation was recorded")


def give_addresses(lab):
    """To the clients; and to each a server of its own, for programs that cannot be told which address to come from."""
    for action, address in CLIENTS.items():
        server = quic_cells.server_of(address)
        for command in (["-n", lab.inside_name, "addr", "add", f"{address}/16", "dev", "lan0"],
                        ["-n", os.environ["LAB_OUT"], "addr", "add", f"{server}/32", "dev", "lo"],
                        ["-n", lab.inside_name, "route", "add", f"{server}/32", "via", "10.20.0.1", "src", address]):
            ran = run(["ip", *command], 10)
            assert ran.code == 0, f"{action}: {ran.err}"
    pathlib.Path("/etc/netns", lab.inside_name, "hosts").write_text(quic_cells.hosts_of(CLIENTS), encoding="utf-8")


def put_policy(lab):
    """weirctl comes back when the policy is in force."""
    ran = lab.weirctl("policy", "apply", str(HERE / "policy.yaml"), "--reason", "actions")
    assert ran.code == 0, ran.err + ran.out


def play(lab, protocol, chosen):
    """All cells of a protocol, one after the other."""
    cells = []
    for action, cell_play in protocol.cells.items():
        if chosen and f"{protocol.name}:{action}" not in chosen:
            continue
        cell = Cell(lab, protocol.name, action)
        cells.append(cell)
        alone = LIMITED if action == "limit" else contextlib.nullcontext()
        try:
            with alone:
                cell_play(cell)
        except Exception as error:  # a cell that cannot be played differs
            cell.check(False, f"{type(error).__name__}: {error}")
    return cells


def main():
    lab = Lab()
    started = time.monotonic()
    give_addresses(lab)
    put_policy(lab)
    servers = [server for module in (web_cells, quic_cells, mail_cells, mailbox_cells, port_cells) for server in module.servers(lab)]
    try:
        with concurrent.futures.ThreadPoolExecutor(len(PROTOCOLS)) as pool:
            played = [cell for cells in pool.map(lambda protocol: play(lab, protocol, sys.argv[1:]), PROTOCOLS) for cell in cells]
    finally:
        for server in servers:
            server.terminate()
            server.wait(10)
    for rule in ("allow-web", "allow-mail", "allow-mailbox", "allow-port"):
        for cell in [cell for cell in played if cell.action == "allow"][:1]:
            cell.check_not_recorded(rule)
    for cell in played:
        print(f"{cell.protocol:<11} {cell.action:<9} {'PASS' if not cell.differences else 'DIFFERS'}  {'; '.join(cell.said)}")
        for difference in cell.differences:
            print(f"{'':<22}DIFFERS: {difference}")
    differing = sum(bool(cell.differences) for cell in played)
    print(f"actions over {lab.described()}: {len(played)} cells, {differing} differ ({time.monotonic() - started:.0f} s)")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
