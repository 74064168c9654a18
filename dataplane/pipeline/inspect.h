// SPDX-License-Identifier: Apache-2.0
// Fourth stage: packets of undecided flows are shown to the classifier and parked until it answers. Packets
// of decided flows pass by, unless the policy changed since: then their flow is asked about again.
#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/pipeline/batch.h"
#include "dataplane/pipeline/path.h"

namespace weir::dataplane {

class InspectStage {
 public:
  explicit InspectStage(Path& path) : path_(path) {}
  void operator()(Batch& batch, TimeNs now) noexcept;

 private:
  void inspect(Batch& batch, std::size_t i, TimeNs now) noexcept;
  void note_delivered(const Batch& batch, std::size_t i) noexcept;
  [[nodiscard]] bool is_outdated(const Batch& batch, std::size_t i) noexcept;
  [[nodiscard]] bool goes_on(std::uint32_t slot) noexcept;
  void decide_again(Batch& batch, std::size_t i, TimeNs now) noexcept;
  [[nodiscard]] bool is_quarantined(const Batch& batch, std::size_t i) noexcept;
  [[nodiscard]] bool may_look(const Batch& batch, std::size_t i) noexcept;
  void count_level(InspectedLevel level) noexcept;
  [[nodiscard]] bool is_midstream(std::uint32_t slot, std::uint8_t port) noexcept;
  [[nodiscard]] bool is_late(std::uint32_t slot, const Inspection* judged) noexcept;
  [[nodiscard]] std::optional<ExceptionCause> cannot_wait(const Batch& batch, std::size_t i) noexcept;
  [[nodiscard]] bool within_skip(const Batch& batch, std::size_t i) noexcept;
  [[nodiscard]] bool announce(const Batch& batch, std::size_t i, TimeNs now) noexcept;
  [[nodiscard]] bool show(const Batch& batch, std::size_t i, bool parked, TimeNs now) noexcept;
  void park(Batch& batch, std::size_t i, TimeNs now) noexcept;

  Path& path_;
  std::uint32_t asks_again_left_ = 0;  // in this burst
};

}  // namespace weir::dataplane
