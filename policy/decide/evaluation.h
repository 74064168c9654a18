// SPDX-License-Identifier: Apache-2.0
// One flow against the rules of one policy, at one instant: whether a rule matches, and why, in words when
// somebody asked for them. Internal to policy/decide.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "policy/decide/client_group.h"
#include "policy/decide/why.h"
#include "policy/lang/policy.h"
#include "policy/model/flow_facts.h"

namespace weir::policy {

class Evaluation {
 public:
  Evaluation(const PolicyParts& policy, const FlowFacts& facts, TimeNs now);

  /// Does the section speak about this flow at all?
  [[nodiscard]] bool applies(Section section) const;
  /// `object` is set to what the match is about; it points into the facts or the policy, or is empty.
  [[nodiscard]] bool matches(const Rule& rule, std::string_view& object, Why why);
  /// Who and when of a rule, and nothing else of it.
  [[nodiscard]] bool concerns(const Rule& rule, Why why);
  /// The rules of a section that may match, and perhaps some more, by its index.
  [[nodiscard]] RuleIndex::Candidates candidates(const RuleIndex& index, Section section) const;
  /// True when the application may not be used for this rule: it is only a guess, and the rule blocks.
  [[nodiscard]] bool guess_forbidden(const Rule& rule) const;

  /// The client's group, or nullptr.
  [[nodiscard]] const Group* group() const;
  /// A name or the far address: what a hit is about when its match named nothing better.
  [[nodiscard]] std::string general_object(Section section) const;

  /// Of the flow's names, of which there is one at least.
  template <typename Holds>
  [[nodiscard]] bool every_name(Holds holds) const {
    for (std::size_t i = 0; i < names_used_; ++i)
      if (!holds(names_[i].name.text)) return false;
    return names_used_ > 0;
  }
  [[nodiscard]] bool app_is(const AppMatch& app) const;

 private:
  struct Name {
    std::string_view text;
    DomainMatches sets;
  };
  /// Room for a Name, which is large, while most flows have one.
  union NameSlot {
    NameSlot() {}
    Name name;
  };

  void say_group(Why why) const;
  [[nodiscard]] bool end_keys(const Match& match, Why why) const;
  [[nodiscard]] bool tunnel_keys(const Match& match, Why why) const;
  [[nodiscard]] bool network_keys(const Rule& rule, Why why) const;
  [[nodiscard]] bool app_key(const Rule& rule, std::string_view& object, Why why) const;
  [[nodiscard]] bool says_encrypted_dns(const AppMatch& app) const;
  [[nodiscard]] bool is_tunnel(const AppMatch& app) const;
  [[nodiscard]] bool name_key(const std::vector<NamedSet>& sets, std::string_view what,
                              std::string_view& object, Why why) const;
  [[nodiscard]] bool mail_keys(const Rule& rule, std::string_view& object, Why why) const;
  [[nodiscard]] bool address_key(const AddressMatch& match, std::string_view address, Why why) const;
  [[nodiscard]] bool recipient_key(const AddressMatch& match, std::string_view& object, Why why) const;
  // content_keys.cc
  [[nodiscard]] bool request_keys(const Match& match, std::string_view& object, Why why) const;
  [[nodiscard]] bool hello_keys(const Match& match, Why why) const;
  [[nodiscard]] bool message_keys(const Match& match, std::string_view& object, Why why) const;
  [[nodiscard]] std::string_view mail_protocol() const;
  [[nodiscard]] bool mail_protocol_guessed() const;
  [[nodiscard]] bool in_schedule(const Schedule& schedule);
  void add_name(std::string_view name);
  // question.cc
  void add_ends(RuleIndex::Question& question) const;
  void add_apps(RuleIndex::Question& question) const;
  void add_mail(RuleIndex::Question& question) const;

  static constexpr std::size_t kNamesMax = 5;  // the name for blocking, SNI, Host, DNS query, DNS evidence

  const PolicyParts& policy_;
  const FlowFacts& facts_;
  TimeNs now_;
  std::optional<LocalTime> local_;  // computed when the first rule asks
  ClientGroup group_;
  std::array<NameSlot, kNamesMax> names_;
  std::size_t names_used_ = 0;
};

}  // namespace weir::policy
