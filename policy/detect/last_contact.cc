// SPDX-License-Identifier: Apache-2.0
#include "policy/detect/last_contact.h"

#include <algorithm>

namespace weir::policy {
namespace {

constexpr std::uint32_t kStaleAtOnce = 1'000;  // products of one client

}  // namespace

void LastContact::client_was_there(const Sight& sight, DetectRound& round) const {
  if (round.seen(settings().kind, sight.client, {}, sight.at / kDay)) return;
  round.note({.kind = settings().kind,
              .subject = sight.client,
              .object = {},
              .at = sight.at,
              .period = sight.at / kDay});
}

void LastContact::product_was_seen(const Sight& sight, const std::string& product, bool renew,
                                   DetectRound& round) const {
  // A contact and a mere sighting of one day are two things.
  const std::int64_t period = sight.at / kDay * 2 + (renew ? 1 : 0);
  if (round.seen(settings().kind, sight.client, product, period)) return;
  round.note({.kind = settings().kind,
              .subject = sight.client,
              .object = product,
              .at = sight.at,
              .client = sight.client,
              .flow = sight.event.flow_id(),
              .renew = renew,
              .period = sight.at / kDay});
}

bool LastContact::watches(std::string_view product) const {
  const auto& all = settings().products;
  return std::any_of(all.begin(), all.end(),
                     [&](const WatchedProduct& one) { return one.product == product; });
}

// In the client's row `days` are those on which it was there, and `said` the last of them that was judged. In
// a product's `mark` is the number of the day of the last contact, and `said` whether its lack was told. A
// day is judged as it begins, by the days before it.
Result<std::vector<Alarm>> LastContact::know(const Noted& noted, DetectStore& store,
                                             DetectRound& /*round*/) const {
  auto client = store.note({name(), noted.subject, {}}, noted.at);
  if (!client) return tl::unexpected(client.error());
  if (!noted.object.empty()) {
    auto product = store.note({name(), noted.subject, noted.object}, noted.at);
    if (!product) return tl::unexpected(product.error());
    if (product->mark != 0 && !noted.renew) return std::vector<Alarm>{};
    product->mark = client->days;
    product->said = 0;
    if (auto kept = store.put(*product); !kept) return tl::unexpected(kept.error());
    return std::vector<Alarm>{};
  }
  if (client->said >= client->days) return std::vector<Alarm>{};
  client->said = client->days;
  if (auto kept = store.put(*client); !kept) return tl::unexpected(kept.error());
  auto stale = store.stale(name(), noted.subject, client->days - 1 - settings().days, kStaleAtOnce);
  if (!stale) return tl::unexpected(stale.error());
  std::vector<Alarm> alarms;
  for (DetectStore::Stale& one : *stale) {
    one.known.said = 1;
    if (auto kept = store.put(one.known); !kept) return tl::unexpected(kept.error());
    alarms.push_back({.subject = noted.subject,
                      .object = one.object,
                      .text = words(one.object, client->days - 1 - one.known.mark)});
  }
  return alarms;
}

}  // namespace weir::policy
