# SPDX-License-Identifier: Apache-2.0
"""Steps of the story about mail."""

from lab import MAIL_CLIENT, until


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
