// SPDX-License-Identifier: Apache-2.0
#include "policy/directory/fetch_directory.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "policy/directory/ldap_session.h"
#include "policy/lang/words.h"
#include "policy/model/password_file.h"

namespace weir::policy {
namespace {

constexpr const char* kMemberAttributes[] = {"member", "uniquemember"};
constexpr const char* kMemberUid = "memberuid";

class Fetch {
 public:
  Fetch(const DirectorySettings& settings, LdapSession session)
      : settings_(settings), session_(std::move(session)) {}

  Result<MappedGroups> run() {
    if (auto groups = find_groups(); !groups) return tl::unexpected(groups.error());
    if (auto rest = find_rest_of_members(); !rest) return tl::unexpected(rest.error());
    if (auto users = find_users(); !users) return tl::unexpected(users.error());
    return map_groups(groups_, users_, settings_.nested);
  }

 private:
  /// A list of which the server gave the first part.
  struct Unfinished {
    std::size_t group = 0;  // index
    std::string dn;         // as the server has it
    std::string attribute;
    std::size_t from = 0;
  };

  void take_members(const LdapEntry& entry, std::size_t number) {
    GroupEntry& group = groups_[number];
    for (const LdapEntry::Attribute& attribute : entry.attributes) {
      if (attribute.name == kMemberUid)
        group.member_uids.insert(group.member_uids.end(), attribute.values.begin(), attribute.values.end());
      for (const char* const name : kMemberAttributes) {
        const auto next = next_part(attribute.name, name);
        const bool ours = attribute.name == name || attribute.name.starts_with(std::string(name) + ";range=");
        if (!ours) continue;
        for (const std::string& value : attribute.values) group.member_dns.push_back(canonical_dn(value));
        if (next) unfinished_.push_back({number, entry.dn, name, *next});
      }
    }
  }

  Result<void> find_groups() {
    const std::string name = lower_case(settings_.group_attribute);
    return session_.search(
        {.base = settings_.base,
         .filter = settings_.group_filter,
         .attributes = {settings_.group_attribute, "member", "uniqueMember", "memberUid"}},
        [&](const LdapEntry& entry) {
          const std::string* const said = entry.first(name);
          groups_.push_back({canonical_dn(entry.dn), said == nullptr ? "" : *said, {}, {}});
          take_members(entry, groups_.size() - 1);
        });
  }

  Result<void> find_rest_of_members() {
    while (!unfinished_.empty()) {
      const Unfinished part = std::move(unfinished_.back());
      unfinished_.pop_back();
      bool more = false;
      const auto found =
          session_.search({.base = part.dn,
                           .this_entry = true,
                           .filter = "(objectClass=*)",
                           .attributes = {fmt::format("{};range={}-*", part.attribute, part.from)}},
                          [&](const LdapEntry& entry) {
                            const std::size_t before = groups_[part.group].member_dns.size();
                            take_members(entry, part.group);
                            more = groups_[part.group].member_dns.size() > before;
                          });
      if (!found) return found;
      if (!more)
        return failure(ErrorCode::kInvalid,
                       fmt::format("the directory does not give the members of {} from number {} on",
                                   groups_[part.group].name, part.from));
    }
    return {};
  }

  Result<void> find_users() {
    const std::string name = lower_case(settings_.user_attribute);
    return session_.search(
        {.base = settings_.base, .filter = settings_.user_filter, .attributes = {settings_.user_attribute}},
        [&](const LdapEntry& entry) {
          if (const std::string* const said = entry.first(name))
            users_.emplace(canonical_dn(entry.dn), *said);
        });
  }

  const DirectorySettings& settings_;
  LdapSession session_;
  std::vector<GroupEntry> groups_;
  std::vector<Unfinished> unfinished_;
  UsersByDn users_;
};

}  // namespace

Result<MappedGroups> fetch_directory(const DirectorySettings& settings) {
  std::string password;
  if (!settings.bind_dn.empty()) {
    auto read = read_password(settings.password_file);
    if (!read) return tl::unexpected(read.error());
    password = std::move(*read);
  }
  auto session = LdapSession::open({.url = settings.url,
                                    .ca_file = settings.ca_file,
                                    .bind_dn = settings.bind_dn,
                                    .page_entries = settings.page_entries,
                                    .entries_max = kDirectoryEntriesMax,
                                    .bytes_max = kDirectoryAnswerBytesMax,
                                    .timeout = settings.timeout,
                                    .longest = settings.longest},
                                   password);
  explicit_bzero(password.data(), password.size());
  if (!session) return tl::unexpected(session.error());
  return Fetch{settings, std::move(*session)}.run();
}

}  // namespace weir::policy
