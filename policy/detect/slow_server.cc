// SPDX-License-Identifier: Apache-2.0
// slow-server: a server answers later than it used to, by the mean of its response times in a window against
// the median of the windows before.
// Evidence: both times, the slowest response, and the first flows of the window.
#include <fmt/format.h>

#include "policy/detect/detector.h"
#include "policy/detect/own_past.h"

namespace weir::policy {
namespace {

constexpr std::int64_t kAnswerExcessMin = 20'000;  // microseconds

class SlowServer : public Detector {
 public:
  using Detector::Detector;

  void see(const Sight& sight, DetectRound& round) const override {
    const event::Network& network = sight.event.network();
    if (!sight.final || network.responses() == 0) return;
    const std::string& server = sight.event.initiator_inside() ? sight.host : sight.client;
    if (leaves_out(server)) return;
    const std::int64_t responses = network.responses();
    round.count(settings().kind, server, fmt::format("port {}", sight.event.responder_port()),
                {settings().within}, sight.at,
                {.n = responses,
                 .a = responses * network.response_mean_us(),
                 .most = network.response_max_us(),
                 .flows = sight.event.flow_id()});
  }

  Result<std::optional<Alarm>> judge(const Judged& judged, DetectStore& store) const override {
    const Measure mean = [this](const DetectSums& sums) {
      return sums.n < settings().count ? std::nullopt : std::optional{sums.a / sums.n};
    };
    const auto present = mean(judged.window.sums);
    if (!present || *present < kAnswerExcessMin) return std::nullopt;
    const auto before =
        median_before({name(), judged.counted.subject, judged.counted.object}, judged.window, mean, store);
    if (!before) return tl::unexpected(before.error());
    if (!*before || *present < **before + kAnswerExcessMin) return std::nullopt;
    if ((*present - **before) * 100 < **before * settings().percent) return std::nullopt;
    return Alarm{
        .subject = judged.counted.subject,
        .object = judged.counted.object,
        .text = fmt::format("{} responses took {} ms on average within {}, {} ms at most; usually {} ms",
                            judged.window.sums.n, *present / 1'000, within(), judged.window.sums.most / 1'000,
                            **before / 1'000)};
  }
};

}  // namespace

DetectorPtr make_slow_server(DetectorSettings settings, const DetectContext& context) {
  return std::make_unique<SlowServer>(std::move(settings), context);
}

}  // namespace weir::policy
