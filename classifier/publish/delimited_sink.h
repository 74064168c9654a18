// SPDX-License-Identifier: Apache-2.0
// A replay's events: varint length, then the protobuf bytes, one after the other, to a descriptor. Blocks
// until the reader takes them.
#pragma once

#include <string>

#include "classifier/publish/event_sink.h"

namespace weir::classifier {

class DelimitedSink final : public EventSink {
 public:
  explicit DelimitedSink(int descriptor) : descriptor_(descriptor) {}

  void accept(const event::FlowEvent& event) override;
  void finish() override;
  [[nodiscard]] EventCounts counts() const override;

 private:
  void flush();

  int descriptor_;  // not owned
  std::string buffer_;
  std::uint64_t buffered_ = 0;
  std::uint64_t accepted_ = 0;
  std::uint64_t delivered_ = 0;
  bool broken_ = false;  // the reader is gone
};

}  // namespace weir::classifier
