// SPDX-License-Identifier: Apache-2.0
// Reads the capture files of the data plane (dataplane/control/pcapng_file.h), and of pcapng no more than
// those have. What is in the packets it does not look at.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model/error.h"
#include "policy/model/time.h"

namespace weir::evidence {

struct Packet {
  TimeNs time = 0;
  std::string interface {};       // "lan-wan/inside"
  std::uint32_t frame_bytes = 0;  // on the wire; more than there are in `bytes` where it was cut
  std::string bytes{};
  std::uint64_t flow = 0;  // number; 0: the file does not say
  auto operator<=>(const Packet&) const = default;
};

struct CaptureFile {
  std::string comment;  // why it was written
  std::vector<Packet> packets;
  bool cut = false;  // it ends in the middle of a block, as after a power cut, or while it is written
};

/// kCorrupt: it is no such file.
[[nodiscard]] Result<CaptureFile> read_pcapng(std::string_view bytes);

}  // namespace weir::evidence
