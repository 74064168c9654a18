// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/people.h"
#include "policy/engine/event_codec.h"
#include "policy/engine/kept_event.h"

#include <fmt/format.h>

#include <array>

#include "policy/ctl/output.h"
#include "policy/model/duration.h"

namespace weir::ctl {
namespace {

constexpr std::uint32_t kRequestsLookedAt = 10'000;  // the newest
constexpr const char* kHidden = "(hidden)";

/// Whom an event names besides its addresses.
std::vector<std::string> names_in(const std::string& event) {
  std::vector<std::string> names;
  const Json said = Json::parse(event, nullptr, false);
  const auto take = [&names](const Json& map, const char* key) {
    const auto found = map.find(key);
    if (found != map.end() && found->is_string()) names.push_back(found->get<std::string>());
  };
  if (!said.is_object()) return names;
  for (const auto& [part, keys] : {std::pair{"client", std::array{"user", "hostName", "host_name"}},
                                   std::pair{"mail", std::array{"sender", "user", "helo"}},
                                   std::pair{"dhcp", std::array{"hostName", "host_name", "hostName"}}}) {
    const auto found = said.find(part);
    if (found == said.end() || !found->is_object()) continue;
    for (const char* const key : keys) take(*found, key);
  }
  return names;
}

}  // namespace

PeopleShown::PeopleShown(const Settings& settings)
    : appliance_(settings.appliance), clear_(settings.privacy.clear) {
  if (clear_) return;
  if (auto opened = policy::Pseudonyms::open(settings)) pseudonyms_ = std::move(*opened);
}

std::string PeopleShown::subject(const std::string& subject) const {
  if (clear_ || subject == appliance_) return subject;
  return pseudonyms_ ? pseudonyms_->of(subject) : kHidden;
}

std::string PeopleShown::object(const std::string& object) const {
  if (clear_ || object.find('@') == std::string::npos) return object;  // it is no mail address
  return pseudonyms_ ? pseudonyms_->of_object(object) : kHidden;
}

std::optional<PeopleDesk> PeopleDesk::open(Context& context) {
  auto settings = context.settings();
  if (!settings) return std::nullopt;
  auto store = policy::Store::open(settings->engine.store, policy::StoreAccess::kChange);
  auto log = policy::AuditLog::open(*settings);
  auto pseudonyms = policy::Pseudonyms::open(*settings);
  if (store && log && pseudonyms)
    return PeopleDesk{std::move(*settings), std::move(*store), std::move(*log), std::move(*pseudonyms)};
  context.fail(!store ? store.error() : !log ? log.error() : pseudonyms.error());
  return std::nullopt;
}

Result<void> PeopleDesk::commit(policy::Batch& batch, const policy::AuditEntry& entry) {
  const auto written = log.write(batch, entry);
  if (!written) return tl::unexpected(written.error());
  if (auto done = batch.commit(); !done) return done;
  return log.committed(store, *written);
}

TimeNs patience(const Settings& settings) { return settings.privacy.request_minutes * 60 * kSecond; }

Result<policy::RevealRequest> consent(PeopleDesk& desk, const std::string& pseudonym,
                                      policy::AuditEntry& entry) {
  if (desk.settings.privacy.approvers < 2) return policy::RevealRequest{};
  const auto all = policy::reveal_requests(desk.store, kRequestsLookedAt);
  if (!all) return tl::unexpected(all.error());
  for (const policy::RevealRequest& one : *all) {
    const bool mine = one.pseudonym == pseudonym && one.asked_by == entry.who && one.used == 0;
    if (!mine || one.approved_by.empty() || entry.at - one.approved > patience(desk.settings)) continue;
    entry.result = fmt::format("done, request {} approved by {}", one.id, one.approved_by);
    return one;
  }
  auto batch = desk.store.begin();
  if (!batch) return tl::unexpected(batch.error());
  const auto id = policy::ask_to_reveal(
      *batch, {.pseudonym = pseudonym, .reason = entry.reason, .asked_by = entry.who, .asked = entry.at});
  if (!id) return tl::unexpected(id.error());
  entry.result = fmt::format("request {} waits for another user's approval", *id);
  if (auto done = desk.commit(*batch, entry); !done) return tl::unexpected(done.error());
  return failure(ErrorCode::kBusy, fmt::format("request {} waits for another user's approval", *id),
                 fmt::format("weirctl person approve {}, within {}, then say the same again", *id,
                             duration_text(patience(desk.settings))));
}

Result<void> use_up(policy::Batch& batch, const policy::RevealRequest& request, TimeNs now) {
  if (request.id == 0) return {};
  auto unused = policy::reveal_request(batch, request.id);
  if (!unused) return tl::unexpected(unused.error());
  unused->used = now;
  return policy::put(batch, *unused);
}

Result<std::string> reveal_subject(PeopleDesk& desk, policy::AuditEntry entry) {
  const std::string pseudonym = entry.object;
  if (!policy::is_pseudonym(pseudonym)) return failure(ErrorCode::kNotFound, pseudonym + " is no pseudonym");
  auto behind = subject_behind(desk.store, desk.pseudonyms, pseudonym);
  if (!behind) return behind;
  const auto request = consent(desk, pseudonym, entry);
  if (!request) return tl::unexpected(request.error());
  auto batch = desk.store.begin();
  if (!batch) return tl::unexpected(batch.error());
  if (auto used = use_up(*batch, *request, entry.at); !used) return tl::unexpected(used.error());
  if (auto done = desk.commit(*batch, entry); !done) return tl::unexpected(done.error());
  return behind;
}

std::string said_by_event(const std::string& kept) {
  const auto event = policy::kept_event(kept);
  const auto json = event ? policy::event_to_json(*event) : tl::unexpected(event.error());
  return json ? *json : std::string{};
}

Result<std::string> subject_behind(policy::Store& store, const policy::Pseudonyms& pseudonyms,
                                   const std::string& word) {
  if (!policy::is_pseudonym(word)) return word;
  const auto known = policy::subjects_known(store);
  if (!known) return tl::unexpected(known.error());
  for (const std::string& one : *known)
    if (pseudonyms.of(one) == word) return one;
  std::string found;
  const auto searched = policy::each_event(store, [&](const std::string& event) {
    for (const std::string& name : names_in(said_by_event(event)))
      if (pseudonyms.of(name) == word) found = name;
    return found.empty();
  });
  if (!searched) return tl::unexpected(searched.error());
  if (!found.empty()) return found;
  return failure(ErrorCode::kNotFound, word + " is nobody of whom anything is kept");
}

Result<std::string> subject_named(const Settings& settings, policy::Store& store, const std::string& word) {
  if (!policy::is_pseudonym(word)) return word;
  const auto pseudonyms = policy::Pseudonyms::open(settings);
  if (!pseudonyms) return tl::unexpected(pseudonyms.error());
  return subject_behind(store, *pseudonyms, word);
}

}  // namespace weir::ctl
