# SPDX-License-Identifier: Apache-2.0
"""Where the servers of this lab listen, for those who play and for those who serve."""

TLS, HTTP, HTTP_OTHER = 7443, 7080, 8081
IMAP, POP3, FTP, SOCKS, PROXY, PLAIN_SMTP, UPGRADE = 7143, 7110, 7021, 7108, 7128, 7125, 7081  # scripted, then whatever comes
QUIC, QUIC_RETRY, QUIC_VERSIONS = 7444, 7445, 7446  # UDP
DNS = 53
SMTP, SUBMISSION, SMTP_OTHER = 25, 587, 2525  # Postfix
SMTP_AUTH, LMTP = 7025, 7024  # aiosmtpd
POLICY = 7190  # Postfix asks there about each recipient; loopback

READ = (TLS, HTTP, HTTP_OTHER, IMAP, POP3, FTP, SOCKS, PROXY, PLAIN_SMTP, UPGRADE)
DATAGRAMS = (QUIC, QUIC_RETRY, QUIC_VERSIONS)
