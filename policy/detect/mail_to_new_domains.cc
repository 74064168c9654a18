// SPDX-License-Identifier: Apache-2.0
// mail-to-new-domains: a client writes to many registered domains to which nobody wrote before.
// Evidence: the domains, and the first flows of the window.
#include <fmt/format.h>

#include <algorithm>

#include "policy/categories/canonical_name.h"
#include "policy/detect/detector.h"

namespace weir::policy {
namespace {

constexpr std::size_t kDomainsNamed = 5;

class MailToNewDomains : public Detector {
 public:
  using Detector::Detector;

  void see(const Sight& sight, DetectRound& round) const override {
    watch({}, sight, round);
    if (!sight.event.initiator_inside()) return;
    for (const std::string& recipient : sight.event.mail().recipients()) {
      const std::size_t at = recipient.rfind('@');
      if (at == std::string::npos) continue;
      const auto name = canonical_name(std::string_view(recipient).substr(at + 1));
      const std::string domain{name ? context().suffixes.registered(*name) : std::string_view{}};
      if (domain.empty() || round.seen(settings().kind, {}, domain)) continue;
      round.note({.kind = settings().kind,
                  .subject = {},
                  .object = domain,
                  .at = sight.at,
                  .client = sight.client,
                  .flow = sight.event.flow_id()});
    }
  }

  Result<std::vector<Alarm>> know(const Noted& noted, DetectStore& store, DetectRound& round) const override {
    const auto news = news_of(noted, store);
    if (!news) return tl::unexpected(news.error());
    if (*news == News::kNew) {
      round.count(settings().kind, noted.client, {}, {settings().within}, noted.at,
                  {.n = 1, .items = noted.object + " ", .flows = noted.flow});
    }
    return std::vector<Alarm>{};
  }

  Result<std::optional<Alarm>> judge(const Judged& judged, DetectStore& /*store*/) const override {
    const DetectSums& sums = judged.window.sums;
    if (sums.n < settings().count) return std::nullopt;
    std::vector<std::string_view> named = different_items(sums.items);
    named.resize(std::min(named.size(), kDomainsNamed));
    return Alarm{
        .subject = judged.counted.subject,
        .object = "new domains",
        .text = fmt::format("mail to {} domains within {} to which nobody wrote before, among them {}",
                            sums.n, within(), fmt::join(named, ", "))};
  }
};

}  // namespace

DetectorPtr make_mail_to_new_domains(DetectorSettings settings, const DetectContext& context) {
  return std::make_unique<MailToNewDomains>(std::move(settings), context);
}

}  // namespace weir::policy
