# SPDX-License-Identifier: Apache-2.0
"""Steps of the story about software on the clients."""

import os
import re

from lab import until

BITTORRENT_DEADLINE_S = 40.0


def software(lab, step):
    _teamviewer(lab, step)
    _bittorrent(lab, step)
    _inventory(lab, step)


def _teamviewer(lab, step):
    before = len(lab.requests("router1.teamviewer.com"))
    # Found by DNS as a client does, and at an address it knows already, where its TLS name alone tells.
    for known in ((), ("--resolve", "router1.teamviewer.com:443:198.51.100.10")):
        ran = lab.curl("-4", "https://router1.teamviewer.com/", *known)
        step.client(ran)
        step.check_refused(ran, "TeamViewer")
    seen = len(lab.requests("router1.teamviewer.com")) - before
    step.server(f"router1.teamviewer.com served {seen}")
    step.check(seen == (0 if lab.weir else 2), f"the server saw {seen} requests")
    step.check_violation(object="teamviewer")


def _bittorrent(lab, step):
    """A real client learns of a real seeder from a tracker, over HTTP and over HTTPS. What HTTPS hides, the peers' own
    protocol shows: that is where Weir must stop it."""
    place, log = lab.dir / "download", lab.dir / "log/transmission.log"
    with open(log, "wb") as out:
        client = lab.start_inside("transmission-cli", "-et", "-b", "-g", str(place / "config"), "-w", str(place),
                                  str(lab.dir / "seed/holiday.torrent"), stdout=out, stderr=out,
                                  env={**os.environ, "CURL_CA_BUNDLE": lab.ca})

    def said():
        return log.read_text(errors="replace")

    def refused_peer():
        """The flow to the seeder's own port, blocked."""
        return [flow for flow in lab.flows(port=51413) if flow["verdict"] == "reset"]

    until(lambda: 'to "Complete"' in said() or (lab.weir and refused_peer()), BITTORRENT_DEADLINE_S)
    done, peers = 'to "Complete"' in said(), refused_peer() if lab.weir else []
    client.kill()
    client.wait()
    progress = re.findall(r"Progress: ([0-9.]+)%, dl from [0-9]+ of ([0-9]+) peers", said())
    step.line("client", f"transmission-cli holiday.torrent  ->  {'complete' if done else 'not complete'}, "
              + (f"progress {progress[-1][0]} %" if progress else "no progress"))
    asked = [line.split()[0] for line in lab.log("tracker.log") if " 10.20." in line]
    step.server(f"the tracker was asked over {', '.join(sorted(set(asked)))}")
    step.check("https" in asked, "the client should learn of its peer over HTTPS")
    step.check(done != lab.weir, "the download should " + ("not complete" if lab.weir else "complete"))
    if lab.weir:
        step.weir(f"{len(peers)} flows of the peer protocol to port 51413 refused")
        step.check(peers, "the peers' own protocol should be refused")
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
