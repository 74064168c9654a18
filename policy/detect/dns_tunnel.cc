// SPDX-License-Identifier: Apache-2.0
// dns-tunnel: many questions under one registered domain, with long names of much entropy below it: data
// leaves (and comes) within questions of DNS.
// Evidence: the number of questions, their mean entropy and longest label, what is usual for this client and
// domain, and the first flows.
#include <fmt/format.h>

#include "policy/detect/detector.h"

namespace weir::policy {
namespace {

constexpr std::uint32_t kPastWindows = 50;

class DnsTunnel : public Detector {
 public:
  using Detector::Detector;

  void see(const Sight& sight, DetectRound& round) const override {
    for (const DnsAsked& asked : sight.dns) {
      const bool own_use = asked.domain.ends_with(".arpa") || asked.domain.ends_with(".local");
      if (asked.carrying == 0 || asked.domain.empty() || own_use || leaves_out(asked.domain)) continue;
      round.count(settings().kind, sight.client, asked.domain, {settings().within}, sight.at,
                  {.n = asked.carrying,
                   .a = asked.entropy,
                   .b = asked.bytes,
                   .most = asked.longest,
                   .flows = sight.event.flow_id()});
    }
  }

  Result<std::optional<Alarm>> judge(const Judged& judged, DetectStore& store) const override {
    const DetectSums& sums = judged.window.sums;
    if (sums.n < settings().count || sums.a / sums.n < settings().entropy) return std::nullopt;
    const auto usual = usual_of(judged, store);
    if (!usual) return tl::unexpected(usual.error());
    return Alarm{.subject = judged.counted.subject,
                 .object = judged.counted.object,
                 .text = fmt::format("{} questions with a mean entropy of {:.1f} bits a character and {} "
                                     "characters under {} within {}, labels of up to {}; {}",
                                     sums.n, static_cast<double>(sums.a) / static_cast<double>(sums.n) / 100,
                                     sums.b / sums.n, judged.counted.object, within(), sums.most, *usual)};
  }

 private:
  [[nodiscard]] Result<std::string> usual_of(const Judged& judged, DetectStore& store) const {
    const TimeNs until = judged.window.begins - judged.window.width;
    const auto past = store.past({name(), judged.counted.subject, judged.counted.object}, until,
                                 judged.window.width, kPastWindows);
    if (!past) return tl::unexpected(past.error());
    std::int64_t before = 0;
    for (const DetectWindow& window : *past) before += window.sums.n;
    if (past->empty()) return std::string("none before");
    return fmt::format("{} in windows before", before / static_cast<std::int64_t>(past->size()));
  }
};

}  // namespace

DetectorPtr make_dns_tunnel(DetectorSettings settings, const DetectContext& context) {
  return std::make_unique<DnsTunnel>(std::move(settings), context);
}

}  // namespace weir::policy
