// SPDX-License-Identifier: Apache-2.0
// One connection to an LDAP server (RFC 4511). TLS comes before anything is said: StartTLS on ldap://, from
// the first byte on ldaps://; a server whose certificate does not hold is not talked to. Referrals are not
// followed, and neither ldap.conf nor the environment has a say. The program ignores SIGPIPE.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model/error.h"
#include "policy/model/time.h"

struct ldap;

namespace weir::policy {

inline constexpr std::size_t kLdapMessageBytesMax = 16U << 20U;  // one entry is a message

struct LdapOptions {
  std::string url;
  std::string ca_file;
  std::string bind_dn;  // empty: nobody in particular
  std::uint32_t page_entries = 500;
  std::size_t entries_max = 0;  // of one search
  std::size_t bytes_max = 0;    // of values, over all searches
  TimeNs timeout = 0;           // of one answer
  TimeNs longest = 0;           // from `open` on
};

struct LdapEntry {
  struct Attribute {
    std::string name;  // lower case, with its options
    std::vector<std::string> values;
  };
  std::string dn;
  std::vector<Attribute> attributes;
  /// The first value of an attribute, or nullptr.
  [[nodiscard]] const std::string* first(std::string_view name) const;
};

struct LdapSearch {
  std::string base;
  bool this_entry = false;  // else everything below it too
  std::string filter;
  std::vector<std::string> attributes;
};

class LdapSession {
 public:
  /// kUnavailable: nobody answers, or not in time; kInvalid: no TLS, a certificate that does not hold, a
  /// password that is refused.
  [[nodiscard]] static Result<LdapSession> open(const LdapOptions& options, const std::string& password);
  /// Every entry, page by page. kLimit: the server's limit or one of the options was reached; what was taken
  /// until then is not all.
  [[nodiscard]] Result<void> search(const LdapSearch& search,
                                    const std::function<void(const LdapEntry&)>& take);

 private:
  struct Unbind {
    void operator()(ldap* connection) const;
  };
  struct Watch;
  struct EndWatch {
    void operator()(Watch* watch) const;
  };
  struct Page {
    std::string cookie;  // empty: it was the last one
    std::size_t entries = 0;
  };
  LdapSession(LdapOptions options, ldap* connection);
  [[nodiscard]] Result<void> configure();
  [[nodiscard]] Result<void> secure();
  [[nodiscard]] Result<void> bind(const std::string& password);
  [[nodiscard]] Result<Page> search_page(const LdapSearch& search, const std::string& cookie,
                                         std::size_t entries_before,
                                         const std::function<void(const LdapEntry&)>& take);
  [[nodiscard]] Result<void> take_entry(void* message, const std::function<void(const LdapEntry&)>& take);
  [[nodiscard]] Result<Page> end_of_page(void* message);
  [[nodiscard]] tl::unexpected<Error> fail(std::string_view what, int code) const;
  [[nodiscard]] TimeNs left() const;

  LdapOptions options_;
  std::unique_ptr<Watch, EndWatch> watch_;  // before the connection, which it outlives
  std::unique_ptr<ldap, Unbind> connection_;
  TimeNs ends_ = 0;  // of the monotonic clock
  std::size_t bytes_ = 0;
};

/// One form of a distinguished name, whatever blanks, escapes and letters it was written with; as it is where
/// it is none.
[[nodiscard]] std::string canonical_dn(const std::string& dn);

}  // namespace weir::policy
