// SPDX-License-Identifier: Apache-2.0
// beacon: a client opens connections to one host at even intervals, as a program does that asks for orders,
// or for news. What machines do by the clock (NTP, DNS, DHCP, discovery) is not looked at. Evidence: the
// number of connections, the interval and how far it varies, and the first flows.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "policy/detect/detector.h"

namespace weir::policy {
namespace {

constexpr std::array<std::uint32_t, 9> kPortsLeftOut{53, 67, 68, 123, 137, 138, 547, 1900, 5353};
constexpr std::int64_t kIntervalMin = 10;  // seconds; what follows sooner belongs to the connection before

struct Beat {
  std::int64_t connections = 0;  // without those that follow another at once
  std::int64_t interval = 0;     // median, seconds
  std::int64_t even = 0;         // intervals that are within the tolerance
};

Beat beat_of(std::string_view items, std::int64_t percent) {
  std::vector<std::int64_t> starts;
  for (const std::string_view item : different_items(items)) {
    std::int64_t start = 0;
    std::from_chars(item.data(), item.data() + item.size(), start, 16);
    if (starts.empty() || start - starts.back() >= kIntervalMin) starts.push_back(start);
  }
  Beat beat{.connections = static_cast<std::int64_t>(starts.size())};
  std::vector<std::int64_t> intervals;
  for (std::size_t i = 1; i < starts.size(); ++i) intervals.push_back(starts[i] - starts[i - 1]);
  if (intervals.empty()) return beat;
  std::vector<std::int64_t> sorted = intervals;
  std::sort(sorted.begin(), sorted.end());
  beat.interval = sorted[sorted.size() / 2];
  // A whole second is what starts are known to.
  const std::int64_t tolerance = std::max<std::int64_t>(beat.interval * percent / 100, 1);
  beat.even = std::count_if(intervals.begin(), intervals.end(),
                            [&](std::int64_t one) { return std::abs(one - beat.interval) <= tolerance; });
  return beat;
}

class Beacon : public Detector {
 public:
  using Detector::Detector;

  void see(const Sight& sight, DetectRound& round) const override {
    const std::uint32_t port = sight.event.responder_port();
    if (!sight.final || !sight.outside || !sight.event.initiator_inside() || port == 0) return;
    if (std::find(kPortsLeftOut.begin(), kPortsLeftOut.end(), port) != kPortsLeftOut.end()) return;
    if (leaves_out(sight.host)) return;
    round.count(
        settings().kind, sight.client, fmt::format("{} port {}", sight.host, port), {settings().within},
        sight.began,
        {.n = 1, .items = fmt::format("{:08x} ", sight.began / kSecond), .flows = sight.event.flow_id()});
  }

  Result<std::optional<Alarm>> judge(const Judged& judged, DetectStore& /*store*/) const override {
    if (judged.window.sums.n < settings().count) return std::nullopt;
    const Beat beat = beat_of(judged.window.sums.items, settings().percent);
    if (beat.connections < settings().count || beat.even * 10 < (beat.connections - 1) * 9)
      return std::nullopt;
    return Alarm{.subject = judged.counted.subject,
                 .object = judged.counted.object,
                 .text = fmt::format("{} connections to {} within {}, every {} s: {} of {} intervals are "
                                     "within {} % of that",
                                     beat.connections, judged.counted.object, within(), beat.interval,
                                     beat.even, beat.connections - 1, settings().percent)};
  }
};

}  // namespace

DetectorPtr make_beacon(DetectorSettings settings, const DetectContext& context) {
  return std::make_unique<Beacon>(std::move(settings), context);
}

}  // namespace weir::policy
