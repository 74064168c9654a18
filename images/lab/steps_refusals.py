# SPDX-License-Identifier: Apache-2.0
"""Steps of the story about refusals: what real clients show of them, and that their references lead somewhere."""

import pathlib
import re
import shutil
import subprocess

from lab import MAIL_CLIENT, until
from steps_web import at_known_address

REFERENCE = re.compile(r"[0-9a-f]{16}-\d+-\d+")
TOLD = "Gambling sites are closed here."
LIMITED_BYTES = 1_000_000
LIMIT_BYTES_S = 500_000

MAIN = """compatibility_level = 3.6
queue_directory = {dir}/spool
data_directory = {dir}/data
maillog_file = {dir}/mail.log
maillog_file_prefixes = {dir}
mail_owner = postfix
setgid_group = postdrop
myhostname = office.weir-lab.example
mydestination = weir-lab.example
mynetworks = 127.0.0.0/8
inet_interfaces = loopback-only
inet_protocols = ipv4
smtp_bind_address = {client}
relayhost = [mail.example]
smtp_tls_security_level = none
smtp_dns_support_level = enabled
smtp_host_lookup = dns
alias_maps =
alias_database =
local_recipient_maps =
mailbox_transport = virtual
local_transport = virtual
virtual_mailbox_base = {dir}/mail
virtual_mailbox_domains =
virtual_mailbox_maps = static:box/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
bounce_notice_recipient = anna@weir-lab.example
"""
SERVICES = """smtp inet n - n - - smtpd
pickup unix n - n 2 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 2 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
virtual unix - n n - - virtual
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def explained(lab, step, text, rule):
    """The reference in `text` is that of a flow which Weir can explain."""
    found = REFERENCE.search(text)
    if not step.check(found, "a reference should be told"):
        return
    ran = until(lambda: (said := lab.weirctl("explain", found[0])).code == 0 and said)
    step.weir(f"weirctl explain {found[0]}: " + next((line for line in (ran.out if ran else "").splitlines() if f"rule {rule} (" in line), ""))
    step.check(ran and f"Recorded: rule {rule} " in ran.out, f"the reference should lead to what {rule} did")


def told(lab, step):
    ran = lab.curl("-4", *at_known_address("bet.example"), "--write-out", "[%{http_code}]", "http://bet.example/")
    step.client(ran)
    step.check("[403]" in ran.out and TOLD in ran.out, "the page should say why")
    explained(lab, step, ran.out, "no-gambling")
    ran = lab.curl("-4", "--head", *at_known_address("bet.example"), "http://bet.example/")
    step.client(ran)
    step.check(ran.code == 0 and " 403 " in ran.out and "<html" not in ran.out, "HEAD should get the head of the page")
    for family in ("-4", "-6"):
        ran = lab.curl(family, *at_known_address("bet.example"), "https://bet.example/")
        step.client(ran)
        step.check("alert access denied" in ran.err, "the TLS alert should say that access is denied")
    ran = lab.inside("dig", "+tries=1", "+timeout=3", "bet.example")
    ede = next((line for line in ran.out.splitlines() if "EDE" in line), "")
    step.line("client", f"dig bet.example  ->  {ran.code} {ede}")
    step.check("status: NXDOMAIN" in ran.out and "EDE: 15 (Blocked)" in ede and TOLD in ede, "the DNS answer should say why")
    explained(lab, step, ede, "no-gambling")
    ran = lab.inside("dig", "+short", "+noedns", "+tries=1", "+timeout=3", "allowed.example")
    step.check(ran.code == 0, "other names should still be answered")


def page(lab, step):
    before = len(lab.requests("social.example"))
    ran = lab.curl("-4", "--write-out", "[%{http_code}]", "http://social.example/")
    step.client(ran)
    step.check("[403]" in ran.out, "the name should resolve and the page say why")
    explained(lab, step, ran.out, "social-page")
    ran = lab.curl("-4", "https://social.example/")
    step.client(ran)
    step.check("alert access denied" in ran.err, "over TLS it is a block")
    step.check(len(lab.requests("social.example")) == before, "no request should reach the server")


def limited(lab, step):
    for scheme in ("http", "https"):
        ran = lab.curl("-4", "--max-time", "18", "--output", "/dev/null", "--write-out", "%{size_download} %{time_total}",
                       f"{scheme}://slow.example/large.bin", timeout=25)
        step.client(ran)
        size, seconds = (ran.out.split() + ["0", "0"])[:2]
        step.check(ran.code == 0 and int(size) == LIMITED_BYTES, "the download should complete")
        fastest = LIMITED_BYTES / LIMIT_BYTES_S * 0.8
        step.check(fastest <= float(seconds), f"{LIMITED_BYTES} bytes should take {fastest:.1f} s at least, not {seconds} s")
    step.check_violation(rule="slow-downloads")


class Postfix:
    """A mail server of the office, inside: it relays to the world and keeps what comes back for anna."""

    def __init__(self, lab):
        self.lab, self.dir = lab, lab.dir / "office-postfix"
        shutil.rmtree(self.dir, ignore_errors=True)
        for name in ("conf", "spool", "data", "mail"):
            (self.dir / name).mkdir(parents=True)
        for name in ("data", "mail"):
            shutil.chown(self.dir / name, "postfix")
        owner = (self.dir / "mail").stat()
        group = int(subprocess.run(["id", "-g", "postfix"], capture_output=True, text=True, check=True).stdout)
        conf = self.dir / "conf"
        (conf / "main.cf").write_text(MAIN.format(dir=self.dir, client=MAIL_CLIENT, uid=owner.st_uid, gid=group))
        (conf / "master.cf").write_text(SERVICES)
        self.command = ("postfix", "-c", str(conf))

    def __enter__(self):
        self.started = self.lab.inside(*self.command, "start", timeout=30)
        return self

    def __exit__(self, *_):
        self.lab.inside(*self.command, "stop", timeout=30)

    def send(self, text, *recipients):
        return subprocess.run(["ip", "netns", "exec", self.lab.inside_name, "sendmail", "-C", str(self.dir / "conf"), "-f",
                               "anna@weir-lab.example", *recipients], input=text, text=True, capture_output=True, timeout=20,
                              check=False)

    def log(self):
        try:
            return (self.dir / "mail.log").read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def returned(self):
        """What came back to anna."""
        return "".join(path.read_text(errors="replace") for path in pathlib.Path(self.dir / "mail").rglob("*")
                       if path.is_file())


def bounce(lab, step):
    """One mail to three recipients, of whom one is refused: two get it, and its sender learns who did not, and why."""
    before = len(lab.mail_kept())
    allowed = ("boss@partner.example", "desk@partner.example")
    with Postfix(lab) as office:
        step.check(office.started.code == 0, f"Postfix should start: {office.started.text}")
        ran = office.send("From: anna@weir-lab.example\nTo: all\nSubject: offer\n\nhello\n", allowed[0],
                          "spy@refused.example", allowed[1])
        step.check(ran.returncode == 0, f"sendmail should take the mail: {ran.stderr}")
        back = until(office.returned, 40)
        kept = until(lambda: lab.mail_kept()[before:], 40)
        for line in office.log().splitlines():
            if "status=" in line:
                step.line("client", line.split("]: ", 1)[-1][:170])
        step.server(f"keeps {kept}")
        step.check(kept and set(kept[0][1].split(",")) == set(allowed), "the other recipients should get the mail")
        step.check(all("refused.example" not in to for _, to in lab.mail_kept()), "the refused one should not")
        step.check("550 5.7.1 Ask the officer first" in " ".join(back.split()), "the bounce should carry the reason")
        explained(lab, step, back, "refused-recipients")
    step.check_violation(rule="refused-recipients", object="spy@refused.example")
