// SPDX-License-Identifier: Apache-2.0
#include "policy/detect/detector.h"

#include <algorithm>
#include <array>
#include <utility>

#include "policy/model/duration.h"

namespace weir::policy {
namespace {

using Make = DetectorPtr (*)(DetectorSettings, const DetectContext&);
constexpr std::array<Make, kDetectors> kMakers{make_new_software,    make_unauthorised_software,
                                               make_old_version,     make_product_gone,
                                               make_updates_overdue, make_new_device,
                                               make_mail_burst,      make_many_recipients,
                                               make_direct_to_mx,    make_mail_to_new_domains,
                                               make_after_hours,     make_new_country,
                                               make_new_network,     make_dns_tunnel,
                                               make_generated_names, make_beacon,
                                               make_many_blocks,     make_uninspected,
                                               make_slow_server,     make_slow_link};

}  // namespace

DetectorPtr make_detector(DetectorSettings settings, const DetectContext& context) {
  const auto kind = static_cast<std::size_t>(settings.kind);
  return kMakers[kind](std::move(settings), context);
}

bool Detector::looks_at(const Sight& sight) const {
  const std::string& group = sight.event.group();
  return group.empty() ||
         std::find(settings_.except.begin(), settings_.except.end(), group) == settings_.except.end();
}

bool Detector::leaves_out(std::string_view name) const {
  if (settings_.except_domains.empty()) return false;
  DomainMatches matches;
  context_.policy->parts().domains.lookup(name, matches);
  return std::any_of(settings_.except_domains.begin(), settings_.except_domains.end(),
                     [&](const NamedSet& one) { return matches.test(index_of(one.set)); });
}

std::string Detector::within() const { return duration_text(settings_.within); }

Result<std::optional<Alarm>> Detector::judge(const Judged& /*judged*/, DetectStore& /*store*/) const {
  return std::nullopt;
}

Result<std::vector<Alarm>> Detector::know(const Noted& /*noted*/, DetectStore& /*store*/,
                                          DetectRound& /*round*/) const {
  return std::vector<Alarm>{};
}

void Detector::watch(const std::string& subject, const Sight& sight, DetectRound& round) const {
  if (round.seen(settings_.kind, subject, {})) return;
  round.note({.kind = settings_.kind, .subject = subject, .object = {}, .at = sight.at});
}

// The row of the watch has no object.
Result<Detector::News> Detector::news_of(const Noted& noted, DetectStore& store) const {
  auto watch = store.note({name(), noted.subject, {}}, noted.at);
  if (!watch) return tl::unexpected(watch.error());
  if (noted.object.empty()) return News::kKnown;
  auto known = store.note({name(), noted.subject, noted.object}, noted.at);
  if (!known) return tl::unexpected(known.error());
  if (known->said != 0) return News::kKnown;
  const bool learned = noted.at - watch->first < settings_.learn_days * kDay;
  known->said = 1;
  known->mark = learned ? 0 : 1;
  if (auto kept = store.put(*known); !kept) return tl::unexpected(kept.error());
  return learned ? News::kLearned : News::kNew;
}

}  // namespace weir::policy
