// SPDX-License-Identifier: Apache-2.0
#include "policy/decide/evaluation.h"

#include <algorithm>

#include "policy/decide/schedule.h"
#include "policy/decide/why.h"
#include "policy/lang/app_names.h"

namespace weir::policy {
namespace {

template <typename T>
bool has(const std::vector<T>& values, const T& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

bool holds_port(const std::vector<PortRange>& ranges, std::uint16_t port) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const PortRange& r) { return port >= r.low && port <= r.high; });
}

bool holds_address(const std::vector<Subnet>& subnets, const IpAddress& address) {
  return std::any_of(subnets.begin(), subnets.end(), [&](const Subnet& s) { return s.contains(address); });
}

bool known_app(std::string_view app) { return !app.empty() && app != "Unknown"; }

bool web_master(std::string_view master) { return master == "HTTP" || master == "TLS" || master == "QUIC"; }

}  // namespace

Evaluation::Evaluation(const PolicyParts& policy, const FlowFacts& facts, TimeNs now)
    : policy_(policy), facts_(facts), now_(now), group_(group_of(policy, facts)) {
  // nDPI's name is a label: what it says of a host may be cut or a decoy, so no rule sees it.
  if (facts.host_source != NameSource::kNdpi) add_name(facts.host);
  add_name(facts.tls.sni);
  add_name(facts.http.host);
  add_name(facts.dns.query);
  // A hello may show a cover name instead of the one that the client has a key for (RFC 9849 section 6.1).
  if (facts.tls.ech_offered && facts.dns_name_ech) add_name(facts.dns_name);
}

void Evaluation::add_name(std::string_view name) {
  if (name.empty()) return;
  for (std::size_t i = 0; i < names_used_; ++i) {
    if (names_[i].name.text == name) return;
  }
  Name& slot = *new (&names_[names_used_++].name) Name{};
  slot.text = name;
  if (policy_.domains.domains() > 0) policy_.domains.lookup(name, slot.sets);
}

const Group* Evaluation::group() const {
  return group_.index < policy_.groups.size() ? &policy_.groups[group_.index] : nullptr;
}

bool Evaluation::applies(Section section) const {
  switch (section) {
    case Section::kNetwork:
      return true;
    case Section::kWeb:
      // Mail in clear text is no navigation; once it goes over to TLS, the name in the hello is judged like
      // any.
      if (facts_.mail.seen && !facts_.tls.seen) return false;
      return names_used_ > 0 || facts_.tls.seen || facts_.http.seen || web_master(facts_.master);
    case Section::kEmail:
      return !mail_protocol().empty();
    case Section::kSoftware:
      return policy_.software.present && !facts_.software.empty();
  }
  return false;
}

bool Evaluation::in_schedule(const Schedule& schedule) {
  if (!local_) local_ = policy_.zone.local(now_ / kSecond - (now_ % kSecond < 0 ? 1 : 0));
  return holds_at(schedule, *local_);
}

/// Whose name a user is, is nobody's business here (docs/security.md): the event has it.
void Evaluation::say_group(Why why) const {
  const Group* const found = group();
  if (found == nullptr) return say(why, "the client is of no group");
  switch (group_.by) {
    case ClientGroup::By::kPlace:
      return say(why, "the client is of group {}", found->name);
    case ClientGroup::By::kName:
      return say(why, "the client is of group {}: its name is {} ({})", found->name,
                 facts_.client_identity->host_name, to_string(facts_.client_identity->host_name_source));
    case ClientGroup::By::kUser:
      return say(why, "the client is of group {}: a user of the group has logged in ({})", found->name,
                 to_string(facts_.client_identity->user_source));
  }
}

bool Evaluation::concerns(const Rule& rule, Why why) {
  if (!rule.who.always) {
    const bool inside = has(rule.who.any_of, static_cast<std::uint16_t>(group_.index));
    say_group(why);
    if (inside == rule.who.negated) return false;
  }
  if (!rule.when.always) {
    const auto now_in = std::find_if(rule.when.any_of.begin(), rule.when.any_of.end(),
                                     [&](std::uint16_t i) { return in_schedule(policy_.schedules[i]); });
    const bool inside = now_in != rule.when.any_of.end();
    if (inside) {
      say(why, "it is within {}", policy_.schedules[*now_in].name);
    } else {
      say(why, "it is outside of the rule's hours");
    }
    if (inside == rule.when.negated) return false;
  }
  return true;
}

bool Evaluation::matches(const Rule& rule, std::string_view& object, Why why) {
  if (!concerns(rule, why)) return false;
  const Match& match = rule.match;
  if (rule.section == Section::kEmail) return mail_keys(rule, object, why);
  if (shows_page(rule.then) && facts_.dns.seen) {
    say(why, "it is asked for in DNS, which a rule with then: {} lets pass", to_string(rule.then));
    return false;
  }
  if (rule.then == Action::kSafeSearch &&
      !expect(why, !facts_.dns.engine.empty(), "it is {} for the name of a search engine",
              facts_.dns.engine.empty() ? "no question" : "a question")) {
    return false;
  }
  if (!network_keys(rule, why)) return false;
  if (!match.apps.empty() && !app_key(rule, object, why)) return false;
  if (!match.domains.empty() && !name_key(match.domains, "domain", object, why)) return false;
  if (!match.categories.empty() && !name_key(match.categories, "category", object, why)) return false;
  return !match.of_content || (request_keys(match, object, why) && hello_keys(match, why));
}

bool Evaluation::end_keys(const Match& match, Why why) const {
  const FiveTuple& tuple = facts_.tuple;
  if (!match.protocols.empty()) {
    if (!expect(why, has(match.protocols, tuple.protocol), "the IP protocol is {}", tuple.protocol))
      return false;
  }
  if (!match.ports.empty()) {
    const std::uint16_t port = tuple.responder_port;
    if (!expect(why, holds_port(match.ports, port), "the port is {}", port)) return false;
  }
  if (!match.destinations.empty()) {
    const bool inside = holds_address(match.destinations, tuple.responder);
    if (why.text != nullptr) say(why, "the destination is {}", tuple.responder.to_string());
    if (!inside) return false;
  }
  return true;
}

bool Evaluation::tunnel_keys(const Match& match, Why why) const {
  const TunnelFacts& tunnel = facts_.tunnel;
  if (tunnel.type.empty()) return false;
  if (!match.protocols.empty() && !has(match.protocols, tunnel.protocol)) return false;
  if (!match.ports.empty() && !holds_port(match.ports, tunnel.port)) return false;
  if (!match.destinations.empty() && !holds_address(match.destinations, tunnel.low_end) &&
      !holds_address(match.destinations, tunnel.high_end)) {
    return false;
  }
  return expect(why, true, "the {} tunnel around it is what the rule asks for", tunnel.type);
}

bool Evaluation::network_keys(const Rule& rule, Why why) const {
  const Match& match = rule.match;
  // What a rule says of a tunnel holds for what goes through it.
  if (!end_keys(match, why) && !tunnel_keys(match, why)) return false;
  if (!match.asns.empty()) {
    if (facts_.asn == 0) return expect(why, false, "the autonomous system is not known");
    if (!expect(why, has(match.asns, facts_.asn), "the autonomous system is AS{}", facts_.asn)) return false;
  }
  if (!match.countries.empty()) {
    // The answering name server's country says nothing about the site that was asked for.
    const bool known = !facts_.country.empty() && !(facts_.dns.seen && rule.section == Section::kWeb);
    if (!known) return expect(why, false, "the country is not known");
    if (!expect(why, has(match.countries, facts_.country), "the country is {}", facts_.country)) return false;
  }
  return true;
}

bool Evaluation::app_is(const AppMatch& app) const {
  const bool udp = facts_.tuple.protocol == kProtocolUdp;
  const std::uint16_t port = facts_.tuple.responder_port;
  const bool labelled = same_word(facts_.app, "DoH_DoT") || same_word(facts_.master, "DoH_DoT");
  // RFC 9250 section 4.1.1; 784 and 8853 were used by its drafts.
  const bool quic_port = udp && (port == 853 || port == 784 || port == 8853);
  const bool tls_port = !udp && port == 853;  // RFC 7858 section 3.1
  switch (app.kind) {
    case AppMatch::Kind::kName:
      return same_word(facts_.app, app.name) || same_word(facts_.master, app.name) || is_tunnel(app);
    case AppMatch::Kind::kDoq:
      return says_encrypted_dns(app) || has(facts_.tls.alpn, std::string("doq")) || (labelled && quic_port);
    case AppMatch::Kind::kDot:
      return says_encrypted_dns(app) || has(facts_.tls.alpn, std::string("dot")) || (labelled && tls_port);
    case AppMatch::Kind::kDoh:
      return says_encrypted_dns(app) || (labelled && !quic_port && !tls_port);
  }
  return false;
}

/// Weir's own word: by port, handshake or name, not a guess of nDPI's.
bool Evaluation::says_encrypted_dns(const AppMatch& app) const {
  return facts_.encrypted_dns != EncryptedDns::kNone && app.kind != AppMatch::Kind::kName &&
         app.name == to_string(facts_.encrypted_dns);
}

bool Evaluation::is_tunnel(const AppMatch& app) const {
  return !facts_.tunnel.app.empty() && same_word(facts_.tunnel.app, app.name);
}

bool Evaluation::guess_forbidden(const Rule& rule) const {
  return blocks(rule.then) && !rule.allow_guess && is_guess(facts_.confidence);
}

bool Evaluation::app_key(const Rule& rule, std::string_view& object, Why why) const {
  const auto& apps = rule.match.apps;
  const bool guess = guess_forbidden(rule);
  const auto is = [&](const AppMatch& app) { return app_is(app); };
  const auto may_speak = [&](const AppMatch& app) {
    return app_is(app) && (!guess || is_tunnel(app) || says_encrypted_dns(app));
  };
  const auto at = std::find_if(apps.begin(), apps.end(), may_speak);
  const std::string_view shown = known_app(facts_.app) ? std::string_view(facts_.app) : facts_.master;
  if (at != apps.end()) {
    const bool by_name = at->kind == AppMatch::Kind::kName || says_encrypted_dns(*at);
    say(why, "the application is {}", by_name ? std::string_view(at->name) : shown);
    object = at->name;
    return true;
  }
  if (guess && std::any_of(apps.begin(), apps.end(), is)) {
    say(why, "the application {} is only a guess ({}) and the rule does not say allow_guess", shown,
        to_string(facts_.confidence));
  } else if (known_app(shown)) {
    say(why, "the application is {}", shown);
  } else {
    say(why, "the application is not known{}", facts_.app_final ? "" : " yet");
  }
  return false;
}

bool Evaluation::name_key(const std::vector<NamedSet>& sets, std::string_view what, std::string_view& object,
                          Why why) const {
  for (std::size_t i = 0; i < names_used_; ++i) {
    for (const NamedSet& set : sets) {
      if (!names_[i].name.sets.test(index_of(set.set))) continue;
      object = names_[i].name.text;
      say(why, "{} has {}", set.label, names_[i].name.text);
      return true;
    }
  }
  if (names_used_ == 0) {
    say(why, "the name is not known{}", facts_.names_final ? "" : " yet");
  } else {
    say(why, "{} is in no {} of the rule", names_[0].name.text, what);
  }
  return false;
}

std::string_view Evaluation::mail_protocol() const {
  if (facts_.mail.seen) return facts_.mail.protocol;
  const std::string_view master = facts_.master;
  if (master == "SMTP") return facts_.tuple.responder_port == 587 ? "submission" : "smtp";
  if (master == "SMTPS") return "submission";
  if (master == "IMAP" || master == "IMAPS") return "imap";
  if (master == "POP3" || master == "POPS") return "pop3";
  return {};
}

bool Evaluation::mail_protocol_guessed() const { return !facts_.mail.seen && is_guess(facts_.confidence); }

bool Evaluation::mail_keys(const Rule& rule, std::string_view& object, Why why) const {
  const Match& match = rule.match;
  if (!match.mail_protocols.empty()) {
    const std::string_view protocol = mail_protocol();
    say(why, "the mail protocol is {}", protocol);
    const bool listed = std::find(match.mail_protocols.begin(), match.mail_protocols.end(), protocol) !=
                        match.mail_protocols.end();
    if (!listed) return false;
  }
  if (mail_protocol_guessed() && guess_forbidden(rule)) {
    say(why, "that it is mail is only a guess ({}) and the rule does not say allow_guess",
        to_string(facts_.confidence));
    return false;
  }
  if (!match.sender.empty()) {
    if (!address_key(match.sender, facts_.mail.sender, why)) return false;
    object = facts_.mail.sender;
  }
  if (!match.recipient.empty() && !recipient_key(match.recipient, object, why)) return false;
  if (!message_keys(match, object, why)) return false;
  if (!match.tls) return true;
  if (facts_.mail.pending_recipient.empty() && facts_.mail.recipients.empty()) {
    say(why, "no recipient was named yet");
    return false;
  }
  say(why, "the mail is sent {}", facts_.mail.starttls_used ? "over STARTTLS" : "without TLS");
  return facts_.mail.starttls_used == *match.tls;
}

bool Evaluation::address_key(const AddressMatch& match, std::string_view address, Why why) const {
  if (address.empty()) {
    say(why, "the sender is not known");
    return false;
  }
  const auto whole = std::find_if(match.addresses.begin(), match.addresses.end(),
                                  [&](const std::string& one) { return same_word(one, address); });
  if (whole != match.addresses.end()) {
    say(why, "{} is named", address);
    return true;
  }
  DomainMatches sets;
  const std::size_t at = address.rfind('@');
  if (at != std::string_view::npos) policy_.domains.lookup(address.substr(at + 1), sets);
  for (const NamedSet& set : match.sets) {
    if (!sets.test(index_of(set.set))) continue;
    say(why, "{} has {}", set.label, address);
    return true;
  }
  say(why, "{} is in no list of the rule", address);
  return false;
}

bool Evaluation::recipient_key(const AddressMatch& match, std::string_view& object, Why why) const {
  const MailFacts& mail = facts_.mail;
  if (mail.pending_recipient.empty() && mail.recipients.empty()) {
    say(why, "the recipient is not known yet");
    return false;
  }
  if (!mail.pending_recipient.empty() && address_key(match, mail.pending_recipient, why)) {
    object = mail.pending_recipient;
    return true;
  }
  for (const std::string& recipient : mail.recipients) {
    if (!address_key(match, recipient, why)) continue;
    object = recipient;
    return true;
  }
  return false;
}

std::string Evaluation::general_object(Section section) const {
  const MailFacts& mail = facts_.mail;
  if (section == Section::kEmail) {
    if (!mail.pending_recipient.empty()) return mail.pending_recipient;
    if (!mail.recipients.empty()) return mail.recipients.front();
    if (!mail.sender.empty()) return mail.sender;
  }
  if (section == Section::kWeb && names_used_ > 0) return std::string(names_[0].name.text);
  return facts_.tuple.responder.to_string();
}

}  // namespace weir::policy
