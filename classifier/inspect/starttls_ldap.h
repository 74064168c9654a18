// SPDX-License-Identifier: Apache-2.0
// LDAP (RFC 4511) followed up to its StartTLS operation (section 4.14), so that the hello behind it is
// judged. Of each message only the head is kept; operations and their results are not read.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "classifier/inspect/parse_step.h"
#include "policy/model/byte_reader.h"
#include "policy/model/flow_facts.h"

namespace weir::classifier {

/// Bytes of either side without StartTLS; then nothing is expected any more.
inline constexpr std::uint64_t kLdapBytesMax = 65'536;
/// Of a message: its lengths, id and operation, and the name of an extended one.
inline constexpr std::size_t kLdapHeadBytesMax = 48;

/// True when the bytes can begin a client's message; nullopt: too few to say.
[[nodiscard]] std::optional<bool> looks_like_ldap(Bytes first);

class LdapStartTls {
 public:
  [[nodiscard]] ParseStep from_client(Bytes bytes, FlowFacts& facts);
  [[nodiscard]] ParseStep from_server(Bytes bytes, FlowFacts& facts);
  [[nodiscard]] static std::size_t bytes_held() { return 0; }

 private:
  struct Side {
    std::array<std::uint8_t, kLdapHeadBytesMax> head{};
    std::size_t have = 0;
    std::uint64_t left = 0;  // of a message whose head was read
    std::uint64_t total = 0;
  };
  enum class Read : std::uint8_t { kMore, kSkipped, kHead, kBroken };
  [[nodiscard]] static Read read(Side& side, Bytes bytes, std::size_t& at);

  Side client_;
  Side server_;
  bool waits_ = false;     // StartTLS was asked for
  bool accepted_ = false;  // and the rest of the server's yes is to come
  std::uint32_t id_ = 0;   // of that message
};

}  // namespace weir::classifier
