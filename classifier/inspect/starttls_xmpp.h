// SPDX-License-Identifier: Apache-2.0
// An XMPP stream (RFC 6120) followed up to STARTTLS (section 5), so that the hello behind it is judged. Tags
// are told apart, nothing else of the XML is understood.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "classifier/inspect/parse_step.h"
#include "policy/model/byte_reader.h"
#include "policy/model/flow_facts.h"

namespace weir::classifier {

/// Bytes of either side without STARTTLS; then nothing is expected any more.
inline constexpr std::size_t kXmppBytesMax = 65'536;
inline constexpr std::size_t kXmppTagNameBytesMax = 64;  // a longer name is none of ours

/// "<?xml" or "<stream:stream"; also while the bytes are too few to say.
[[nodiscard]] bool may_be_xmpp(std::string_view first);

class XmppStartTls {
 public:
  [[nodiscard]] ParseStep from_client(Bytes bytes, FlowFacts& facts);
  [[nodiscard]] ParseStep from_server(Bytes bytes, FlowFacts& facts);
  [[nodiscard]] std::size_t bytes_held() const { return client_.name.size() + server_.name.size(); }

 private:
  /// Where one side stands within its XML.
  struct Side {
    enum class In : std::uint8_t { kText, kName, kTag };
    In in = In::kText;
    char quote = 0;      // of the attribute value that is open
    char last = 0;       // byte before this one, within a tag
    std::string name{};  // of the tag, without its prefix
    bool stream_seen = false;
    std::size_t total = 0;
  };
  enum class Tag : std::uint8_t { kNone, kOpen, kEmpty };
  [[nodiscard]] static Tag step(Side& side, char c);
  [[nodiscard]] static bool is_stream(Side& side);

  Side client_;
  Side server_;
  bool waits_ = false;
  bool proceed_open_ = false;  // <proceed> is to be closed by a tag of its own
};

}  // namespace weir::classifier
