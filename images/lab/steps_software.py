# SPDX-License-Identifier: Apache-2.0
"""Steps of the story about software on the clients."""

import re

from lab import until

BITTORRENT_DEADLINE_S = 40.0


def software(lab, step):
    _teamviewer(lab, step)
    _bittorrent(lab, step)
    _inventory(lab, step)


def _teamviewer(lab, step):
    before = len(lab.requests("router1.teamviewer.com"))
    ran = lab.curl("-4", "https://router1.teamviewer.com/")
    step.client(ran)
    step.check_refused(ran, "TeamViewer")
    seen = len(lab.requests("router1.teamviewer.com")) - before
    step.server(f"router1.teamviewer.com served {seen}")
    step.check(seen == (0 if lab.weir else 1), f"the server saw {seen} requests")
    step.check_violation(object="teamviewer")


def _bittorrent(lab, step):
    """A real client asks a real tracker and fetches from a real seeder; Weir stops the peers' own protocol."""
    place, log = lab.dir / "download", lab.dir / "log/transmission.log"
    with open(log, "wb") as out:
        client = lab.start_inside("transmission-cli", "-et", "-b", "-g", str(place / "config"), "-w", str(place),
                                  str(lab.dir / "seed/holiday.torrent"), stdout=out, stderr=out)

    def complete():
        return 'to "Complete"' in log.read_text(errors="replace")

    if lab.weir:
        until(lambda: complete() or lab.violations(object="bittorrent"), BITTORRENT_DEADLINE_S)
    else:
        until(complete, BITTORRENT_DEADLINE_S)
    done = complete()
    progress = re.findall(r"Progress: ([0-9.]+)%", log.read_text(errors="replace"))
    client.kill()
    client.wait()
    step.line("client", f"transmission-cli holiday.torrent  ->  {'complete' if done else 'not complete'}, "
              f"progress {progress[-1] if progress else '0.0'} %")
    step.server(f"tracker answered {sum('10.20.' in line for line in lab.log('tracker.log'))} times")
    step.check(done != lab.weir, "the download should " + ("not complete" if lab.weir else "complete"))
    step.check_violation(object="bittorrent")


def _inventory(lab, step):
    if not lab.weir:
        return
    version = re.search(r"curl ([0-9.]+)", lab.inside("curl", "--version").out).group(1)

    def listed():
        return [row for row in lab.weirctl_json("software", "list")
                if row.get("product") == "curl" and row.get("version") == version]

    rows = until(listed)
    for row in lab.weirctl_json("software", "list"):
        keys = ("client", "product", "version", "state", "evidence")
        step.weir("software " + " ".join(f"{key}={row[key]}" for key in keys if key in row))
    step.check(bool(rows), f"curl {version} should be in the inventory")
