# SPDX-License-Identifier: Apache-2.0
"""Steps of the story about mail."""

import hashlib
import json

from lab import MAIL_CLIENT, until

MAIL_SERVER = "198.51.100.25"
ATTACHMENT_PORT = 41025  # of the client, so that the flow can be asked for


def send(lab, recipient, *extra):
    return lab.inside("swaks", "--server", "mail.example", "--from", "anna@weir-lab.example", "--to", recipient,
                      "--local-interface", MAIL_CLIENT, "--timeout", "8", "--hide-all", *extra)


def mail(lab, step):
    for extra in ((), ("--helo", "second.weir-lab.example")):
        ran = send(lab, "boss@partner.example", *extra)
        step.client(ran)
        step.check(ran.code == 0, "mail to the partner should be taken")
    kept = until(lambda: len(lab.mail_kept()) >= 2 and lab.mail_kept())
    step.server(f"keeps {kept}")
    step.check(kept and all(to == "boss@partner.example" for _, to in kept), "the partner's mail should be kept")

    ran = send(lab, "sales@rival.example")
    step.client(ran)
    step.check_refused(ran, "mail to the forbidden domain")
    arrived = [to for _, to in lab.mail_kept() if "rival.example" in to]
    named = [line for line in lab.log("mail.log") if line.startswith("rcpt-to") and "rival.example" in line]
    step.server(f"keeps {len(arrived)} for rival.example, heard its name {len(named)} times")
    if lab.weir:
        step.check(not arrived and not named, "neither the mail nor its recipient should reach the server")
    else:
        step.check(len(arrived) == 1, "over a plain bridge the mail should arrive")
    step.check_violation(rule="no-mail-to-rivals")
    if lab.weir:
        attachment(lab, step)


def attachment(lab, step):
    """What a mail carried is in its event: name, claimed type, type by its bytes, hash."""
    program = b"MZ" + bytes(0x3a) + (0x80).to_bytes(4, "little") + bytes(0x40) + b"PE\0\0" + bytes(range(256)) * 20
    path = lab.dir / "invoice.exe"
    path.write_bytes(program)
    ran = send(lab, "boss@partner.example", "--local-interface", f"{MAIL_CLIENT}:{ATTACHMENT_PORT}", "--attach-type",
               "application/pdf", "--attach-name", "invoice.pdf", "--attach", f"@{path}")
    step.client(ran)
    step.check(ran.code == 0, "mail with an attachment should be taken")

    def carried():
        ran = lab.weirctl("explain", "tcp", MAIL_CLIENT, str(ATTACHMENT_PORT), MAIL_SERVER, "25", "-o", "json")
        try:
            return json.loads(ran.out)["mail"]["message"]["attachments"]
        except (json.JSONDecodeError, KeyError):
            return None
    found = until(carried) or [{}]
    step.weir(f"attachments {found}")
    expected = {"name": "invoice.pdf", "declared_type": "application/pdf", "type": "pe", "bytes": str(len(program)),
                "sha256": hashlib.sha256(program).hexdigest()}
    step.check(len(found) == 1 and all(found[0].get(key) == value for key, value in expected.items()),
               f"the event should say {expected}")
