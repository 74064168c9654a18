// SPDX-License-Identifier: Apache-2.0
#include "policy/model/notification_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "policy/model/duration.h"
#include "policy/model/settings_table.h"

namespace weir {
namespace {

constexpr std::array<std::string_view, 3> kKinds{"mail", "webhook", "syslog"};
constexpr std::array<std::string_view, 3> kReports{"daily", "weekly", "monthly"};
/// RFC 5424 section 6.2.1; those that a program may use.
constexpr std::array<std::string_view, 24> kFacilities{
    "", "user", "mail", "daemon", "auth",   "",       "",       "",       "",       "",       "",      "", "",
    "", "",     "",     "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"};

bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

/// One "@", and nothing that means something to a mail server or in a header.
bool is_mail_address(std::string_view text) {
  const std::size_t at = text.find('@');
  return text.size() <= kMailAddressBytesMax && printable(text) && at != std::string_view::npos && at > 0 &&
         at + 1 < text.size() && text.find('@', at + 1) == std::string_view::npos &&
         text.find_first_of("<>()[],;:\\\"") == std::string_view::npos;
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         text.find_first_not_of("0123456789") == std::string_view::npos &&
         std::stoi(std::string(text)) <= 65'535;
}

/// Behind "scheme://": host[:port], an IPv6 address in brackets.
bool split_host(std::string_view text, std::string& host, std::string& port) {
  const bool bracketed = text.starts_with('[');
  const std::size_t end = bracketed ? text.find(']') : text.find(':');
  if (bracketed && end == std::string_view::npos) return false;
  host = bracketed ? text.substr(1, end - 1) : text.substr(0, end);
  const std::string_view rest = bracketed                       ? text.substr(end + 1)
                                : end == std::string_view::npos ? std::string_view{}
                                                                : text.substr(end);
  if (!rest.empty() && rest[0] != ':') return false;
  port = rest.empty() ? "" : rest.substr(1);
  return !host.empty() && host.find_first_of("/?#@ ") == std::string::npos && (rest.empty() || is_port(port));
}

bool is_mail_server(std::string_view text) {
  std::string host;
  std::string port;
  for (const std::string_view scheme : {"smtp://", "smtps://"}) {
    if (text.starts_with(scheme))
      return printable(text) && split_host(text.substr(scheme.size()), host, port);
  }
  return false;
}

bool is_web_address(std::string_view text) {
  constexpr std::string_view kScheme = "https://";
  if (!text.starts_with(kScheme) || !printable(text) || text.find('#') != std::string_view::npos)
    return false;
  const std::string_view rest = text.substr(kScheme.size());
  std::string host;
  std::string port;
  return split_host(rest.substr(0, rest.find_first_of("/?")), host, port);
}

class ReceiverReader {
 public:
  ReceiverReader(const Node& map, Mistakes& mistakes) : map_(map), mistakes_(mistakes) {}

  NotificationReceiver read() {
    if (map_.kind != Node::Kind::kMap) {
      mistakes_.add(map_, fmt::format("a receiver of notifications is a map, not {}", shown(map_)),
                    "write - {name: officers, kind: mail, to: officer@example.org, ...}");
      return std::move(made_);
    }
    const bool known = read_kind();
    if (!known) return std::move(made_);
    name();
    to();
    severity();
    rules();
    duration("gather", made_.gather);
    duration("interval", made_.interval);
    duration("timeout", made_.timeout);
    duration("give_up", made_.give_up);
    if (made_.kind == ReceiverKind::kMail) mail();
    if (made_.kind == ReceiverKind::kWebhook) webhook();
    if (made_.kind == ReceiverKind::kSyslog) facility();
    return std::move(made_);
  }

 private:
  const Node* needed(std::string_view key, std::string_view advice) {
    const Node* const node = map_.find(key);
    if (node == nullptr)
      mistakes_.add(map_, fmt::format("the receiver has no {}", key), fmt::format("add {}", advice));
    return node;
  }

  /// Text that `holds`; else a mistake with the advice.
  template <typename Check>
  void text(const Node* node, std::string_view key, std::string& into, std::string_view advice, Check holds) {
    if (node == nullptr) return;
    if (node->kind != Node::Kind::kScalar || node->text.size() > kReceiverTextBytesMax || !holds(node->text))
      return mistakes_.add(*node, fmt::format("{} is {}", key, shown(*node)), std::string(advice));
    into = node->text;
  }

  void path(std::string_view key, std::string& into) {
    text(map_.find(key), key, into, "write a path that begins with /",
         [](const std::string& value) { return value.starts_with('/'); });
  }

  bool read_kind() {
    std::vector<std::string_view> keys{"name",   "kind",     "to",      "severity", "rules",
                                       "gather", "interval", "timeout", "give_up"};
    const Node* const kind = needed("kind", "kind: mail, webhook or syslog");
    if (kind == nullptr) return false;
    const auto* const found = std::find(kKinds.begin(), kKinds.end(), kind->text);
    if (kind->kind != Node::Kind::kScalar || found == kKinds.end()) {
      mistakes_.add(*kind, fmt::format("kind is {}", shown(*kind)), "write mail, webhook or syslog");
      return false;
    }
    made_.kind = static_cast<ReceiverKind>(found - kKinds.begin());
    if (made_.kind == ReceiverKind::kMail)
      keys.insert(keys.end(), {"from", "server", "user", "password_file", "ca_file", "reports"});
    if (made_.kind == ReceiverKind::kWebhook) keys.insert(keys.end(), {"secret_file", "ca_file"});
    if (made_.kind == ReceiverKind::kSyslog) keys.insert(keys.end(), {"facility"});
    if (made_.kind != ReceiverKind::kMail) made_.interval = 60 * kSecond;
    mistakes_.unknown_keys(map_, keys);
    return true;
  }

  void name() {
    text(needed("name", "name: a word of a-z, 0-9 and -"), "name", made_.name,
         fmt::format("write 1 to {} of a-z, 0-9 and -", kReceiverNameBytesMax),
         [](const std::string& value) { return name_well_formed(value, kReceiverNameBytesMax); });
  }

  void to() {
    constexpr std::array<std::string_view, 3> kAdvice{
        "to: officer@example.org", "to: https://desk.example.org/weir",
        "to: udp://10.0.0.9:514, tcp://10.0.0.9:601 or unix:/dev/log"};
    const std::string_view advice = kAdvice.at(static_cast<std::size_t>(made_.kind));
    const Node* const node = needed("to", advice);
    if (node == nullptr) return;
    const auto values = mistakes_.scalars(*node, "to");
    const std::size_t most = made_.kind == ReceiverKind::kMail ? kMailAddressesMax : 1;
    if (values.empty() || values.size() > most)
      return mistakes_.add(*node, fmt::format("to names {} addresses", values.size()),
                           fmt::format("write 1 to {}", most));
    SyslogAddress unused;
    for (const Node* const one : values) {
      const bool good = made_.kind == ReceiverKind::kMail      ? is_mail_address(one->text)
                        : made_.kind == ReceiverKind::kWebhook ? is_web_address(one->text)
                                                               : parse_syslog_address(one->text, unused);
      if (!good || one->text.size() > kReceiverTextBytesMax)
        mistakes_.add(*one, fmt::format("to is {}", shown(*one)), fmt::format("write {}", advice));
      made_.to.push_back(one->text);
    }
  }

  void severity() {
    const Node* const node = map_.find("severity");
    if (node == nullptr) return;
    for (int i = 0; i <= static_cast<int>(Severity::kCritical); ++i) {
      const auto severity = static_cast<Severity>(i);
      if (node->kind != Node::Kind::kScalar || node->text != to_string(severity)) continue;
      made_.severity = severity;
      return;
    }
    mistakes_.add(*node, fmt::format("severity is {}", shown(*node)),
                  "write info, low, medium, high or critical: this one and those above are told");
  }

  void rules() {
    const Node* const node = map_.find("rules");
    if (node == nullptr) return;
    const auto values = mistakes_.scalars(*node, "rules");
    if (values.empty() || values.size() > kReceiverRulesMax)
      return mistakes_.add(*node, fmt::format("rules names {} rules", values.size()),
                           fmt::format("write 1 to {}, or leave it out for all", kReceiverRulesMax));
    for (const Node* const one : values) {
      const std::string_view stem = std::string_view(one->text).substr(0, one->text.find('*'));
      if (!printable(one->text) || one->text.empty() || stem.size() + 1 < one->text.size() ||
          one->text.size() > kReceiverTextBytesMax) {
        mistakes_.add(*one, fmt::format("{} names no rule", shown(*one)),
                      "write a rule's name, or its beginning with * behind it");
      }
      made_.rules.push_back(one->text);
    }
  }

  void duration(std::string_view key, TimeNs& into) {
    const Node* const node = map_.find(key);
    if (node == nullptr) return;
    const auto read = parse_duration(node->text);
    if (!read) mistakes_.add(*node, fmt::format("{} is {}", key, shown(*node)), "write 10s, 15m or 2h");
    into = read.value_or(into);
  }

  void mail() {
    text(needed("from", "from: weir@example.org"), "from", made_.from, "write weir@example.org",
         is_mail_address);
    text(needed("server", "server: smtp://mail.example.org:587"), "server", made_.server,
         "write smtp://HOST[:PORT], which goes over to TLS, or smtps://HOST[:PORT]", is_mail_server);
    text(map_.find("user"), "user", made_.user, "write a name without blanks",
         [](const std::string& value) { return !value.empty() && printable(value); });
    path("password_file", made_.password_file);
    path("ca_file", made_.ca_file);
    const Node* const user = map_.find("user");
    const Node* const password = map_.find("password_file");
    if ((user == nullptr) != (password == nullptr)) {
      mistakes_.add(user != nullptr ? *user : *password,
                    user != nullptr ? "user without password_file" : "password_file without user",
                    "write both, or none");
    }
    const Node* const reports = map_.find("reports");
    if (reports == nullptr) return;
    for (const Node* const one : mistakes_.scalars(*reports, "reports")) {
      if (std::find(kReports.begin(), kReports.end(), one->text) == kReports.end())
        mistakes_.add(*one, fmt::format("there is no report {}", shown(*one)),
                      "write daily, weekly or monthly");
      made_.reports.push_back(one->text);
    }
  }

  void webhook() {
    if (needed("secret_file", "secret_file: /etc/weir/desk.secret") != nullptr)
      path("secret_file", made_.secret_file);
    path("ca_file", made_.ca_file);
  }

  void facility() {
    const Node* const node = map_.find("facility");
    if (node == nullptr) return;
    const auto* const found = std::find(kFacilities.begin(), kFacilities.end(), node->text);
    if (node->kind != Node::Kind::kScalar || node->text.empty() || found == kFacilities.end())
      return mistakes_.add(*node, fmt::format("facility is {}", shown(*node)),
                           "write user, mail, daemon, auth or local0 to local7");
    made_.facility = static_cast<std::uint32_t>(found - kFacilities.begin());
  }

  const Node& map_;
  Mistakes& mistakes_;
  NotificationReceiver made_;
};

}  // namespace

const char* to_string(ReceiverKind kind) { return kKinds.at(static_cast<std::size_t>(kind)).data(); }

bool parse_syslog_address(std::string_view text, SyslogAddress& into) {
  constexpr std::size_t kSocketPathMax = 107;  // sun_path, with its end
  if (!printable(text)) return false;
  if (text.starts_with("unix:/")) {
    into = {SyslogAddress::Way::kLocal, {}, {}, std::string(text.substr(5))};
    return into.path.size() <= kSocketPathMax;
  }
  const bool udp = text.starts_with("udp://");
  if (!udp && !text.starts_with("tcp://")) return false;
  into.way = udp ? SyslogAddress::Way::kUdp : SyslogAddress::Way::kTcp;
  return split_host(text.substr(6), into.host, into.port) && !into.port.empty();
}

bool NotificationReceiver::wants(std::string_view rule) const {
  return rules.empty() || std::any_of(rules.begin(), rules.end(), [&](std::string_view wanted) {
           return wanted.ends_with('*') ? rule.starts_with(wanted.substr(0, wanted.size() - 1))
                                        : rule == wanted;
         });
}

std::vector<NotificationReceiver> read_receivers(const Node& list, Mistakes& mistakes) {
  std::vector<NotificationReceiver> all;
  if (list.kind != Node::Kind::kList) {
    mistakes.add(list, fmt::format("notifications must be a list of receivers, not {}", shown(list)),
                 "write - {name: officers, kind: mail, to: officer@example.org, ...}");
    return all;
  }
  if (list.items.size() > kReceiversMax) {
    mistakes.add(list, fmt::format("{} receivers, more than {}", list.items.size(), kReceiversMax));
    return all;
  }
  std::set<std::string> names;
  for (const Node& item : list.items) {
    all.push_back(ReceiverReader{item, mistakes}.read());
    const std::string& name = all.back().name;
    if (!name.empty() && !names.insert(name).second) {
      mistakes.add(*item.find("name"), fmt::format("a receiver is already called {}", name),
                   "give each receiver its own name");
    }
  }
  return all;
}

}  // namespace weir
