// SPDX-License-Identifier: Apache-2.0
// Who sent the last ICMP error about a flow: of few flows, so not in the flow's own entry. A place belongs to
// the flow that was noted there last; one that lost its place has no known sender.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "dataplane/channel/messages.h"
#include "dataplane/pipeline/limits.h"

namespace weir::dataplane {

class IcmpSenders {
 public:
  struct Note {
    channel::FlowRef flow;
    std::array<std::uint8_t, 16> from{};  // IPv4 mapped; zeros: not known
    channel::Direction direction{};       // the way that the error went
  };

  void note(const Note& note) noexcept { notes_[note.flow.slot % kIcmpSendersMax] = note; }
  [[nodiscard]] Note of(channel::FlowRef flow) const noexcept {
    const Note& found = notes_[flow.slot % kIcmpSendersMax];
    return found.flow == flow ? found : Note{.flow = flow};
  }
  [[nodiscard]] std::size_t memory_bytes() const { return notes_.size() * sizeof(Note); }

 private:
  std::vector<Note> notes_ = std::vector<Note>(kIcmpSendersMax);
};

}  // namespace weir::dataplane
