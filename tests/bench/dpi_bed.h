// SPDX-License-Identifier: Apache-2.0
// What the classifier's benchmarks share: packets of flows (generated, and of the reference captures), and a
// classifier with all its parts whose events are built and thrown away. In process, without the inspection
// channel.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "classifier/engine/classifier.h"
#include "tests/support/capture.h"

namespace weir::bench {

struct FlowPacket {
  test::CapturedPacket captured;
  std::uint32_t flow = 0;
  std::uint32_t number = 0;
  channel::Direction direction{};
};
struct PacketSet {
  std::vector<FlowPacket> packets;
  std::vector<FiveTuple> flows;
};

enum class FlowKind : std::uint8_t { kHttp, kTls, kDns, kQuic, kUnknownUdp };
[[nodiscard]] std::string_view to_string(FlowKind kind);

/// `count` flows, of these kinds in turn, one after the other.
[[nodiscard]] PacketSet generated_flows(const std::vector<FlowKind>& kinds, std::uint32_t count);
/// The reference captures of WEIR_SHARED_DIR; empty: there are none.
[[nodiscard]] PacketSet captured_flows();

class NoSink final : public classifier::EventSink {
 public:
  void accept(const event::FlowEvent& event) override;
  void finish() override {}
  [[nodiscard]] classifier::EventCounts counts() const override { return {}; }
};

/// A classifier under a small policy and catalogue.
class ClassifierBed {
 public:
  ClassifierBed();

  [[nodiscard]] classifier::Classifier& classifier() { return classifier_; }
  /// Opens the packet's flow in `slot` (with its first packet) and shows the packet.
  void show(const PacketSet& set, const FlowPacket& packet, bool first, std::uint32_t slot,
            std::uint32_t generation = 1);
  void close(const PacketSet& set, std::uint32_t flow, std::uint32_t slot, std::uint32_t generation,
             TimeNs now);

 private:
  std::unique_ptr<classifier::NdpiLabeler> labeler_;
  classifier::GeoLookup geo_;
  classifier::SoftwareIdentifier software_;
  classifier::EventBuilder builder_;
  NoSink sink_;
  classifier::IdentityTables identity_;
  classifier::Classifier classifier_;
};

}  // namespace weir::bench
