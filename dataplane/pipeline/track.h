// SPDX-License-Identifier: Apache-2.0
// Third stage: PacketMeta -> flow, direction, TCP state. Makes flows; ends one only when a SYN takes the
// tuple of a closed connection.
#pragma once

#include "dataplane/pipeline/batch.h"
#include "dataplane/pipeline/path.h"

namespace weir::dataplane {

class TrackStage {
 public:
  explicit TrackStage(Path& path) : path_(path) {}
  /// Takes up packets from `batch.first` on. Lowers `batch.last` when it stops before a SYN that opens a new
  /// connection on a tuple to which an earlier packet of the batch still belongs.
  void operator()(Batch& batch, TimeNs now) noexcept;

 private:
  [[nodiscard]] std::uint32_t reopen(Batch& batch, std::size_t i, TimeNs now) noexcept;
  /// A checksum that a receiver would refuse. Asked before a packet changes any state; what merely
  /// follows the verdict of its flow is left to the receiver.
  [[nodiscard]] bool is_damaged(const Batch& batch, std::size_t i) noexcept;
  /// Its flow is decided under the policy in force.
  [[nodiscard]] bool follows_verdict(std::uint32_t slot) noexcept;
  [[nodiscard]] bool reopens(std::uint32_t slot, const PacketMeta& meta) noexcept;
  [[nodiscard]] std::uint32_t create(Batch& batch, std::size_t i, TimeNs now) noexcept;
  [[nodiscard]] std::uint32_t create_evicting(Batch& batch, std::size_t i, TimeNs now) noexcept;
  [[nodiscard]] bool may_evict(bool for_connection, TimeNs now) noexcept;
  void follow(Batch& batch, std::size_t i, TimeNs now) noexcept;

  Path& path_;
  /// By whom it is for (a datagram, a connection): when the next eviction is earned; in the past: some are
  /// saved up.
  std::array<TimeNs, 2> next_eviction_{};
};

}  // namespace weir::dataplane
