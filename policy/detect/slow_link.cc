// SPDX-License-Identifier: Apache-2.0
// slow-link: the way to a network outside became slower or loses more than it used to, by the round trips of
// TCP handshakes and by the packets sent again, over all clients and servers.
// Evidence: both figures, now and usually, and the first flows of the window.
#include <fmt/format.h>

#include "policy/detect/detector.h"
#include "policy/detect/own_past.h"

namespace weir::policy {
namespace {

constexpr std::int64_t kExcessMin = 20'000;     // microseconds
constexpr std::int64_t kLostExcessMin = 1'000;  // of 100,000 packets

class SlowLink : public Detector {
 public:
  using Detector::Detector;

  void see(const Sight& sight, DetectRound& round) const override {
    const event::Network& network = sight.event.network();
    if (!sight.final || !sight.outside) return;
    const bool inside_began = sight.event.initiator_inside();
    const std::int64_t trip =
        inside_began ? network.handshake_responder_us() : network.handshake_initiator_us();
    if (trip == 0) return;
    const event::Counters& counters = sight.event.counters();
    const std::int64_t again =
        network.retransmitted_from_initiator() + network.retransmitted_from_responder();
    const std::uint64_t packets = counters.packets_from_initiator() + counters.packets_from_responder();
    round.count(settings().kind, sight.event.pair(), network_of(sight.event), {settings().within}, sight.at,
                {.n = 1,
                 .a = trip,
                 .b = again,
                 .c = static_cast<std::int64_t>(packets),
                 .most = trip,
                 .flows = sight.event.flow_id()});
  }

  Result<std::optional<Alarm>> judge(const Judged& judged, DetectStore& store) const override {
    const DetectSums& sums = judged.window.sums;
    if (sums.n < settings().count) return std::nullopt;
    auto slower = worse(judged, store, kExcessMin, [](const DetectSums& one) { return one.a / one.n; });
    if (!slower) return tl::unexpected(slower.error());
    if (*slower) {
      return alarm(judged,
                   fmt::format("a round trip takes {} ms on average of {} flows within {}; usually {} ms",
                               sums.a / sums.n / 1'000, sums.n, within(), **slower / 1'000));
    }
    auto lossy = worse(judged, store, kLostExcessMin, [](const DetectSums& one) {
      return one.b * 100'000 / std::max<std::int64_t>(one.c, 1);
    });
    if (!lossy) return tl::unexpected(lossy.error());
    if (!*lossy) return std::nullopt;
    return alarm(judged, fmt::format("{} of {} packets were sent again within {}; usually {:.2f} %", sums.b,
                                     sums.c, within(), static_cast<double>(**lossy) / 1'000));
  }

 private:
  static std::string network_of(const event::FlowEvent& event) {
    if (event.asn() == 0) return "networks without a number";
    return event.as_org().empty() ? fmt::format("AS{}", event.asn())
                                  : fmt::format("AS{} {}", event.asn(), event.as_org());
  }
  static Alarm alarm(const Judged& judged, std::string text) {
    return {.subject = judged.counted.subject, .object = judged.counted.object, .text = std::move(text)};
  }
  /// What was usual, where the window is worse than that.
  template <typename Value>
  Result<std::optional<std::int64_t>> worse(const Judged& judged, DetectStore& store, std::int64_t excess,
                                            Value value) const {
    const Measure measure = [&](const DetectSums& sums) {
      return sums.n < settings().count ? std::nullopt : std::optional<std::int64_t>{value(sums)};
    };
    const std::int64_t present = value(judged.window.sums);
    if (present < excess) return std::nullopt;
    auto before =
        median_before({name(), judged.counted.subject, judged.counted.object}, judged.window, measure, store);
    if (!before || !*before) return before;
    if (present < **before + excess) return std::nullopt;
    if ((present - **before) * 100 < **before * settings().percent) return std::nullopt;
    return before;
  }
};

}  // namespace

DetectorPtr make_slow_link(DetectorSettings settings, const DetectContext& context) {
  return std::make_unique<SlowLink>(std::move(settings), context);
}

}  // namespace weir::policy
