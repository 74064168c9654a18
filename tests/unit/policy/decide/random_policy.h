// SPDX-License-Identifier: Apache-2.0
// Random policies, random flows and random instants, each the same for the same seed, from few values so that
// rules often match.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "tests/unit/policy/decide/naive.h"
#include "tests/unit/policy/decide/policy_text.h"

namespace weir::policy {

class Dice {
 public:
  explicit Dice(unsigned seed) : random_(seed) {}
  bool once_in(unsigned n) { return random_() % n == 0; }
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  int between(int low, int high) {
    return low + static_cast<int>(below(static_cast<unsigned>(high - low + 1)));
  }
  template <typename T>
  const T& one_of(const std::vector<T>& values) {
    return values[below(static_cast<unsigned>(values.size()))];
  }
  template <typename T>
  std::vector<T> some_of(const std::vector<T>& values) {
    std::vector<T> some{one_of(values)};
    for (const T& value : values) {
      if (once_in(4) && !naive::holds(some, value)) some.push_back(value);
    }
    return some;
  }

 private:
  std::mt19937 random_;
};

inline const std::vector<std::string> kZones{"UTC", "America/Toronto", "Europe/Paris", "Australia/Lord_Howe"};
inline const std::vector<std::string> kClients{"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.1.1", "fd00::1"};
inline const std::vector<std::string> kClientNets{"10.0.0.0/30", "10.0.0.0/16", "fd00::/64", "0.0.0.0/0"};
inline const std::vector<std::string> kMacs{"02:00:00:00:00:01", "02:00:00:00:00:02"};
inline const std::vector<std::string> kHostNames{"pc1", "PC2.lab.example", "pc2.other.example", "lab"};
inline const std::vector<std::string> kHostPatterns{"pc1", "pc2",           "pc*",
                                                    "*",   "*.lab.example", "PC2.Lab.Example"};
inline const std::vector<std::string> kHostSources{"dhcp", "mdns", "kerberos"};
inline const std::vector<std::string> kUsers{"anna", "Anna@EXAMPLE.LAN", "EXAMPLE\\anna", "bert@OTHER.LAN"};
inline const std::vector<std::string> kUserPatterns{"anna",        "bert",       "anna@example.lan",
                                                    "*@other.lan", "EXAMPLE\\*", "b*"};
inline const std::vector<std::string> kServers{"203.0.113.1", "203.0.113.2", "198.51.100.7", "2001:db8::1"};
inline const std::vector<std::string> kServerNets{"203.0.113.1",  "203.0.113.0/30", "203.0.112.0/20",
                                                  "198.51.100.7", "0.0.0.0/0",      "2001:db8::/32"};
inline const std::vector<std::string> kApps{"BitTorrent", "YouTube", "TLS", "DNS",
                                            "GRE",        "doh",     "dot", "doq"};
inline const std::vector<std::string> kLabels{"BitTorrent", "YouTube", "TLS",   "DNS",
                                              "DoH_DoT",    "SMTP",    "IMAPS", "Unknown"};
inline const std::vector<std::string> kCountries{"CA", "US", "DE"};
inline const std::vector<int> kAsns{64'496, 64'497};
inline const std::vector<int> kPorts{25, 53, 80, 443, 587, 853};
inline const std::vector<std::pair<int, int>> kRanges{{25, 25}, {53, 80}, {80, 443}, {443, 443}, {1, 65'535}};
inline const std::vector<std::string> kPatterns{"a.example",   "b.example",     "*.a.example",
                                                "c.b.example", "*.example.org", "example.org"};
inline const std::vector<std::string> kNames{"a.example",     "x.a.example",   "b.example",
                                             "c.b.example",   "d.c.b.example", "example.org",
                                             "y.example.org", "other.test",    "aa.example"};
inline const std::vector<std::string> kProducts{"curl", "wget", "bittorrent", "firefox"};

/// Where clocks change, in seconds of the Unix epoch: Toronto and Paris in both directions in 2026, Lord Howe
/// by half an hour, the ends of leap days, and a change far beyond every table.
inline const std::vector<std::int64_t> kChanges{1'772'953'200, 1'793'512'800, 1'774'746'000, 1'792'890'000,
                                                1'775'314'800, 1'791'041'400, 1'709'164'800, 1'709'251'200,
                                                1'835'395'200, 1'835'481'600, 3'414'380'400};

inline TimeNs random_time(Dice& dice) {
  const std::int64_t change = dice.one_of(kChanges);
  const int away_s = dice.once_in(3) ? dice.between(-4'000, 4'000) : dice.between(-400'000, 400'000);
  return (change + away_s) * kSecond + dice.between(0, 999'999'999);
}

inline naive::Group random_group(Dice& dice, const std::string& name) {
  naive::Group group{.name = name};
  if (dice.once_in(2)) group.hosts = dice.some_of(kClients);
  if (dice.once_in(4)) group.subnets = dice.some_of(kClientNets);
  if (dice.once_in(6)) group.macs = dice.some_of(kMacs);
  if (dice.once_in(6)) group.vlans = {dice.between(29, 31)};
  if (dice.once_in(4)) group.names = dice.some_of(kHostPatterns);
  if (!group.names.empty() && dice.once_in(3)) group.names_from = dice.some_of(kHostSources);
  if (dice.once_in(4)) group.users = dice.some_of(kUserPatterns);
  if (group.hosts.empty() && group.subnets.empty() && group.macs.empty() && group.vlans.empty() &&
      group.names.empty() && group.users.empty())
    group.hosts = {dice.one_of(kClients)};
  return group;
}

inline naive::Schedule random_schedule(Dice& dice, const std::string& name) {
  naive::Schedule schedule{.name = name};
  for (int day = 0; day < 7; ++day) {
    if (dice.once_in(2)) schedule.days.push_back(day);
  }
  const std::vector<int> minutes{0, 60, 90, 120, 150, 180, 510, 720, 1'050, 1'320, 1'439};
  for (unsigned spans = dice.below(3) + (schedule.days.empty() ? 1 : 0); spans > 0; --spans) {
    const int begin = dice.one_of(minutes);
    const int end = dice.once_in(6) ? 1'440 : dice.one_of(minutes);
    if (begin != end) schedule.hours.emplace_back(begin, end);
  }
  if (schedule.days.empty() && schedule.hours.empty()) schedule.hours.emplace_back(480, 1'020);
  return schedule;
}

template <typename T>
std::vector<std::string> names_in(const std::vector<T>& all) {
  return naive::words(all, [](const T& one) { return one.name; });
}

template <typename T>
std::optional<naive::Named> random_condition(Dice& dice, const std::vector<T>& all) {
  if (all.empty() || !dice.once_in(3)) return std::nullopt;
  return naive::Named{dice.some_of(names_in(all)), dice.once_in(2)};
}

inline void random_mail_match(Dice& dice, const std::vector<std::string>& domains, naive::Rule& rule) {
  std::vector<std::string> addresses = domains;
  addresses.insert(addresses.end(), {"u@a.example", "u@other.test"});
  if (dice.once_in(3))
    rule.mail_protocols = dice.some_of<std::string>({"smtp", "submission", "imap", "pop3"});
  if (dice.once_in(3)) rule.senders = dice.some_of(addresses);
  if (dice.once_in(2)) rule.recipients = dice.some_of(addresses);
  if (dice.once_in(4)) rule.tls = dice.once_in(2) ? "none" : "starttls";
  if (dice.once_in(6)) rule.from = dice.some_of(addresses);
  if (dice.once_in(6)) rule.subjects = dice.some_of<std::string>({"*Bill*", "hello", "re:*a"});
  if (dice.once_in(6)) rule.recipients_over = dice.between(0, 3);
  if (dice.once_in(6)) rule.attachment_types = dice.some_of<std::string>({"pe", "zip", "exe"});
  rule.encrypted = dice.once_in(10);
}

inline naive::Rule random_rule(Dice& dice, Section section, const naive::Policy& policy, unsigned number) {
  naive::Rule rule;
  rule.name = "r" + std::to_string(number);
  rule.who = random_condition(dice, policy.groups);
  rule.when = random_condition(dice, policy.schedules);
  std::vector<std::string> domains = kPatterns;
  for (const std::string& list : names_in(policy.lists)) domains.push_back(list);
  if (section != Section::kEmail) {
    if (dice.once_in(3)) rule.apps = dice.some_of(kApps);
    if (dice.once_in(4)) rule.countries = dice.some_of(kCountries);
  }
  if (section == Section::kNetwork) {
    if (dice.once_in(4)) rule.destinations = dice.some_of(kServerNets);
    if (dice.once_in(5)) rule.protocols = dice.some_of<std::string>({"udp", "tcp", "icmp"});
    if (dice.once_in(5)) rule.asns = dice.some_of(kAsns);
    if (dice.once_in(3)) rule.ports = dice.some_of(kRanges);
  } else if (section == Section::kWeb) {
    if (dice.once_in(2)) rule.domains = dice.some_of(domains);
    if (!policy.categories.empty() && dice.once_in(3))
      rule.categories = dice.some_of(names_in(policy.categories));
    if (dice.once_in(6)) rule.paths = dice.some_of<std::string>({"/", "/a*", "*.exe"});
    if (dice.once_in(8)) rule.methods = dice.some_of<std::string>({"GET", "post"});
    if (dice.once_in(8)) rule.content_types = dice.some_of<std::string>({"text/*", "image/png"});
  } else {
    random_mail_match(dice, domains, rule);
  }
  const Action own = section == Section::kEmail                    ? Action::kRefuse
                     : section == Section::kWeb && dice.once_in(3) ? Action::kSafeSearch
                     : section == Section::kWeb && dice.once_in(2) ? Action::kContinue
                     : section == Section::kWeb                    ? Action::kPage
                                                                   : Action::kBlock;
  rule.then = dice.one_of<Action>({Action::kAllow, Action::kReport, Action::kLimit, own, Action::kBlock});
  if (rule.then != Action::kAllow && dice.once_in(5)) {
    rule.quota_flows = dice.between(1, 4);
    rule.quota_per = dice.one_of<std::string>({"client", "user", "group", "all"});
  }
  rule.monitor = dice.once_in(5);
  rule.allow_guess = (!rule.apps.empty() || !rule.mail_protocols.empty()) && dice.once_in(3);
  return rule;
}

inline void random_software(Dice& dice, naive::Policy& policy) {
  policy.unknown = dice.one_of<Action>({Action::kAllow, Action::kReport, Action::kBlock});
  for (const std::string& product : kProducts) {
    if (dice.once_in(3)) {
      naive::Authorised entry{.product = product};
      if (dice.once_in(2)) entry.least = dice.between(100, 120);
      if (dice.once_in(3)) entry.below = dice.between(110, 130);
      if (dice.once_in(3))
        entry.until = dice.one_of<std::string>({"2026-03-08", "2026-11-01", "2024-02-29", "2028-02-28"});
      policy.authorised.push_back(std::move(entry));
    } else if (dice.once_in(2)) {
      policy.unauthorised.push_back(
          {product, dice.once_in(2) ? Action::kBlock : Action::kReport, dice.once_in(4)});
    }
  }
}

/// At most `rules_max` rules in a section.
inline naive::Policy random_policy(Dice& dice, unsigned rules_max = 4) {
  naive::Policy policy;
  policy.zone = dice.one_of(kZones);
  policy.monitor = dice.once_in(8);
  for (unsigned i = dice.below(4); i > 0; --i)
    policy.groups.push_back(random_group(dice, "g" + std::to_string(i)));
  for (unsigned i = dice.below(4); i > 0; --i)
    policy.schedules.push_back(random_schedule(dice, "s" + std::to_string(i)));
  for (unsigned i = dice.below(3); i > 0; --i)
    policy.lists.push_back({"l" + std::to_string(i), dice.some_of(kPatterns)});
  for (unsigned i = dice.below(3); i > 0; --i)
    policy.categories.push_back({"c" + std::to_string(i), dice.some_of(kPatterns)});
  unsigned number = 0;
  for (const Section section : {Section::kNetwork, Section::kWeb, Section::kEmail}) {
    for (unsigned i = dice.below(rules_max + 1); i > 0; --i)
      policy.rules[static_cast<std::size_t>(section)].push_back(random_rule(dice, section, policy, ++number));
  }
  if (dice.once_in(2)) random_software(dice, policy);
  return policy;
}

inline void random_mail(Dice& dice, Flow& flow) {
  const auto address = [&] { return dice.once_in(4) ? std::string{} : "u@" + dice.one_of(kNames); };
  flow.mail(dice.one_of<std::string>({"smtp", "submission", "imap"}).c_str(), address().c_str(),
            address().c_str());
  for (unsigned i = dice.below(3); i > 0; --i)
    flow.facts.mail.recipients.push_back("u@" + dice.one_of(kNames));
  flow.facts.mail.starttls_used = dice.once_in(2);
  if (!dice.once_in(2)) return;
  MailMessage& message = flow.facts.mail.message.emplace_back();
  message.from = address();
  message.subject = dice.one_of<std::string>({"", "hello", "Your bill", "RE: data"});
  message.headers_done = !dice.once_in(3);
  for (unsigned i = dice.below(3); i > 0; --i) {
    message.attachments.push_back({.name = dice.one_of<std::string>({"", "a.zip", "a.exe", "exe"}),
                                   .type = dice.one_of<std::string>({"", "pe", "zip"}),
                                   .encrypted = dice.once_in(3)});
  }
}

inline void random_http(Dice& dice, Flow& flow) {
  flow.http(dice.one_of(kNames).c_str());
  HttpFacts& http = flow.facts.http;
  http.method = dice.one_of<std::string>({"GET", "POST"});
  http.url_path = dice.one_of<std::string>({"/", "/a", "/ab/x.exe", "/b"});
  if (dice.once_in(2)) http.content_type = dice.one_of<std::string>({"text/html; charset=x", "image/png"});
}

inline void random_tls(Dice& dice, Flow& flow) {
  flow.tls(dice.one_of(kNames).c_str());
  if (dice.once_in(8)) flow.facts.tls.alpn = {dice.once_in(2) ? "doq" : "dot"};
  if (dice.once_in(4)) {
    flow.facts.tls.ech_offered = true;
    flow.facts.dns_name_ech = dice.once_in(2);
    flow.facts.dns_name = dice.one_of(kNames);
  }
}

inline void random_content(Dice& dice, Flow& flow) {
  switch (dice.below(6)) {
    case 0:
      return random_tls(dice, flow);
    case 1:
      return random_http(dice, flow);
    case 2:
      flow.dns(dice.one_of(kNames).c_str());
      if (dice.once_in(2)) flow.facts.dns.engine = "search";
      return;
    case 3:
      return random_mail(dice, flow);
    case 4:
      flow.facts.host = dice.one_of(kNames);
      flow.facts.host_source = dice.once_in(2) ? NameSource::kNdpi : NameSource::kDnsEvidence;
      return;
    default:
      return;
  }
}

inline void random_identity(Dice& dice, Flow& flow) {
  ClientFacts client;
  if (dice.once_in(2)) {
    client.host_name = dice.one_of(kHostNames);
    client.host_name_source = static_cast<HostNameSource>(dice.between(1, kHostNameSources - 1));
  }
  if (dice.once_in(2)) {
    client.user = dice.one_of(kUsers);
    client.user_source = static_cast<UserSource>(dice.between(1, kUserSources - 1));
  }
  flow.identity(client);
}

inline Flow random_flow(Dice& dice) {
  Flow flow;
  flow.client(dice.one_of(kClients).c_str());
  const std::uint8_t protocol =
      dice.one_of<std::uint8_t>({kProtocolTcp, kProtocolTcp, kProtocolUdp, kProtocolIcmp});
  flow.server(dice.one_of(kServers).c_str(), static_cast<std::uint16_t>(dice.one_of(kPorts)), protocol);
  if (dice.once_in(6)) {  // somebody outside began it
    std::swap(flow.facts.tuple.initiator, flow.facts.tuple.responder);
    flow.facts.initiator_inside = false;
  }
  if (dice.once_in(4)) flow.facts.vlan = static_cast<std::uint16_t>(dice.between(29, 31));
  if (dice.once_in(3)) flow.facts.client_mac = *MacAddress::parse(dice.one_of(kMacs));
  if (dice.once_in(2)) random_identity(dice, flow);
  if (dice.once_in(2))
    flow.place(dice.one_of(kCountries).c_str(), static_cast<std::uint32_t>(dice.one_of(kAsns)));
  if (dice.once_in(2)) {
    flow.app(dice.one_of(kLabels).c_str(), dice.once_in(2) ? dice.one_of(kLabels).c_str() : "",
             static_cast<AppConfidence>(dice.below(6)));
  }
  if (dice.once_in(8)) flow.facts.encrypted_dns = static_cast<EncryptedDns>(dice.between(1, 3));
  if (dice.once_in(6)) {
    flow.facts.tunnel = tunnel_of_type(dice.once_in(2) ? "gre" : "vxlan", flow.facts.tuple.initiator.is_v4());
    flow.facts.tunnel.low_end = *IpAddress::parse(dice.one_of(kServers));
    flow.facts.tunnel.high_end = *IpAddress::parse(dice.one_of(kClients));
  }
  random_content(dice, flow);
  if (dice.once_in(3)) {
    for (const std::string& product : dice.some_of(kProducts)) {
      flow.software(product.c_str(), dice.one_of<std::string>({"", "99", "112", "125"}).c_str(),
                    dice.once_in(3) ? "app: YouTube" : "user-agent: x");
    }
  }
  return flow;
}

/// What some of all who may be meant used of some quotas.
inline naive::Used random_use(Dice& dice, const naive::Policy& policy) {
  std::vector<std::string> subjects = kClients;
  subjects.push_back("all");
  subjects.insert(subjects.end(), kUsers.begin(), kUsers.end());
  for (const std::string& group : names_in(policy.groups)) subjects.push_back("group " + group);
  naive::Used used;
  for (const auto& rules : policy.rules) {
    for (const naive::Rule& rule : rules) {
      for (const std::string& subject : subjects)
        if (rule.quota_flows && dice.once_in(2)) used[{rule.name, subject}] = dice.between(0, 5);
    }
  }
  return used;
}

inline QuotaTable table_of(const naive::Used& used, TimeNs now) {
  QuotaTable table;
  for (const auto& [key, flows] : used) {
    const QuotaUse use{.flows = static_cast<std::uint64_t>(flows)};
    EXPECT_TRUE(table.learn({key.first, key.second, now + 1, use}, now));
  }
  return table;
}

/// Rules of the section web that the client clicked through, which may have another action by now.
inline std::vector<ClickThrough> random_clicks(Dice& dice, const naive::Policy& policy, TimeNs now) {
  std::vector<ClickThrough> clicks;
  for (const naive::Rule& rule : policy.rules[static_cast<std::size_t>(Section::kWeb)])
    if (dice.once_in(3)) clicks.push_back({rule.name, now + dice.between(1, 86'400) * kSecond});
  return clicks;
}

inline std::string in_short_without_objects(const Decision& decision) {
  std::string text = std::string(to_string(decision.action)) + " " + decision.rule;
  for (const RuleHit& hit : decision.hits) text += " " + hit.rule + (hit.would_block ? "?" : "");
  return text;
}

inline std::string shown(const FlowFacts& facts) {
  std::string text =
      facts.client().to_string() + " > " + facts.tuple.responder.to_string() + " " +
      std::to_string(facts.tuple.protocol) + "/" + std::to_string(facts.tuple.responder_port) + " vlan " +
      std::to_string(facts.vlan) + " identity " +
      (facts.client_identity == nullptr
           ? std::string("none")
           : facts.client_identity->host_name + " " + to_string(facts.client_identity->host_name_source) +
                 " " + facts.client_identity->user + " " + to_string(facts.client_identity->user_source)) +
      " mac " + facts.client_mac.to_string() + " master " + facts.master + " app " + facts.app + " (" +
      to_string(facts.confidence) + ") dns " + to_string(facts.encrypted_dns) + " tunnel " +
      std::string(facts.tunnel.type) + " host " + facts.host + " mail " + facts.mail.protocol + " " +
      facts.mail.sender + " > " + facts.mail.pending_recipient + " country " + facts.country;
  for (const SoftwareFact& fact : facts.software)
    text += " " + fact.product + " " + fact.version + " (" + fact.evidence + ")";
  return text;
}

}  // namespace weir::policy
