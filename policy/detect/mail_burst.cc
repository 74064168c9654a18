// SPDX-License-Identifier: Apache-2.0
// mail-burst: a client sends many mails in a short time. A session counts when it ends, with the messages
// that the server took; one in TLS, where they do not show, as one message. Evidence: the first sessions of
// the window.
#include <fmt/format.h>

#include <algorithm>

#include "policy/detect/detector.h"

namespace weir::policy {
namespace {

class MailBurst : public Detector {
 public:
  using Detector::Detector;

  void see(const Sight& sight, DetectRound& round) const override {
    if (!sight.final || !sight.event.has_mail() || !sight.event.initiator_inside()) return;
    const event::Mail& mail = sight.event.mail();
    if (mail.protocol() != "smtp" && mail.protocol() != "submission") return;
    const bool hidden = mail.visibility() != "cleartext" && !mail.visibility().empty();
    const std::int64_t messages = std::max<std::int64_t>(mail.messages(), hidden ? 1 : 0);
    if (messages == 0) return;
    round.count(settings().kind, sight.client, {}, {settings().within}, sight.at,
                {.n = messages, .a = 1, .flows = sight.event.flow_id()});
  }

  Result<std::optional<Alarm>> judge(const Judged& judged, DetectStore& /*store*/) const override {
    const DetectSums& sums = judged.window.sums;
    if (sums.n < settings().count) return std::nullopt;
    return Alarm{.subject = judged.counted.subject,
                 .object = "mail",
                 .text = fmt::format("{} mails in {} sessions within {}", sums.n, sums.a, within())};
  }
};

}  // namespace

DetectorPtr make_mail_burst(DetectorSettings settings, const DetectContext& context) {
  return std::make_unique<MailBurst>(std::move(settings), context);
}

}  // namespace weir::policy
