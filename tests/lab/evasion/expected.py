# SPDX-License-Identifier: Apache-2.0
"""Cases that Weir is known to miss, and why. Any other miss fails the test; one that is missed no more comes off."""

FORM = "the form itself is refused, whatever the name: the exception row parser-error, no violation"
UPGRADE = "the name of a TLS handshake behind STARTTLS is not held against the web rules"
QUIC = "a flow is decided with its first hello, or by a first datagram that is none"
PATHS = "the recipient in a routed local part is not read"
CONFLICT = "what the receiver ignored keeps its place; neither name arrives, no violation"

MISSES = {
    **dict.fromkeys(("D04", "D04b", "H23", "H24c", "H24f", "H24g", "Q06", "Q06b", "Q06c", "T39j"), FORM),
    **dict.fromkeys(("T40-imap", "T40-pop3", "T40-smtp"), UPGRADE),
    **dict.fromkeys(("Q08", "Q13", "Q13b", "Q16", "Q16b", "Q16c"), QUIC),
    **dict.fromkeys(("S12l",), PATHS),
    **dict.fromkeys(("T09b", "T09c", "T11"), CONFLICT),
}
