// SPDX-License-Identifier: Apache-2.0
// What the index of a section's rules is asked for a flow: of each dimension that rules ask for, every value
// that could make one of them match. More than that is no harm, less would be (rule_index.h).
#include <algorithm>

#include "policy/decide/evaluation.h"
#include "policy/lang/app_names.h"

namespace weir::policy {
namespace {

void add_sets(RuleIndex::Question& question, Dimension dimension, const DomainMatches& sets) {
  for (std::size_t set = sets._Find_first(); set < sets.size(); set = sets._Find_next(set))
    question.add(dimension, set);
}

}  // namespace

RuleIndex::Candidates Evaluation::candidates(const RuleIndex& index, Section section) const {
  RuleIndex::Question question{index};
  const auto add = [&](Dimension dimension, auto&& value) {
    if (index.asks(dimension)) question.add(dimension, value());
  };
  add(Dimension::kWho, [&] { return group_.index; });
  if (section == Section::kEmail) {
    add(Dimension::kMailProtocol, [&] { return hash_of_word(mail_protocol()); });
    add_mail(question);
    return index.candidates(question);
  }
  add_ends(question);
  add(Dimension::kAsn, [&] { return facts_.asn; });
  add(Dimension::kCountry, [&] { return hash_of_word(facts_.country); });
  if (question.asks(Dimension::kApp)) add_apps(question);
  if (question.asks(Dimension::kDomain) || question.asks(Dimension::kCategory)) {
    DomainMatches sets;
    for (std::size_t i = 0; i < names_used_; ++i) sets |= names_[i].name.sets;
    if (question.asks(Dimension::kDomain)) add_sets(question, Dimension::kDomain, sets);
    if (question.asks(Dimension::kCategory)) add_sets(question, Dimension::kCategory, sets);
  }
  return index.candidates(question);
}

/// What a rule says of a tunnel holds for what goes through it.
void Evaluation::add_ends(RuleIndex::Question& question) const {
  const FiveTuple& tuple = facts_.tuple;
  const TunnelFacts& tunnel = facts_.tunnel;
  const bool tunnelled = !tunnel.type.empty();
  if (question.asks(Dimension::kProtocol)) {
    question.add(Dimension::kProtocol, tuple.protocol);
    if (tunnelled) question.add(Dimension::kProtocol, tunnel.protocol);
  }
  if (question.asks(Dimension::kPort)) {
    question.add_port(tuple.responder_port);
    if (tunnelled) question.add_port(tunnel.port);
  }
  if (question.asks(Dimension::kDestination)) {
    question.add_destination(tuple.responder);
    if (!tunnelled) return;
    question.add_destination(tunnel.low_end);
    question.add_destination(tunnel.high_end);
  }
}

void Evaluation::add_apps(RuleIndex::Question& question) const {
  for (const std::string_view app :
       {std::string_view{facts_.app}, std::string_view{facts_.master}, facts_.tunnel.app})
    if (!app.empty()) question.add(Dimension::kApp, hash_of_word(app));
  const auto is_labelled = [](std::string_view app) { return same_word(app, "DoH_DoT"); };
  const auto& alpn = facts_.tls.alpn;
  const bool may_be_dns = facts_.encrypted_dns != EncryptedDns::kNone || is_labelled(facts_.app) ||
                          is_labelled(facts_.master) ||
                          std::find(alpn.begin(), alpn.end(), "doq") != alpn.end() ||
                          std::find(alpn.begin(), alpn.end(), "dot") != alpn.end();
  if (!may_be_dns) return;
  for (const std::string_view kind : {"doh", "dot", "doq"}) question.add(Dimension::kApp, hash_of_word(kind));
}

void Evaluation::add_mail(RuleIndex::Question& question) const {
  const MailFacts& mail = facts_.mail;
  const auto add_address = [&](Dimension dimension, std::string_view address, DomainMatches& sets) {
    question.add(dimension, hash_of_word(address));
    const std::size_t at = address.rfind('@');
    if (at != std::string_view::npos) policy_.domains.lookup(address.substr(at + 1), sets);
  };
  if (question.asks(Dimension::kSender)) {
    DomainMatches sets;
    add_address(Dimension::kSender, mail.sender, sets);
    add_sets(question, Dimension::kSender, sets);
  }
  if (question.asks(Dimension::kRecipient)) {
    DomainMatches sets;
    add_address(Dimension::kRecipient, mail.pending_recipient, sets);
    for (const std::string& recipient : mail.recipients) add_address(Dimension::kRecipient, recipient, sets);
    add_sets(question, Dimension::kRecipient, sets);
  }
}

}  // namespace weir::policy
