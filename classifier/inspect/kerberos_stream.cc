// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/kerberos_stream.h"

#include <algorithm>

#include "classifier/inspect/kerberos_message.h"

namespace weir::classifier {

namespace {

constexpr std::size_t kPrefixBytes = 4;

}  // namespace

bool begins_like_kerberos(Bytes first) {
  ByteReader reader{first};
  const std::uint32_t length = reader.u32();
  const std::uint8_t tag = reader.u8();
  const bool known = (tag >= 0x6a && tag <= 0x6d) || tag == 0x7e;
  return reader.ok() && known && length >= 10 && length <= kKerberosMessageBytesMax;
}

ParseStep KerberosStream::from_server(Bytes bytes, FlowFacts&) {
  if (!server_known_) {
    ParseStep step;
    if (bytes.size() < kKerberosHeadBytes) return step;
    if (!begins_like_kerberos(bytes)) {
      step.outcome = Outcome::kRestart;
      return step;
    }
    server_known_ = true;
  }
  return feed(bytes, lanes_[1]);
}

ParseStep KerberosStream::feed(Bytes bytes, Lane& lane) {
  ParseStep step;
  while (step.consumed < bytes.size()) {
    const Bytes rest = bytes.subspan(step.consumed);
    const bool in_prefix = lane.kept.size() < kPrefixBytes;
    const std::size_t need = in_prefix ? kPrefixBytes - lane.kept.size() : lane.left;
    const std::size_t count = std::min(need, rest.size());
    const std::size_t room = kPrefixBytes + kKerberosKeptMax - lane.kept.size();
    const Bytes part = rest.first(std::min(count, room));
    lane.kept.insert(lane.kept.end(), part.begin(), part.end());
    step.consumed += count;
    if (in_prefix) {
      if (lane.kept.size() < kPrefixBytes) return step;
      lane.left = ByteReader{Bytes{lane.kept}}.u32();
      if (lane.left > kKerberosMessageBytesMax) {  // nothing of it names what a rule speaks about
        step.outcome = Outcome::kFinal;
        return step;
      }
    } else {
      lane.left -= count;
    }
    if (lane.left > 0) continue;
    read_kerberos(Bytes{lane.kept}.subspan(kPrefixBytes), claims_);
    step.changed = true;
    lane.kept.clear();
  }
  return step;
}

}  // namespace weir::classifier
