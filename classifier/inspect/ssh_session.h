// SPDX-License-Identifier: Apache-2.0
// The clear beginning of an SSH connection (RFC 4253 sections 4.2, 6 and 7.1): both identification strings
// and both KEXINIT messages, from which HASSH and HASSHServer are computed. It ends with the second KEXINIT;
// what cannot be read ends it as well, since nothing here is a name to block by.
//
// Only the server's identification makes it SSH: until that came nothing of the client is consumed, and a
// server that says something else gets the parser that fits.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "classifier/inspect/parse_step.h"
#include "policy/model/byte_reader.h"
#include "policy/model/flow_facts.h"

namespace weir::classifier {

inline constexpr std::size_t kSshBannerBytesMax = 255;  // RFC 4253 section 4.2, with its line end
inline constexpr std::size_t kSshPacketBytesMax =
    35'000;  // RFC 4253 section 6.1: all must be able to take these
inline constexpr std::size_t kSshListBytesMax = 8'192;  // of one name-list that goes into a fingerprint

class SshSession {
 public:
  [[nodiscard]] ParseStep from_client(Bytes bytes, FlowFacts& facts);
  [[nodiscard]] ParseStep from_server(Bytes bytes, FlowFacts& facts);
  [[nodiscard]] std::size_t bytes_held() const { return sides_[0].held.size() + sides_[1].held.size(); }

 private:
  struct Side {
    bool banner = false;  // its identification was read
    bool done = false;    // and its KEXINIT
    std::vector<std::uint8_t> held;
  };
  [[nodiscard]] ParseStep feed(std::size_t index, Bytes bytes, FlowFacts& facts);
  /// Takes the identification from what is held; kError: it is none.
  [[nodiscard]] Outcome read_banner(Side& side, std::string& banner);
  [[nodiscard]] Outcome read_kexinit(Side& side, std::size_t index, SshFacts& facts);

  std::array<Side, 2> sides_;
};

/// MD5 of "kex;encryption;mac;compression" as 32 hex digits, from a KEXINIT's payload (from its message
/// number on): of the lists for client to server, or of those for server to client. Empty: it is none.
/// https://github.com/salesforce/hassh
[[nodiscard]] std::string hassh(Bytes kexinit, bool server);

}  // namespace weir::classifier
