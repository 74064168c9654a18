// SPDX-License-Identifier: Apache-2.0
// Second stage: the flows of a burst, looked up at once. What belongs to a flow whose cached verdict is a
// plain "forward" and changes nothing of it is counted and leaves here; everything else is left to the stages
// that follow.
#pragma once

#include "dataplane/pipeline/batch.h"
#include "dataplane/pipeline/path.h"

namespace weir::dataplane {

class LookupStage {
 public:
  explicit LookupStage(Path& path) : path_(path) {}
  /// Packets from `batch.first` on; lowers `batch.open` by those that leave.
  void operator()(Batch& batch, TimeNs now) noexcept;

 private:
  void find(Batch& batch) noexcept;
  [[nodiscard]] bool passes(const FlowHot& flow, const PacketMeta& meta) const noexcept;

  Path& path_;
};

/// A packet is counted with its flow; says in which direction it goes.
struct PacketStamp {
  Tick tick;
  std::uint32_t fraction;
};
[[nodiscard]] Direction count_packet(FlowHot& hot, FlowCold& cold, const PacketMeta& meta,
                                     const rte_mbuf& packet, PacketStamp stamp) noexcept;

}  // namespace weir::dataplane
