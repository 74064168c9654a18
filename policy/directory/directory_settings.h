// SPDX-License-Identifier: Apache-2.0
// The file that says where the directory is and what of it is wanted (/etc/weir/directory.yaml). It holds no
// secret: the password is in a file of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "policy/model/error.h"
#include "policy/model/time.h"

namespace weir::policy {

inline constexpr const char* kDirectorySettingsFile = "/etc/weir/directory.yaml";
inline constexpr std::size_t kDirectoryTextBytesMax = 1'024;  // of one value of the file
inline constexpr std::int64_t kNestedLevelsMax = 16;
inline constexpr std::int64_t kPageEntriesMax = 10'000;

struct DirectorySettings {
  std::string url;                                             // ldap://host[:port], ldaps://host[:port]
  std::string ca_file = "/etc/ssl/certs/ca-certificates.crt";  // who may vouch for the server
  std::string bind_dn;                                         // empty: nobody in particular
  std::string password_file;                                   // of bind_dn
  std::string base;
  std::string group_filter = "(|(objectClass=groupOfNames)(objectClass=posixGroup)(objectClass=group))";
  std::string group_attribute = "cn";  // that names the group
  std::string user_filter = "(objectClass=person)";
  std::string user_attribute = "uid";  // that names the user, as RADIUS and Kerberos say it
  std::uint32_t nested = 3;            // levels of groups within a group
  std::uint32_t page_entries = 500;
  TimeNs timeout = 10 * kSecond;    // of one answer
  TimeNs longest = 300 * kSecond;   // of the whole
  std::string file = "groups.map";  // beside the policy in force
};

[[nodiscard]] ResultAll<DirectorySettings> parse_directory_settings(std::string_view text,
                                                                    const std::string& file);
[[nodiscard]] ResultAll<DirectorySettings> load_directory_settings(const std::string& path);

}  // namespace weir::policy
