// SPDX-License-Identifier: Apache-2.0
#include "policy/prove/canary.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "policy/decide/decide.h"
#include "policy/prove/talks.h"

namespace weir::prove {
namespace {

constexpr std::size_t kFlowsExplainedMax = 64;  // of a rule: to say why there is no canary

/// The flows of one rule, tried one after the other.
class Search {
 public:
  Search(const policy::Policy& policy, const policy::Rule& rule, std::vector<TimeNs> instants,
         std::size_t tries_max)
      : policy_(policy),
        rule_(rule),
        instants_(std::move(instants)),
        tries_max_(tries_max),
        clients_(clients(policy.parts(), rule.who)),
        destinations_(destinations(rule.match)) {}

  CanaryFinder::Found run() {
    found_.why_none = why_not_provable(policy_.parts(), rule_);
    if (!found_.why_none.empty()) return std::move(found_);
    for (const Way way : ways(rule_)) {
      for (const Talk& talk : talks(policy_.parts(), rule_, way)) {
        if (found_.canaries.size() == kCanariesPerRuleMax || tries_ == tries_max_) break;
        auto canary = saying(way, talk);
        if (!canary) continue;
        found_.canaries.push_back(*std::move(canary));
        if (way != Way::kApp) break;  // each application is a way of its own
      }
    }
    if (found_.canaries.empty()) found_.why_none = why_none();
    return std::move(found_);
  }

 private:
  std::optional<Canary> saying(Way way, const Talk& talk) {
    const std::uint16_t usual = way == Way::kApp ? talk.sample->port : usual_port(way);
    const auto tried = way == Way::kIcmp ? std::vector<std::uint16_t>{0} : ports(rule_.match, usual);
    for (const Client& client : clients_)
      for (const TimeNs at : instants_)
        for (const IpAddress& destination : destinations_)
          for (const std::uint16_t port : tried) {
            if (tries_ == tries_max_) return std::nullopt;
            if (auto canary = flow(way, talk, client, at, destination, port)) return canary;
          }
    return std::nullopt;
  }

  std::optional<Canary> flow(Way way, const Talk& talk, const Client& client, TimeNs at,
                             const IpAddress& destination, std::uint16_t port) {
    if (client.address.is_v4() != destination.is_v4() || client.address == destination) return std::nullopt;
    ++tries_;
    FlowFacts ends;
    ends.tuple.initiator = client.address;
    ends.tuple.responder = destination;
    ends.tuple.responder_port = port;
    ends.vlan = client.vlan;
    ends.client_mac = client.mac;
    ends.started = at;
    std::vector<Step> steps = dialogue(way, ends, talk);
    const std::size_t first = steps[0].may_leave == 0 ? 0 : 1;  // not the SYN
    for (std::size_t i = first; i < steps.size(); ++i) {
      const Decision decision = policy::decide(policy_, steps[i].facts, DynamicFacts{}, at);
      if (!blocks(decision.action)) continue;
      if (decision.rule != rule_.name) {
        ++taken_by_[decision.rule];
        return std::nullopt;
      }
      steps.resize(i + 1);
      return Canary{&rule_, words_of(way, talk, steps.back().facts), std::move(steps), at};
    }
    note_who_let_pass(steps.back().facts, at);
    return std::nullopt;
  }

  /// The rule of the section that spoke instead, of the first flows.
  void note_who_let_pass(const FlowFacts& facts, TimeNs at) {
    if (flows_explained_++ >= kFlowsExplainedMax) return;
    const Decision decision = policy::decide(policy_, facts, DynamicFacts{}, at, policy::Trace::kOn);
    for (const DecisionStep& step : decision.path)
      if (step.section == rule_.section && step.matched && !step.rule.empty()) ++let_pass_by_[step.rule];
  }

  static std::string words_of(Way way, const Talk& talk, const FlowFacts& facts) {
    const FiveTuple& tuple = facts.tuple;
    std::string said = way == Way::kApp ? std::string(talk.sample->app) : to_string(way);
    const std::string& recipient = facts.mail.pending_recipient;
    for (const std::string& one : {facts.host, recipient})
      if (!one.empty()) said += ", " + one;
    if (!facts.mail.message.empty()) said += ", a message";
    if (facts.vlan != 0) said += fmt::format(", VLAN {}", facts.vlan);
    const std::string port = tuple.responder_port == 0 ? "" : fmt::format(" port {}", tuple.responder_port);
    return fmt::format("{}, from {} to {}{}", said, tuple.initiator.to_string(), tuple.responder.to_string(),
                       port);
  }

  [[nodiscard]] std::string why_none() const {
    if (instants_.empty()) return "its schedule holds at no time of the next eight days";
    if (clients_.empty()) return "no client of its groups can be made: they are known by what clients say";
    for (const auto* by : {&taken_by_, &let_pass_by_}) {
      const auto most = std::ranges::max_element(*by, {}, [](const auto& one) { return one.second; });
      if (most != by->end())
        return fmt::format("rule {} {} what was tried", most->first,
                           by == &taken_by_ ? "blocks" : "speaks for");
    }
    return "no flow that was tried is what it asks for";
  }

  const policy::Policy& policy_;
  const policy::Rule& rule_;
  std::vector<TimeNs> instants_;
  std::size_t tries_max_;
  std::vector<Client> clients_;
  std::vector<IpAddress> destinations_;
  std::size_t tries_ = 0;
  std::size_t flows_explained_ = 0;
  std::map<std::string, std::size_t> taken_by_;
  std::map<std::string, std::size_t> let_pass_by_;
  CanaryFinder::Found found_;
};

}  // namespace

std::vector<const policy::Rule*> rules_to_prove(const policy::Policy& policy) {
  std::vector<const policy::Rule*> out;
  for (const auto& section : policy.parts().rules) {
    for (const policy::Rule& rule : section)
      if (blocks(rule.then) && rule.then != Action::kSafeSearch && !rule.monitor) out.push_back(&rule);
  }
  return out;
}

CanaryFinder::CanaryFinder(const policy::Policy& policy, TimeNs now, std::size_t tries_max)
    : policy_(policy), instants_(policy.parts(), now), tries_max_(tries_max) {}

CanaryFinder::Found CanaryFinder::find(const policy::Rule& rule) const {
  return Search{policy_, rule, instants_.within(rule.when), tries_max_}.run();
}

}  // namespace weir::prove
