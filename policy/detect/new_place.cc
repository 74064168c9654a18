// SPDX-License-Identifier: Apache-2.0
#include "policy/detect/new_place.h"

#include <fmt/format.h>

namespace weir::policy {

void NewPlace::see(const Sight& sight, DetectRound& round) const {
  watch(sight.client, sight, round);
  if (!sight.final || !sight.outside || sight.bytes < static_cast<std::int64_t>(settings().bytes)) return;
  std::string place = place_of(sight.event);
  if (place.empty() || round.seen(settings().kind, sight.client, place)) return;
  round.note({.kind = settings().kind,
              .subject = sight.client,
              .object = std::move(place),
              .at = sight.at,
              .client = sight.client,
              .flow = sight.event.flow_id(),
              .detail = fmt::format("{} kB with {}", sight.bytes / 1'000, sight.host)});
}

Result<std::vector<Alarm>> NewPlace::know(const Noted& noted, DetectStore& store,
                                          DetectRound& /*round*/) const {
  const auto news = news_of(noted, store);
  if (!news) return tl::unexpected(news.error());
  if (*news != News::kNew) return std::vector<Alarm>{};
  return std::vector<Alarm>{
      {.subject = noted.client,
       .object = noted.object,
       .text = fmt::format("{}: the client did not talk to {} before", noted.detail, noted.object),
       .flow = noted.flow}};
}

}  // namespace weir::policy
