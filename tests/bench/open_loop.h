// SPDX-License-Identifier: Apache-2.0
// An open loop over a RingBed: one core sends at a rate that does not depend on what comes back and stamps
// each packet, another core runs what is measured. Latency is from the stamp to the moment the packet is seen
// at the other port's ring, so it holds two hops between cores, in the control as well.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "dataplane/channel/channel.h"
#include "tests/bench/ring_bed.h"

namespace weir::bench {

/// Runs `turn` on the second core until it ends.
class OtherCore {
 public:
  explicit OtherCore(std::function<void()> turn);
  ~OtherCore();
  OtherCore(const OtherCore&) = delete;
  OtherCore& operator=(const OtherCore&) = delete;

 private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};
/// The calling thread stays on the first core from here on.
void stay_on_first_core();

/// Answers every flow with "forward", in the generator's thread: what a classifier that is never busy would
/// do.
class Responder {
 public:
  explicit Responder(dataplane::Worker& worker);
  ~Responder();
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;

  void serve(std::uint32_t requests_max);
  /// Every flow asks again at its next packet.
  void swap_policy();
  [[nodiscard]] std::uint64_t answered() const { return answered_; }

 private:
  dataplane::Worker& worker_;
  std::unique_ptr<channel::DataplaneEnd> dataplane_end_;
  std::unique_ptr<channel::ClassifierEnd> classifier_end_;
  std::uint32_t revision_ = 1;
  std::uint64_t answered_ = 0;
};

enum class Kind : std::uint8_t { kEstablished = 1, kFlood = 2, kProbe = 3 };

struct Load {
  double packets_s = 0;
  double seconds = 1;
  double window_s = 0.025;
  /// Writes the next frame (60 bytes), without its stamp; says of which kind it is.
  std::function<Kind(std::uint8_t*)> write;
  /// Called every 64 packets and every 20 us, for what else goes on.
  std::function<void(double passed_s)> meanwhile;
};

struct Seen {
  std::array<std::uint64_t, 4> offered{};  // by Kind; given to the port's ring or lost before it
  std::array<std::uint64_t, 4> received{};
  std::vector<std::uint32_t> latency_ns;  // of kEstablished, as they came
  std::vector<std::size_t> windows;       // where each of Load::window_s begins in it
  [[nodiscard]] double percentile_us(double part) const;
  /// The median over the windows of each one's percentile: what happens in every window shows in it, a core
  /// that is taken away for some of them does not.
  [[nodiscard]] double usual_percentile_us(double part) const;
};
Seen drive(RingBed& bed, const Load& load);

/// Packets a second that get through when as many are offered as the ring takes.
double capacity(RingBed& bed, double seconds, const std::function<Kind(std::uint8_t*)>& write);

}  // namespace weir::bench
