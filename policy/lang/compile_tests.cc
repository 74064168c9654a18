// SPDX-License-Identifier: Apache-2.0
// The list `tests`: flows that somebody thought of, and what the policy has to say about each.
#include <fmt/format.h>

#include <algorithm>

#include "policy/categories/canonical_name.h"
#include "policy/lang/builder.h"
#include "policy/lang/date_text.h"
#include "policy/lang/words.h"

namespace weir::policy {
namespace {

constexpr std::string_view kOutside = "192.0.2.1";  // where a flow goes that does not say it
constexpr std::string_view kOutsideV6 = "2001:db8::1";
constexpr std::uint16_t kClientPort = 40'000;
constexpr std::int64_t kAMonday = 20'458;  // 2026-01-05, in days since 1970-01-01
constexpr int kNoon = 12 * 60;

/// Facts from the keys of one flow. A key that is matched by rules is read by the reader of rules.
class FlowReader {
 public:
  FlowReader(Builder& builder, const Node& flow) : builder_(builder), flow_(flow) {}

  void read(PolicyTest& test) {
    if (!expect_map(builder_, flow_, "flow")) return;
    check_keys(builder_, flow_, KeyMap::kFlow);
    FlowFacts& facts = test.facts;
    facts.app_final = facts.names_final = true;
    facts.master = "Unknown";
    read_mail(facts.mail);  // the port depends on it
    read_ends(facts);
    read_client(facts);
    read_names(facts);
    read_request(facts.http);
    read_software(facts);
    test.at = read_time();
    facts.started = test.at;
    read_clicks(test);
    read_used_up(test);
  }

 private:
  void mistake(const Node& at, std::string_view what, std::string_view advice) {
    builder_.mistakes.add(at, fmt::format("{} is {}", what, shown(at)), std::string(advice));
  }

  /// What a rule with `key` would match; a test says one value.
  Match match(Section section, std::string_view key, std::string_view rule_key) {
    const Node* const value = flow_.find(key);
    if (value == nullptr) return {};
    if (value->kind != Node::Kind::kScalar) {
      mistake(*value, key, "write one value");
      return {};
    }
    Node rule;
    rule.kind = Node::Kind::kMap;
    rule.entries.push_back({std::string(rule_key), value->line, value->column, *value});
    return compile_match(builder_, section, rule);
  }
  Match match(Section section, std::string_view key) { return match(section, key, key); }

  std::optional<IpAddress> address(std::string_view key) {
    const Node* const node = flow_.find(key);
    if (node == nullptr) return std::nullopt;
    const auto parsed = IpAddress::parse(node->text);
    if (!parsed) mistake(*node, key, "write an address, such as 10.0.0.1 or fd00::1");
    return parsed;
  }

  void read_ends(FlowFacts& facts) {
    if (flow_.find("client") == nullptr)
      builder_.mistakes.add(flow_, "the flow has no client", "add client: its address");
    const IpAddress client = address("client").value_or(IpAddress{});
    const auto outside = IpAddress::parse(client.is_v4() ? kOutside : kOutsideV6);
    const Match protocol = match(Section::kNetwork, "protocol");
    const Match port = match(Section::kNetwork, "port");
    facts.tuple = {client, address("to").value_or(*outside), kClientPort, usual_port(facts.mail),
                   protocol.protocols.empty()
                       ? kProtocolTcp
                       : protocol.protocols[client.is_v4() ? 0 : protocol.protocols.size() - 1]};
    if (!port.ports.empty()) facts.tuple.responder_port = port.ports[0].low;
    if (const Node* const vlan = flow_.find("vlan")) {
      facts.vlan = static_cast<std::uint16_t>(builder_.mistakes.integer(*vlan, "vlan", 1, 4'094).value_or(0));
    }
    if (const Node* const mac = flow_.find("mac")) {
      const auto parsed = MacAddress::parse(mac->text);
      if (!parsed) mistake(*mac, "mac", "write 02:00:00:00:00:01");
      facts.client_mac = parsed.value_or(MacAddress{});
    }
    if (const Match place = match(Section::kNetwork, "country"); !place.countries.empty())
      facts.country = place.countries[0];
    if (const Match place = match(Section::kNetwork, "asn"); !place.asns.empty()) facts.asn = place.asns[0];
  }

  /// As the sources that a policy believes without being told to say it.
  void read_client(FlowFacts& facts) {
    ClientFacts client;
    client.host_name = one_text("client_name");
    if (!client.host_name.empty()) client.host_name_source = HostNameSource::kDhcp;
    client.user = one_text("user");
    if (!client.user.empty()) client.user_source = UserSource::kRadius;
    if (client != ClientFacts{}) facts.client_identity = std::make_shared<const ClientFacts>(client);
  }

  static std::uint16_t usual_port(const MailFacts& mail) {
    if (!mail.seen) return 443;
    if (mail.protocol == "submission") return 587;
    if (mail.protocol == "imap") return 143;
    return mail.protocol == "pop3" ? 110 : 25;
  }

  void read_names(FlowFacts& facts) {
    if (const Node* const host = flow_.find("host")) {
      const auto name = canonical_name(host->text);
      if (!name) mistake(*host, "host", "write a name, such as www.name.example");
      facts.host = name.value_or("");
      facts.host_source = NameSource::kTlsSni;
    }
    if (const Node* const engine = flow_.find("engine")) {
      if (!is_name(*engine)) mistake(*engine, "engine", kNameAdvice);
      facts.host_source = NameSource::kDnsQuery;
      facts.dns = {.seen = true, .query = facts.host, .engine = engine->text};
    }
    const Match app = match(Section::kNetwork, "app");
    if (app.apps.empty()) return;
    facts.confidence = AppConfidence::kDpi;
    if (app.apps[0].kind == AppMatch::Kind::kName) {
      facts.app = app.apps[0].name;
    } else {
      facts.encrypted_dns = app.apps[0].kind == AppMatch::Kind::kDoh   ? EncryptedDns::kDoh
                            : app.apps[0].kind == AppMatch::Kind::kDot ? EncryptedDns::kDot
                                                                       : EncryptedDns::kDoq;
    }
  }

  std::string mail_address(std::string_view key) {
    const Node* const node = flow_.find(key);
    if (node == nullptr) return {};
    const Match found = match(Section::kEmail, key);
    const AddressMatch& match = key == "sender" ? found.sender : found.recipient;
    if (!match.addresses.empty()) return match.addresses[0];
    mistake(*node, key, "write a whole address, name@domain.example");
    return {};
  }

  void read_mail(MailFacts& mail) {
    const Match protocol = match(Section::kEmail, "mail", "protocol");
    mail.seen = !protocol.mail_protocols.empty();
    if (mail.seen) mail.protocol = protocol.mail_protocols[0];
    mail.sender = mail_address("sender");
    if (std::string recipient = mail_address("recipient"); !recipient.empty())
      mail.recipients.push_back(std::move(recipient));
    mail.starttls_used = match(Section::kEmail, "tls").tls.value_or(false);
    if (flow_.find("subject") != nullptr || flow_.find("attachment") != nullptr) {
      MailMessage& message = mail.message.emplace_back();
      message.subject = one_text("subject");
      message.headers_done = true;
      if (std::string name = one_text("attachment"); !name.empty())
        message.attachments.push_back({.name = std::move(name)});
    }
    for (const std::string_view key : {"sender", "recipient", "tls", "subject", "attachment"}) {
      const Node* const node = flow_.find(key);
      if (node == nullptr || flow_.find("mail") != nullptr) continue;
      builder_.mistakes.add(*node, fmt::format("{} without mail", key),
                            "add mail: smtp, submission, imap or pop3");
    }
  }

  /// Empty: the key is not there.
  std::string one_text(std::string_view key) {
    const Node* const node = flow_.find(key);
    return node == nullptr ? std::string{} : builder_.mistakes.text(*node, key);
  }

  void read_request(HttpFacts& http) {
    http.method = one_text("method");
    http.url_path = one_text("path");
    http.seen = !http.method.empty() || !http.url_path.empty();
  }

  /// "firefox", or with a version: "firefox 115".
  void read_software(FlowFacts& facts) {
    const Node* const products = flow_.find("software");
    if (products == nullptr) return;
    for (const Node* const value : values_of(builder_, *products, "software")) {
      const std::string_view text = value->text;
      const std::size_t space = text.find(' ');
      if (!is_name(text.substr(0, space))) {
        mistake(*value, "software", "write a product of the catalogue, such as firefox or \"firefox 115\"");
        continue;
      }
      const std::string_view version = space == std::string_view::npos ? "" : text.substr(space + 1);
      facts.software.push_back({std::string(text.substr(0, space)), std::string(version), "test"});
    }
  }

  void read_clicks(PolicyTest& test) {
    const Node* const names = flow_.find("clicked_through");
    if (names == nullptr) return;
    const std::vector<Rule>& rules = builder_.parts.rules[static_cast<std::size_t>(Section::kWeb)];
    for (const Node* const name : values_of(builder_, *names, "clicked_through")) {
      const auto rule = std::find_if(rules.begin(), rules.end(), [&](const Rule& one) {
        return one.name == name->text && one.then == Action::kContinue;
      });
      if (rule == rules.end()) {
        builder_.mistakes.add(*name, fmt::format("no rule with then: continue is called {}", shown(*name)),
                              "write the name of one");
      } else {
        test.clicked_through.push_back({rule->name, test.at + rule->click_for});
      }
    }
  }

  void read_used_up(PolicyTest& test) {
    const Node* const names = flow_.find("used_up");
    if (names == nullptr) return;
    std::vector<std::string_view> with_quota;
    for (const std::vector<Rule>& rules : builder_.parts.rules) {
      for (const Rule& rule : rules)
        if (rule.quota) with_quota.push_back(rule.name);
    }
    for (const Node* const name : values_of(builder_, *names, "used_up")) {
      test.used_up.push_back(name->text);
      if (std::find(with_quota.begin(), with_quota.end(), name->text) != with_quota.end()) continue;
      builder_.mistakes.add(*name, fmt::format("no rule {} has a quota", shown(*name)),
                            meant(name->text, with_quota, "write the name of a rule with a quota"));
    }
  }

  TimeNs read_time() {
    const Node* const at = flow_.find("at");
    if (at == nullptr) return local_time(kAMonday, kNoon);
    const std::string_view text = at->text;
    const std::size_t space = text.find(' ');
    const auto minute = parse_minute(space == std::string_view::npos ? text : text.substr(space + 1));
    const auto weekday = parse_day(text.substr(0, space));
    const auto date = parse_date(text.substr(0, space));
    if (minute && (weekday || date)) return local_time(date ? *date : kAMonday + *weekday, *minute);
    mistake(*at, "at", "write \"mon 09:30\" or \"2026-11-27 09:30\"");
    return 0;
  }

  [[nodiscard]] TimeNs local_time(std::int64_t days, int minute) const {
    return builder_.parts.zone.instant(days, minute) * kSecond;
  }

  Builder& builder_;
  const Node& flow_;
};

void compile_expectation(Builder& builder, const Node& node, PolicyTest& test) {
  const Node* const expect = node.find("expect");
  if (expect == nullptr) {
    builder.mistakes.add(node, "the test does not say what it expects",
                         "add expect: block, or what else the policy should say");
    return;
  }
  if (!word_of(builder, *expect, KeyMap::kTest, "expect")) return;
  test.expect = action_of(expect->text).value_or(Action::kAllow);
  if (const Node* const exception = node.find("exception")) {
    test.exception = exception->text;
    std::vector<std::string_view> named;
    for (const Exception& one : builder.parts.exceptions) named.push_back(one.name);
    if (std::find(named.begin(), named.end(), test.exception) == named.end())
      builder.mistakes.add(*exception, fmt::format("no exception is called {}", shown(*exception)),
                           meant(test.exception, named, "write the name of an exception of this policy"));
  }
  const Node* const rule = node.find("rule");
  if (rule == nullptr) return;
  test.rule = rule->text;
  std::vector<std::string_view> known;
  for (const RuleSummary& summary : builder.parts.summaries) known.push_back(summary.name);
  known.push_back(builder.parts.software.unknown.name);
  if (std::find(known.begin(), known.end(), test.rule) != known.end()) return;
  builder.mistakes.add(*rule, fmt::format("no rule is called {}", shown(*rule)),
                       meant(test.rule, known, "write the name of a rule of this policy"));
}

void compile_test(Builder& builder, const Node& node) {
  if (!expect_map(builder, node, "a test")) return;
  check_keys(builder, node, KeyMap::kTest);
  PolicyTest test;
  test.line = node.line;
  test.column = node.column;
  if (const Node* const name = node.find("test"); name == nullptr) {
    builder.mistakes.add(node, "the test has no name", "add test: a-name");
  } else if (!is_name(*name)) {
    builder.mistakes.add(*name, fmt::format("{} is not a name for a test", shown(*name)), kNameAdvice);
  } else {
    test.name = name->text;
  }
  if (const Node* const flow = node.find("flow")) {
    FlowReader{builder, *flow}.read(test);
  } else {
    builder.mistakes.add(node, "the test has no flow", "add flow: {client: 10.0.0.1, host: name.example}");
  }
  compile_expectation(builder, node, test);
  builder.parts.tests.push_back(std::move(test));
}

}  // namespace

void compile_tests(Builder& builder, const Node& tests) {
  if (tests.kind != Node::Kind::kList) {
    builder.mistakes.add(tests, fmt::format("tests must be a list, not {}", shown(tests)),
                         "write - {test: name, flow: {client: 10.0.0.1}, expect: allow}");
    return;
  }
  if (tests.items.size() > kTestsMax) {
    builder.mistakes.add(tests, fmt::format("{} tests, more than {}", tests.items.size(), kTestsMax));
    return;
  }
  for (const Node& test : tests.items) compile_test(builder, test);
}

}  // namespace weir::policy
