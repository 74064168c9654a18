// SPDX-License-Identifier: Apache-2.0
// What one flow has in each dimension of a rule index: never less than what Evaluation::matches would find,
// more where that is cheaper.
#include "policy/decide/evaluation.h"

namespace weir::policy {

void Evaluation::ask(const RuleIndex& index, Section section, RuleIndex::Question& question) const {
  if (index.asks(Dimension::kWho)) index.look_up(Dimension::kWho, group_, question);
  if (section == Section::kEmail) return ask_mail(index, question);
  ask_ends(index, question);
  if (index.asks(Dimension::kAsn)) index.look_up(Dimension::kAsn, facts_.asn, question);
  const bool of_name_server = facts_.dns.seen && section == Section::kWeb;
  if (index.asks(Dimension::kCountry) && !of_name_server)
    index.look_up(Dimension::kCountry, number_of_country(facts_.country), question);
  if (index.asks(Dimension::kApp)) ask_app(index, question);
  if (!index.asks(Dimension::kDomain) && !index.asks(Dimension::kCategory)) return;
  DomainMatches sets;
  for (std::size_t i = 0; i < names_used_; ++i)
    if (names_[i].sets) sets |= *names_[i].sets;
  ask_sets(index, Dimension::kDomain, sets, question);
  ask_sets(index, Dimension::kCategory, sets, question);
}

void Evaluation::ask_ends(const RuleIndex& index, RuleIndex::Question& question) const {
  const auto end = [&](std::uint8_t protocol, std::uint16_t port) {
    if (index.asks(Dimension::kProtocol)) index.look_up(Dimension::kProtocol, protocol, question);
    if (index.asks(Dimension::kPort)) index.look_up(Dimension::kPort, port, question);
  };
  const bool destinations = index.asks(Dimension::kDestination);
  end(facts_.tuple.protocol, facts_.tuple.responder_port);
  if (destinations) index.look_up_destination(facts_.tuple.responder, question);
  if (!tunnelled()) return;
  end(facts_.tunnel.protocol, facts_.tunnel.port);
  if (!destinations) return;
  index.look_up_destination(facts_.tunnel.low_end, question);
  index.look_up_destination(facts_.tunnel.high_end, question);
}

void Evaluation::ask_app(const RuleIndex& index, RuleIndex::Question& question) const {
  static const std::array<AppMatch, 3> kEncryptedDns{
      {{AppMatch::Kind::kDoh, "doh"}, {AppMatch::Kind::kDot, "dot"}, {AppMatch::Kind::kDoq, "doq"}}};
  const auto name = [&](std::string_view app) {
    if (!app.empty()) index.look_up(Dimension::kApp, hash_of_word(app), question);
  };
  name(facts_.app);
  name(facts_.master);
  name(facts_.tunnel.app);
  for (const AppMatch& app : kEncryptedDns) {
    const std::uint64_t word = hash_of_word(app.name);
    if (index.knows(Dimension::kApp, word) && app_is(app)) index.look_up(Dimension::kApp, word, question);
  }
}

void Evaluation::ask_sets(const RuleIndex& index, Dimension dimension, const DomainMatches& sets,
                          RuleIndex::Question& question) {
  if (!index.asks(dimension)) return;
  for (std::size_t set = sets._Find_first(); set < sets.size(); set = sets._Find_next(set))
    index.look_up(dimension, set, question);
}

void Evaluation::ask_mail(const RuleIndex& index, RuleIndex::Question& question) const {
  if (index.asks(Dimension::kMailProtocol))
    index.look_up(Dimension::kMailProtocol, hash_of_word(mail_protocol()), question);
  const auto address = [&](Dimension dimension, std::string_view text) {
    if (text.empty() || !index.asks(dimension)) return;
    index.look_up(dimension, hash_of_word(text), question);
    const std::size_t at = text.rfind('@');
    if (at == std::string_view::npos) return;
    DomainMatches sets;
    policy_.domains.lookup(text.substr(at + 1), sets);
    ask_sets(index, dimension, sets, question);
  };
  address(Dimension::kSender, facts_.mail.sender);
  address(Dimension::kRecipient, facts_.mail.pending_recipient);
  for (const std::string& recipient : facts_.mail.recipients) address(Dimension::kRecipient, recipient);
}

}  // namespace weir::policy
