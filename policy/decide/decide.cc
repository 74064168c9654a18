// SPDX-License-Identifier: Apache-2.0
#include "policy/decide/decide.h"

#include <fmt/format.h>

#include <algorithm>

#include "policy/decide/evaluation.h"
#include "policy/decide/exceptions.h"
#include "policy/decide/quota.h"
#include "policy/decide/standing.h"
#include "policy/lang/policy.h"

namespace weir::policy {
namespace {

/// Builds the decision section by section. `strength` is what would be enforced; a later section wins only
/// when it is stronger.
class Judge {
 public:
  Judge(const PolicyParts& policy, const FlowFacts& facts, const DynamicFacts& dynamic, TimeNs now,
        Trace trace, Decision& decision)
      : policy_(policy),
        facts_(facts),
        dynamic_(dynamic),
        now_(now),
        trace_(trace),
        tracing_(trace != Trace::kOff),
        evaluation_(policy, facts, now),
        exceptions_(policy, facts, evaluation_, std::max(now, dynamic.clock_reached)),
        decision_(decision) {}

  void run() {
    decision_.revision = policy_.revision;
    if (const Group* const group = evaluation_.group()) decision_.group = group->name;
    if (const Exception* const all = exceptions_.allows_all()) {
      static_cast<void>(why());
      lifted(all, {}, "allows the flow");
      step(Section::kNetwork, {}, true);
      return;
    }
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

  /// Notes that an exception lifted something; the words say what.
  bool lifted(const Exception* exception, std::string_view before, std::string_view what) {
    if (exception == nullptr) return false;
    if (decision_.exception.empty()) decision_.exception = exception->name;
    note_end(exception->ends);
    if (tracing_) {
      words_ = fmt::format("{}{}exception {} of {} {} until {}", before, before.empty() ? "" : "; ",
                           exception->name, exception->owner, what, exception->until);
    }
    return true;
  }

  void note_end(TimeNs ends) {
    if (decision_.lifted_until == 0 || ends < decision_.lifted_until) decision_.lifted_until = ends;
  }

  /// The client clicked on the rule's page that it wants to go on.
  bool clicked_through(const Rule& rule) {
    if (rule.then != Action::kContinue || rule.monitor) return false;
    const auto click = std::find_if(dynamic_.clicked_through.begin(), dynamic_.clicked_through.end(),
                                    [&](const ClickThrough& one) { return one.rule == rule.name; });
    if (click == dynamic_.clicked_through.end()) return false;
    decision_.clicked_through.push_back(*click);
    note_end(click->ends);
    if (tracing_) {
      const int minute = policy_.zone.local(click->ends / kSecond).minute;
      words_ += fmt::format("{}the client clicked through until {:02}:{:02}", words_.empty() ? "" : "; ",
                            minute / 60, minute % 60);
    }
    return true;
  }

  /// The section software does not see the product.
  bool excused(const SoftwareFact& fact, const Rule& rule) {
    const Exception* exception = exceptions_.excuses(fact.product);
    if (exception == nullptr) exception = exceptions_.silences(rule);
    static_cast<void>(why());
    if (!lifted(exception, {}, "excuses the product")) return false;
    step(Section::kSoftware, rule.name, false);
    return true;
  }

  /// It has a quota, and there is something left of it.
  bool within_quota(const Rule& rule) {
    if (!rule.quota) return false;
    const QuotaMet& met =
        decision_.quotas.emplace_back(meet(rule, facts_, evaluation_.group(), dynamic_, now_));
    if (tracing_) {
      words_ += fmt::format("{}its quota {}: {} used {}", words_.empty() ? "" : "; ",
                            met.used_up ? "is used up" : "is not used up", met.fact.subject,
                            words_of(*rule.quota, met.fact.used));
    }
    return !met.used_up;
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
    const RuleIndex& index = policy_.rule_indices[static_cast<std::size_t>(section)];
    const bool all =
        !index.built() || trace_ == Trace::kOn || (tracing_ && rules.size() <= kShortTraceRulesMax);
    steps_left_ = all ? rules.size() : kShortTraceRulesMax;
    const auto speaks = [&](const Rule& rule) { return judge_rule(section, rule); };
    const auto speaks_by_number = [&](std::size_t number) { return speaks(rules[number]); };
    if (all ? std::any_of(rules.begin(), rules.end(), speaks)
            : evaluation_.candidates(index, section).any(speaks_by_number)) {
      return;
    }
    end_of_section(section, "no rule of the section matches");
  }

  bool judge_rule(Section section, const Rule& rule) {
    std::string_view object;
    const Why why_not = steps_left_ > 0 ? why() : Why{};
    const bool matches = evaluation_.matches(rule, object, why_not);
    if (matches && tracing_ && steps_left_ == 0) static_cast<void>(evaluation_.matches(rule, object, why()));
    const bool matched = matches && !lifted(exceptions_.silences(rule), words_, "keeps the rule silent") &&
                         !within_quota(rule) && !clicked_through(rule);
    if (matches || steps_left_ > 0) step(section, rule.name, matched);
    if (steps_left_ > 0) --steps_left_;
    if (matched) speak(rule, object.empty() ? std::string{} : std::string(object));
    return matched;
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
      if (fact == facts_.software.end() || excused(*fact, unauthorised.rule)) continue;
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
      if (excused(fact, policy_.software.unknown)) continue;
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
      if (excused(fact, policy_.software.unknown)) continue;
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
    const bool would_block = rule.then > Action::kReport && rule.monitor;
    const Action enforced = would_block ? Action::kReport : rule.then;
    if (decision_.rule.empty() || enforced > decision_.action) {
      decision_.action = enforced;
      decision_.rule = rule.name;
      decision_.limit = enforced == Action::kLimit ? rule.limit : RateLimit{};
      decision_.moderate = enforced == Action::kSafeSearch && rule.moderate;
      decision_.tell_user = rule.tell_user;
    }
    // Who looks for something safely has broken no rule.
    if (rule.then == Action::kAllow || enforced == Action::kSafeSearch) return;
    if (object.empty()) object = evaluation_.general_object(rule.section);
    RuleHit& hit = decision_.hits.emplace_back();
    hit.rule = rule.name;
    hit.section = rule.section;
    hit.severity = rule.severity;
    hit.action = rule.then;
    hit.would_block = would_block;
    hit.object = std::move(object);
    hit.tell_user = rule.tell_user;
  }

  const PolicyParts& policy_;
  const FlowFacts& facts_;
  const DynamicFacts& dynamic_;
  TimeNs now_;
  Trace trace_;
  bool tracing_;
  std::size_t steps_left_ = 0;  // of the section, as long as no rule matches
  Evaluation evaluation_;
  Exceptions exceptions_;
  std::string words_;
  Decision& decision_;
};

}  // namespace

Decision decide(const Policy& policy, const FlowFacts& facts, const DynamicFacts& dynamic, TimeNs now,
                Trace trace) {
  Decision decision;
  Judge{policy.parts(), facts, dynamic, now, trace, decision}.run();
  return decision;
}

}  // namespace weir::policy
