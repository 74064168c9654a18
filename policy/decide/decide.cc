// SPDX-License-Identifier: Apache-2.0
#include "policy/decide/decide.h"

#include <fmt/format.h>

#include <algorithm>

#include "policy/decide/evaluation.h"
#include "policy/decide/standing.h"
#include "policy/lang/policy.h"

namespace weir::policy {
namespace {

/// Builds the decision section by section. `strength` is what would be enforced; a later section wins only
/// when it is stronger.
class Judge {
 public:
  Judge(const Policy& policy, const FlowFacts& facts, TimeNs now, Trace trace, Decision& decision)
      : whole_(policy),
        policy_(policy.parts()),
        facts_(facts),
        now_(now),
        tracing_(trace == Trace::kOn),
        evaluation_(policy, facts, now),
        decision_(decision) {}

  void run() {
    decision_.revision = policy_.revision;
    if (const Group* const group = evaluation_.group()) decision_.group = group->name;
    for (const Section section : {Section::kNetwork, Section::kWeb, Section::kEmail}) judge_rules(section);
    judge_software();
  }

 private:
  Why why() {
    words_.clear();
    return tracing_ ? Why{&words_} : Why{};
  }

  void step(Section section, std::string_view rule, bool matched) {
    if (!tracing_) return;
    if (words_.empty() && matched) words_ = "the rule has no further conditions";
    decision_.path.push_back({section, std::string(rule), matched, words_});
  }

  void end_of_section(Section section, std::string_view words) {
    if (tracing_) decision_.path.push_back({section, {}, false, std::string(words)});
  }

  void judge_rules(Section section) {
    const std::vector<Rule>& rules = policy_.rules[static_cast<std::size_t>(section)];
    if (rules.empty()) return;
    if (!evaluation_.applies(section)) {
      end_of_section(section, "the section does not concern this flow");
      return;
    }
    if (!tracing_) return judge_by_index(section, rules);
    for (const Rule& rule : rules) {
      std::string_view object;
      const bool matched = evaluation_.matches(rule, object, why());
      step(section, rule.name, matched);
      if (!matched) continue;
      speak(rule, object.empty() ? std::string{} : std::string(object));
      return;
    }
    end_of_section(section, "no rule of the section matches");
  }

  /// What the walk finds, by way of the section's index.
  void judge_by_index(Section section, const std::vector<Rule>& rules) {
    const RuleIndex& index = whole_.index(section);
    RuleIndex::Question question(facts_.tuple.responder_port, !evaluation_.tunnelled());
    evaluation_.ask(index, section, question);
    std::string_view object;
    const auto in_hours = [&](std::size_t number) { return evaluation_.in_hours(rules[number].when); };
    const auto accepts = [&](std::size_t number, bool settled) {
      std::string_view about;
      if (!settled && !evaluation_.matches(rules[number], about, {})) return false;
      object = about;
      return true;
    };
    const std::size_t first = index.first(question, in_hours, accepts);
    if (first < rules.size()) speak(rules[first], std::string(object));
  }

  void judge_software() {
    if (!policy_.software.present) return;
    if (facts_.software.empty()) {
      end_of_section(Section::kSoftware, "no product was recognised");
      return;
    }
    if (judge_unauthorised() || judge_lapsed() || judge_unknown()) return;
    end_of_section(Section::kSoftware, "every product is authorised or allowed");
  }

  bool judge_unauthorised() {
    for (const UnauthorisedProduct& unauthorised : policy_.software.unauthorised) {
      const auto fact =
          std::find_if(facts_.software.begin(), facts_.software.end(),
                       [&](const SoftwareFact& f) { return f.product == unauthorised.product; });
      if (fact == facts_.software.end()) continue;
      static_cast<void>(why());
      const bool guess = by_application(*fact) && evaluation_.guess_forbidden(unauthorised.rule);
      if (guess && tracing_) {
        words_ = fmt::format("{} is only a guess ({}) and the entry does not say allow_guess", fact->product,
                             fact->evidence);
      } else if (tracing_) {
        words_ = fmt::format("{} was seen ({})", fact->product, fact->evidence);
      }
      step(Section::kSoftware, unauthorised.rule.name, !guess);
      if (guess) continue;
      speak(unauthorised.rule, fact->product);
      return true;
    }
    return false;
  }

  /// A product that is authorised in other versions, or was until a day that has passed.
  bool judge_lapsed() {
    for (const SoftwareFact& fact : facts_.software) {
      const AuthorisedProduct* const entry = authorised_entry(policy_, fact.product);
      if (entry == nullptr || still_authorised(*entry, fact.version, now_)) continue;
      static_cast<void>(why());
      if (tracing_) {
        words_ =
            entry->ends && now_ >= *entry->ends
                ? fmt::format("{} was authorised until {}", fact.product, entry->until)
                : fmt::format("version {} of {} is not among those authorised", fact.version, fact.product);
      }
      speak_unknown(fact, Action::kReport);
      return true;
    }
    return false;
  }

  bool judge_unknown() {
    if (policy_.software.unknown.then == Action::kAllow) return false;
    for (const SoftwareFact& fact : facts_.software) {
      if (software_standing(policy_, fact.product, fact.version, now_) != SoftwareStanding::kUnknown)
        continue;
      static_cast<void>(why());
      if (tracing_) words_ = fmt::format("{} is in neither list ({})", fact.product, fact.evidence);
      speak_unknown(fact, Action::kReport);
      return true;
    }
    return false;
  }

  /// `unknown:` decides; what it cannot do is let a lapsed authorisation pass unseen (`least`), or block a
  /// guess.
  void speak_unknown(const SoftwareFact& fact, Action least) {
    Rule rule = policy_.software.unknown;
    rule.then = std::max(rule.then, least);
    if (by_application(fact) && evaluation_.guess_forbidden(rule)) rule.then = Action::kReport;
    step(Section::kSoftware, rule.name, true);
    speak(rule, fact.product);
  }

  /// The evidence is nDPI's word rather than a name or a User-Agent.
  static bool by_application(const SoftwareFact& fact) { return fact.evidence.starts_with("app"); }

  void speak(const Rule& rule, std::string object) {
    const bool would_block = rule.then == Action::kBlock && rule.monitor;
    const Action enforced = would_block ? Action::kReport : rule.then;
    if (decision_.rule.empty() || enforced > decision_.action) {
      decision_.action = enforced;
      decision_.rule = rule.name;
    }
    if (rule.then == Action::kAllow) return;
    if (object.empty()) object = evaluation_.general_object(rule.section);
    decision_.hits.push_back(
        {rule.name, rule.section, rule.severity, rule.then, would_block, std::move(object), rule.tell_user});
  }

  const Policy& whole_;
  const PolicyParts& policy_;
  const FlowFacts& facts_;
  TimeNs now_;
  bool tracing_;
  Evaluation evaluation_;
  std::string words_;
  Decision& decision_;
};

}  // namespace

Decision decide(const Policy& policy, const FlowFacts& facts, const DynamicFacts&, TimeNs now, Trace trace) {
  Decision decision;
  Judge{policy, facts, now, trace, decision}.run();
  return decision;
}

}  // namespace weir::policy
