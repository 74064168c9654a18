// SPDX-License-Identifier: Apache-2.0
// many-blocks: rules stop a client again and again, for different objects: somebody, or something, tries.
// Evidence: the number of hits and objects, and the first flows.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "policy/detect/detector.h"

namespace weir::policy {
namespace {

constexpr std::size_t kObjectsMin = 5;  // one object is a program that repeats itself

bool stops(const event::Hit& hit) {
  static constexpr std::array<std::string_view, 4> kStopping{"block", "refuse", "page", "continue"};
  return !hit.would_block() && std::find(kStopping.begin(), kStopping.end(), hit.action()) != kStopping.end();
}

class ManyBlocks : public Detector {
 public:
  using Detector::Detector;

  void see(const Sight& sight, DetectRound& round) const override {
    std::int64_t stopped = 0;
    std::string items;
    for (const event::Hit& hit : sight.event.hits()) {
      if (!stops(hit)) continue;
      ++stopped;
      add_item(items, short_hash(hit.object().empty() ? sight.host : hit.object()), kWindowItemsBytesMax);
    }
    if (stopped == 0) return;
    round.count(settings().kind, sight.client, {}, {settings().within}, sight.at,
                {.n = stopped, .items = items, .flows = sight.event.flow_id()});
  }

  Result<std::optional<Alarm>> judge(const Judged& judged, DetectStore& /*store*/) const override {
    const DetectSums& sums = judged.window.sums;
    const std::size_t objects = different_items(sums.items).size();
    if (sums.n < settings().count || objects < kObjectsMin) return std::nullopt;
    return Alarm{.subject = judged.counted.subject,
                 .object = "blocks",
                 .text = fmt::format("rules stopped {} flows to {} different objects within {}", sums.n,
                                     objects, within())};
  }
};

}  // namespace

DetectorPtr make_many_blocks(DetectorSettings settings, const DetectContext& context) {
  return std::make_unique<ManyBlocks>(std::move(settings), context);
}

}  // namespace weir::policy
