// SPDX-License-Identifier: Apache-2.0
// What an SSH connection shows before it is encrypted (RFC 4253). Part of FlowFacts.
#pragma once

#include <string>

namespace weir {

struct SshFacts {
  bool seen = false;
  std::string client_banner{};  // identification string without "SSH-2.0-", e.g. "OpenSSH_9.2p1 Debian-2"
  std::string server_banner{};
  std::string hassh{};         // MD5 of the client's algorithms, 32 hex digits (salesforce/hassh)
  std::string hassh_server{};  // the same of the server's
};

}  // namespace weir
