# SPDX-License-Identifier: Apache-2.0
"""SMTP and submission by swaks: one mail to an allowed recipient and one whom a rule is about."""

import re
import time

from cells import LONG_BYTES, SHORTEST_S, Protocol, check_reference, outside
from lab import until

SERVER = "198.51.100.25"
FRIEND, RIVAL = "boss@partner.example", "sales@rival.example"
PORTS = {"smtp": 25, "submission": 587}


def servers(lab):
    submission = outside(lab, "submission.log", "/usr/bin/python3", str(lab.source / "mail_server.py"), "--maildir",
                         str(lab.dir / "submission"), "--cert", str(lab.dir / "pki/mail.example.pem"), "--key",
                         str(lab.dir / "pki/mail.example.key"), "--listen", SERVER, "--port", "587")
    assert until(lambda: ":587" in lab.outside("ss", "-Hltn").out), "no submission server came up"
    return [submission]


def send(cell, *recipients, more=()):
    sender = f"{cell.action}@weir-lab.example"
    return cell.lab.inside("swaks", "--server", SERVER, "--port", str(PORTS[cell.protocol]), "--from", sender, "--to",
                           ",".join(recipients), "--local-interface", cell.address, "--timeout", "10", *more, timeout=30)


def kept(cell):
    """Recipients of each mail of this cell that the server keeps."""
    log = "mail.log" if cell.protocol == "smtp" else "submission.log"
    lines = [line.split() for line in cell.lab.log(log) if line.startswith(f"stored {cell.action}@")]
    return [line[2] for line in lines]


def heard(cell, recipient):
    log = "mail.log" if cell.protocol == "smtp" else "submission.log"
    text = "\n".join(cell.lab.log(log))
    mails = re.findall(rf"mail-from {cell.action}@.*(?:\n(?!mail-from).*)*", text)
    return any(recipient in mail for mail in mails)


def delivered(cell, *more):
    begun = time.monotonic()
    ran = send(cell, FRIEND, RIVAL, more=more)
    cell.seconds = time.monotonic() - begun
    cell.saw("client", f"swaks ended with {ran.code} after {cell.seconds:.1f} s")
    cell.check(ran.code == 0, f"the mail should be taken: {ran.out[-300:]}")
    stored = until(lambda: kept(cell))
    cell.saw("server", f"keeps it for {stored}")
    cell.check(stored == [f"{FRIEND},{RIVAL}"], f"the server keeps {stored}")


def allow(cell):
    delivered(cell)


def report(cell):
    delivered(cell)
    cell.check_recorded("report-mail", "report", object=RIVAL)


def trial(cell):
    delivered(cell)
    cell.check_recorded("trial-mail", "would refuse", object=RIVAL)


def limit(cell):
    path = cell.lab.dir / f"{cell.protocol}.long"
    path.write_text(("x" * 78 + "\r\n") * (LONG_BYTES // 80))
    delivered(cell, "--body", f"@{path}")
    cell.check(cell.seconds >= SHORTEST_S, f"a long mail took {cell.seconds:.2f} s, {SHORTEST_S} s at least were due")
    cell.check_recorded("limit-mail", "limit", object=RIVAL)


def refuse(cell):
    """The one recipient is refused, the other gets the mail over the same session."""
    ran = send(cell, FRIEND, RIVAL)
    reply = next((line for line in ran.out.splitlines() if "550" in line), "")
    cell.saw("client", reply.strip())
    cell.check("550 5.7.1 Ask first" in reply, f"the reply should say why: {ran.out[-400:]}")
    check_reference(cell, reply, "refuse-mail")
    stored = until(lambda: kept(cell))
    cell.saw("server", f"keeps it for {stored}")
    cell.check(stored == [FRIEND], f"the server keeps {stored}")
    cell.check(not heard(cell, RIVAL), "the server should not have heard of the refused recipient")
    cell.check_recorded("refuse-mail", "refuse", object=RIVAL)


def block(cell):
    """The session ends."""
    ran = send(cell, RIVAL, FRIEND)
    reply = next((line for line in ran.out.splitlines() if "550" in line), "")
    cell.saw("client", f"{reply.strip()}, swaks ended with {ran.code}")
    cell.check("550 5.7.1 Closed here" in reply, f"the reply should say why: {ran.out[-400:]}")
    cell.check(ran.code != 0, "the session should end")
    check_reference(cell, reply, "block-mail")
    cell.check(not kept(cell) and not heard(cell, RIVAL), "nothing should have reached the server")
    cell.saw("server", "keeps nothing")
    cell.check_recorded("block-mail", "block", object=RIVAL)


def budget(cell):
    """Two mails a day; what the engine added up reaches the classifier within a mail or two."""
    codes = []

    def used_up():
        ran = send(cell, FRIEND)
        codes.append("550" if "550 5.7.1 Enough for today" in ran.out else str(ran.code))
        return codes[-1] == "550"
    until(used_up, 15)
    cell.saw("client", " ".join(codes))
    cell.check(codes[:2] == ["0", "0"] and codes[-1] == "550", f"two should pass, then 550: {codes}")
    cell.check_recorded("budget-mail", "refuse")


CELLS = {"allow": allow, "report": report, "limit": limit, "refuse": refuse, "block": block, "trial": trial}
PROTOCOLS = (Protocol("smtp", {**CELLS, "budget": budget}), Protocol("submission", CELLS))
