// SPDX-License-Identifier: Apache-2.0
#include "policy/directory/ldap_session.h"

#include <fmt/format.h>
#include <lber.h>
#include <ldap.h>
#include <sys/time.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "policy/directory/connection_guard.h"
#include "policy/lang/words.h"

namespace weir::policy {
namespace {

constexpr std::size_t kDiagnosticBytesMax = 200;  // of a server's own words

struct FreeMessage {
  void operator()(LDAPMessage* message) const { ldap_msgfree(message); }
};
using Message = std::unique_ptr<LDAPMessage, FreeMessage>;
struct FreeText {
  void operator()(char* text) const { ldap_memfree(text); }
};
using Text = std::unique_ptr<char, FreeText>;
struct FreeControls {
  void operator()(LDAPControl** controls) const { ldap_controls_free(controls); }
};
struct FreeValues {
  void operator()(berval** values) const { ldap_value_free_len(values); }
};
struct FreeDn {
  void operator()(LDAPRDN* dn) const { ldap_dnfree(dn); }
};

timeval to_timeval(TimeNs time) {
  const TimeNs least = std::max<TimeNs>(time, kMillisecond);  // 0 would be no wait, or an endless one
  return {.tv_sec = least / kSecond, .tv_usec = least % kSecond / 1'000};
}

ErrorCode error_code_of(int code) {
  switch (code) {
    case LDAP_SERVER_DOWN:
    case LDAP_TIMEOUT:
    case LDAP_CONNECT_ERROR:
    case LDAP_BUSY:
    case LDAP_UNAVAILABLE:
      return ErrorCode::kUnavailable;
    case LDAP_SIZELIMIT_EXCEEDED:
    case LDAP_TIMELIMIT_EXCEEDED:
    case LDAP_ADMINLIMIT_EXCEEDED:
      return ErrorCode::kLimit;
    default:
      return ErrorCode::kInvalid;
  }
}

std::string_view advice_for(int code) {
  switch (code) {
    case LDAP_INVALID_CREDENTIALS:
      return "look at bind_dn and password_file";
    case LDAP_CONNECT_ERROR:  // libldap's word for a handshake that failed, and all that it says of it
      return "is its certificate signed by one of ca_file, and for the host of url?";
    case LDAP_NO_SUCH_OBJECT:
      return "look at base";
    case LDAP_SIZELIMIT_EXCEEDED:
    case LDAP_ADMINLIMIT_EXCEEDED:
      return "the server gives no more at once: lower page, or have its limit raised for bind_dn";
    default:
      return {};
  }
}

LdapEntry::Attribute attribute_of(LDAP* connection, LDAPMessage* entry, const char* name) {
  LdapEntry::Attribute attribute{.name = lower_case(name), .values = {}};
  const std::unique_ptr<berval*, FreeValues> values{ldap_get_values_len(connection, entry, name)};
  for (berval** value = values.get(); value != nullptr && *value != nullptr; ++value)
    attribute.values.emplace_back((*value)->bv_val, (*value)->bv_len);
  return attribute;
}

}  // namespace

const std::string* LdapEntry::first(std::string_view name) const {
  for (const Attribute& attribute : attributes)
    if (attribute.name == name && !attribute.values.empty()) return &attribute.values.front();
  return nullptr;
}

void LdapSession::Unbind::operator()(ldap* connection) const {
  ldap_unbind_ext_s(connection, nullptr, nullptr);
}

/// The connection's socket, from when it is connected until it is closed.
struct LdapSession::Watch {
  explicit Watch(TimeNs until) : guard(until) {
    callbacks.lc_add = [](LDAP*, Sockbuf* buffer, LDAPURLDesc*, sockaddr*, ldap_conncb* self) {
      int socket = -1;
      ber_sockbuf_ctrl(buffer, LBER_SB_OPT_GET_FD, &socket);
      static_cast<Watch*>(self->lc_arg)->guard.watch(socket);
      return 0;
    };
    callbacks.lc_del = [](LDAP*, Sockbuf*, ldap_conncb* self) {
      static_cast<Watch*>(self->lc_arg)->guard.forget();
    };
    callbacks.lc_arg = this;
  }
  ldap_conncb callbacks{};
  ConnectionGuard guard;
};
void LdapSession::EndWatch::operator()(Watch* watch) const { delete watch; }

LdapSession::LdapSession(LdapOptions options, ldap* connection)
    : options_(std::move(options)),
      watch_(new Watch{monotonic_now() + options_.longest}),
      connection_(connection),
      ends_(monotonic_now() + options_.longest) {}

Result<LdapSession> LdapSession::open(const LdapOptions& options, const std::string& password) {
  setenv("LDAPNOINIT", "1", 1);  // what the settings say is all that counts
  LDAP* connection = nullptr;
  if (const int code = ldap_initialize(&connection, options.url.c_str()); code != LDAP_SUCCESS)
    return failure(ErrorCode::kInvalid, fmt::format("{}: {}", options.url, ldap_err2string(code)));
  LdapSession session{options, connection};
  for (const auto step : {&LdapSession::configure, &LdapSession::secure})
    if (auto done = (session.*step)(); !done) return tl::unexpected(done.error());
  if (auto done = session.bind(password); !done) return tl::unexpected(done.error());
  return session;
}

Result<void> LdapSession::configure() {
  LDAP* const connection = connection_.get();
  const int version = LDAP_VERSION3;
  const int demand = LDAP_OPT_X_TLS_DEMAND;
  const int tls12 = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
  const int client = 0;
  const timeval timeout = to_timeval(options_.timeout);
  void* buffer = nullptr;
  ber_len_t most = kLdapMessageBytesMax;
  const bool set =
      ldap_set_option(connection, LDAP_OPT_PROTOCOL_VERSION, &version) == 0 &&
      ldap_set_option(connection, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) == 0 &&
      ldap_set_option(connection, LDAP_OPT_NETWORK_TIMEOUT, &timeout) == 0 &&
      ldap_set_option(connection, LDAP_OPT_TIMEOUT, &timeout) == 0 &&
      ldap_set_option(connection, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand) == 0 &&
      ldap_set_option(connection, LDAP_OPT_X_TLS_PROTOCOL_MIN, &tls12) == 0 &&
      ldap_set_option(connection, LDAP_OPT_X_TLS_CACERTFILE, options_.ca_file.c_str()) == 0 &&
      ldap_get_option(connection, LDAP_OPT_SOCKBUF, &buffer) == 0 &&
      ber_sockbuf_ctrl(static_cast<Sockbuf*>(buffer), LBER_SB_OPT_SET_MAX_INCOMING, &most) == 1 &&
      ldap_set_option(connection, LDAP_OPT_CONNECT_CB, &watch_->callbacks) == 0;
  if (!set) return failure(ErrorCode::kSystem, "libldap does not take its options");
  if (const int code = ldap_set_option(connection, LDAP_OPT_X_TLS_NEWCTX, &client); code != 0)
    return failure(ErrorCode::kInvalid, fmt::format("ca_file {} has no certificates", options_.ca_file));
  return {};
}

Result<void> LdapSession::secure() {
  watch_->guard.give_until(
      std::min(monotonic_now() + 2 * options_.timeout, ends_));  // to connect, to shake hands
  const bool from_the_start = options_.url.starts_with("ldaps://");
  const int code = from_the_start ? ldap_connect(connection_.get())
                                  : ldap_start_tls_s(connection_.get(), nullptr, nullptr);
  const std::string_view what = from_the_start ? "no TLS" : "no StartTLS";
  if (watch_->guard.fired()) return fail(what, LDAP_TIMEOUT);
  if (code != LDAP_SUCCESS) return fail(what, code);
  watch_->guard.give_until(ends_);
  return {};
}

Result<void> LdapSession::bind(const std::string& password) {
  if (options_.bind_dn.empty()) return {};
  berval secret{.bv_len = password.size(), .bv_val = const_cast<char*>(password.data())};
  const int code = ldap_sasl_bind_s(connection_.get(), options_.bind_dn.c_str(), LDAP_SASL_SIMPLE, &secret,
                                    nullptr, nullptr, nullptr);
  if (code != LDAP_SUCCESS) return fail("bind refused", code);
  return {};
}

Result<void> LdapSession::search(const LdapSearch& search,
                                 const std::function<void(const LdapEntry&)>& take) {
  std::string cookie;
  std::size_t entries = 0;
  do {
    auto page = search_page(search, cookie, entries, take);
    if (!page) return tl::unexpected(page.error());
    cookie = std::move(page->cookie);
    entries += std::max<std::size_t>(page->entries, 1);  // empty pages end too
  } while (!cookie.empty());
  return {};
}

Result<LdapSession::Page> LdapSession::search_page(const LdapSearch& search, const std::string& cookie,
                                                   std::size_t entries_before,
                                                   const std::function<void(const LdapEntry&)>& take) {
  berval from{.bv_len = cookie.size(), .bv_val = const_cast<char*>(cookie.data())};
  LDAPControl* paged = nullptr;
  const int made = ldap_create_page_control(connection_.get(), static_cast<ber_int_t>(options_.page_entries),
                                            cookie.empty() ? nullptr : &from, 0, &paged);
  if (made != LDAP_SUCCESS) return fail("search", made);
  std::vector<char*> attributes;
  for (const std::string& name : search.attributes) attributes.push_back(const_cast<char*>(name.c_str()));
  attributes.push_back(nullptr);
  LDAPControl* controls[] = {paged, nullptr};
  timeval timeout = to_timeval(std::min(options_.timeout, left()));
  int id = 0;
  const int sent = ldap_search_ext(
      connection_.get(), search.base.c_str(), search.this_entry ? LDAP_SCOPE_BASE : LDAP_SCOPE_SUBTREE,
      search.filter.c_str(), attributes.data(), 0, controls, nullptr, &timeout, LDAP_NO_LIMIT, &id);
  ldap_control_free(paged);
  if (sent != LDAP_SUCCESS) return fail(fmt::format("search {}", search.filter), sent);
  for (std::size_t entries = 0;;) {
    timeval wait = to_timeval(std::min(options_.timeout, left()));
    LDAPMessage* got = nullptr;
    const int type = ldap_result(connection_.get(), id, LDAP_MSG_ONE, &wait, &got);
    const Message message{got};
    if (type == 0 || left() <= 0) return fail(fmt::format("search {}", search.filter), LDAP_TIMEOUT);
    if (type < 0) return fail(fmt::format("search {}", search.filter), LDAP_SERVER_DOWN);
    if (type == LDAP_RES_SEARCH_RESULT) {
      auto page = end_of_page(got);
      if (page) page->entries = entries;
      return page;
    }
    if (type != LDAP_RES_SEARCH_ENTRY) continue;  // a referral
    if (entries_before + ++entries > options_.entries_max)
      return failure(ErrorCode::kLimit,
                     fmt::format("{} has more than {} entries", search.filter, options_.entries_max),
                     "narrow base or the filter");
    if (auto taken = take_entry(got, take); !taken) return tl::unexpected(taken.error());
  }
}

Result<void> LdapSession::take_entry(void* message, const std::function<void(const LdapEntry&)>& take) {
  LDAP* const connection = connection_.get();
  auto* const raw = static_cast<LDAPMessage*>(message);
  LdapEntry entry;
  const Text dn{ldap_get_dn(connection, raw)};
  if (dn) entry.dn = dn.get();
  bytes_ += entry.dn.size();
  BerElement* at = nullptr;
  for (Text name{ldap_first_attribute(connection, raw, &at)}; name;
       name.reset(ldap_next_attribute(connection, raw, at))) {
    entry.attributes.push_back(attribute_of(connection, raw, name.get()));
    for (const std::string& value : entry.attributes.back().values) bytes_ += value.size();
  }
  ber_free(at, 0);
  if (bytes_ > options_.bytes_max)
    return failure(ErrorCode::kLimit,
                   fmt::format("the directory gives more than {} bytes", options_.bytes_max),
                   "narrow base or the filters");
  take(entry);
  return {};
}

Result<LdapSession::Page> LdapSession::end_of_page(void* message) {
  LDAP* const connection = connection_.get();
  int code = LDAP_SUCCESS;
  LDAPControl** all = nullptr;
  const int parsed = ldap_parse_result(connection, static_cast<LDAPMessage*>(message), &code, nullptr,
                                       nullptr, nullptr, &all, 0);
  const std::unique_ptr<LDAPControl*, FreeControls> controls{all};
  if (parsed != LDAP_SUCCESS || code != LDAP_SUCCESS)
    return fail("search", parsed != LDAP_SUCCESS ? parsed : code);
  Page page;
  LDAPControl* const paged =
      all == nullptr ? nullptr : ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, all, nullptr);
  if (paged == nullptr) return page;  // the server gave everything at once
  berval cookie{};
  ber_int_t estimate = 0;
  if (ldap_parse_pageresponse_control(connection, paged, &estimate, &cookie) == LDAP_SUCCESS &&
      cookie.bv_len > 0)
    page.cookie.assign(cookie.bv_val, cookie.bv_len);
  ber_memfree(cookie.bv_val);
  return page;
}

tl::unexpected<Error> LdapSession::fail(std::string_view what, int code) const {
  char* said = nullptr;
  static_cast<void>(ldap_get_option(connection_.get(), LDAP_OPT_DIAGNOSTIC_MESSAGE, &said));
  const Text words{said};
  std::string text = fmt::format("{}: {}: {}", options_.url, what, ldap_err2string(code));
  if (words && *words.get() != '\0')
    text += fmt::format(" ({})", std::string_view(words.get()).substr(0, kDiagnosticBytesMax));
  return failure(error_code_of(code), std::move(text), std::string(advice_for(code)));
}

TimeNs LdapSession::left() const { return ends_ - monotonic_now(); }

std::string canonical_dn(const std::string& dn) {
  LDAPDN parsed = nullptr;
  if (ldap_str2dn(dn.c_str(), &parsed, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS) return lower_case(dn);
  const std::unique_ptr<LDAPRDN, FreeDn> guard{parsed};
  char* written = nullptr;
  if (ldap_dn2str(parsed, &written, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS) return lower_case(dn);
  const Text text{written};
  return lower_case(text.get());
}

}  // namespace weir::policy
