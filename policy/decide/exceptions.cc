// SPDX-License-Identifier: Apache-2.0
#include "policy/decide/exceptions.h"

#include <algorithm>

#include "policy/lang/app_names.h"

namespace weir::policy {
namespace {

template <typename Values, typename Value>
bool has(const Values& values, const Value& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

/// `name` is `domain`, or below it.
bool is_under(std::string_view name, std::string_view domain) {
  return name.ends_with(domain) &&
         (name.size() == domain.size() || name[name.size() - domain.size() - 1] == '.');
}

bool is_named(const std::vector<std::string>& named, std::string_view address) {
  const std::size_t at = address.rfind('@');
  return std::any_of(named.begin(), named.end(), [&](std::string_view one) {
    if (one.find('@') != std::string_view::npos) return same_word(one, address);
    return at != std::string_view::npos && is_under(address.substr(at + 1), one);
  });
}

bool names_flows(const Exception& one) { return !one.domains.empty() || !one.apps.empty(); }

}  // namespace

bool Exceptions::concerns(const Exception& one) const {
  const auto holds = [&](const Subnet& subnet) { return subnet.contains(facts_.client()); };
  return std::any_of(one.clients.begin(), one.clients.end(), holds) || has(one.macs, facts_.client_mac) ||
         std::any_of(one.groups.begin(), one.groups.end(),
                     [&](std::uint16_t group) { return evaluation_.group() == &policy_.groups[group]; });
}

bool Exceptions::recipients_hold(const Exception& one) const {
  const MailFacts& mail = facts_.mail;
  if (!mail.pending_recipient.empty()) return is_named(one.recipients, mail.pending_recipient);
  return !mail.recipients.empty() &&
         std::all_of(mail.recipients.begin(), mail.recipients.end(),
                     [&](const std::string& recipient) { return is_named(one.recipients, recipient); });
}

/// Of the names every one: what goes to an allowed name on the wire may ask for another one inside.
bool Exceptions::objects_hold(const Exception& one) const {
  if (!one.domains.empty() && !evaluation_.every_name([&](std::string_view name) {
        return std::any_of(one.domains.begin(), one.domains.end(),
                           [&](std::string_view domain) { return is_under(name, domain); });
      })) {
    return false;
  }
  if (!one.apps.empty() && std::none_of(one.apps.begin(), one.apps.end(),
                                        [&](const AppMatch& app) { return evaluation_.app_is(app); })) {
    return false;
  }
  if (!one.products.empty() &&
      std::none_of(facts_.software.begin(), facts_.software.end(),
                   [&](const SoftwareFact& fact) { return has(one.products, fact.product); })) {
    return false;
  }
  return one.recipients.empty() || recipients_hold(one);
}

template <typename Lifts>
const Exception* Exceptions::first(Lifts lifts) const {
  const auto holds = [&](const Exception& one) {
    return now_ < one.ends && lifts(one) && concerns(one) && objects_hold(one);
  };
  const auto& hosts = policy_.exception_hosts;
  auto at = std::lower_bound(hosts.begin(), hosts.end(), std::pair{facts_.client(), std::uint16_t{0}});
  for (; at != hosts.end() && at->first == facts_.client(); ++at)
    if (const Exception& one = policy_.exceptions[at->second]; holds(one)) return &one;
  for (const std::uint16_t number : policy_.exceptions_wide)
    if (const Exception& one = policy_.exceptions[number]; holds(one)) return &one;
  return nullptr;
}

const Exception* Exceptions::allows_all() const {
  return first([](const Exception& one) { return one.rules.empty() && names_flows(one); });
}

const Exception* Exceptions::silences(const Rule& rule) const {
  return first([&](const Exception& one) {
    if (!one.rules.empty()) return has(one.rules, rule.name);
    return rule.section == Section::kEmail && !one.recipients.empty();
  });
}

const Exception* Exceptions::excuses(std::string_view product) const {
  return first([&](const Exception& one) { return one.rules.empty() && has(one.products, product); });
}

}  // namespace weir::policy
