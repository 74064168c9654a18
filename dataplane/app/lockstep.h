// SPDX-License-Identifier: Apache-2.0
// A classifier that is waited for: accepted once, then every packet is followed by all that it has to say.
#pragma once

#include <memory>
#include <string>

#include "dataplane/channel/channel.h"
#include "dataplane/pipeline/pipeline.h"

namespace weir::dataplane {

/// Flows that are closed in one go at the end, so that the channel takes what is said of them.
inline constexpr std::uint32_t kClosesAtOnce = 64;

class Lockstep {
 public:
  /// Waits up to kReplayPatienceS for a classifier at <run_directory>/channel-0.sock.
  [[nodiscard]] static Result<std::unique_ptr<Lockstep>> accept(const std::string& run_directory,
                                                                const channel::ChannelShape& shape);
  ~Lockstep();
  Lockstep(const Lockstep&) = delete;
  Lockstep& operator=(const Lockstep&) = delete;

  [[nodiscard]] channel::DataplaneEnd& channel() { return *channel_; }
  /// Until the classifier has consumed everything and its answers are applied.
  [[nodiscard]] Result<void> settle(Pipeline& pipeline);

 private:
  Lockstep(int connection, std::unique_ptr<channel::DataplaneEnd> channel)
      : connection_(connection), channel_(std::move(channel)) {}
  [[nodiscard]] bool hung_up() const;

  int connection_;
  std::unique_ptr<channel::DataplaneEnd> channel_;
};

}  // namespace weir::dataplane
