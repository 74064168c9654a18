// SPDX-License-Identifier: Apache-2.0
// The classifiers' door of one worker: takes one classifier at a time, makes a new channel for it, hands that
// to the worker, and takes it back when the classifier hangs up or wrote nonsense. A channel is freed only
// when the worker has let go of it.
//
// Threads: the control thread.
#pragma once

#include <poll.h>

#include <memory>
#include <string>
#include <vector>

#include "dataplane/channel/channel.h"
#include "dataplane/worker/worker.h"

namespace weir::dataplane {

/// Between two classifiers at one worker: to make a channel costs what the worker's packets need, so that one
/// that dies again and again, or attaches again and again, must not be served as fast as it can. The door is
/// looked at every kWorkerLookMs.
inline constexpr TimeNs kAttachEvery = 50 * kMillisecond;

class ChannelHost {
 public:
  [[nodiscard]] static Result<std::unique_ptr<ChannelHost>> listen(const std::string& path,
                                                                   const channel::ChannelShape& shape,
                                                                   Worker& worker);
  ~ChannelHost();
  ChannelHost(const ChannelHost&) = delete;
  ChannelHost& operator=(const ChannelHost&) = delete;

  void add_to(std::vector<pollfd>& set) const;
  void serve(const std::vector<pollfd>& set, std::size_t first);
  /// What has to be done in time, whether or not a socket spoke.
  void tidy();
  [[nodiscard]] bool attached() const { return channel_ != nullptr; }

 private:
  ChannelHost(int listener, std::string path, const channel::ChannelShape& shape, Worker& worker)
      : listener_(listener), path_(std::move(path)), shape_(shape), worker_(worker) {}
  void accept_classifier();
  void drop_classifier(const char* why);

  int listener_;
  std::string path_;
  channel::ChannelShape shape_;
  Worker& worker_;
  int connection_ = -1;
  TimeNs next_attach_ = 0;  // not before
  std::unique_ptr<channel::DataplaneEnd> channel_;
  struct Retired {
    std::unique_ptr<channel::DataplaneEnd> channel;
    std::uint64_t turn;  // the worker's when it was taken back
  };
  std::vector<Retired> retired_;  // the worker may still use them
};

}  // namespace weir::dataplane
