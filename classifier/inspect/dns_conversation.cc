// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/dns_conversation.h"

#include <algorithm>
#include <utility>

namespace weir::classifier {

namespace {

void put_question(const DnsQuestion& question, FlowFacts& facts) {
  facts.dns.query = question.name;
  facts.dns.query_type = question.type;
  facts.host = question.name;
  facts.host_source = question.name.empty() ? NameSource::kNone : NameSource::kDnsQuery;
}

}  // namespace

DnsHeard DnsConversation::message(channel::Direction from, Bytes bytes, FlowFacts& facts, DnsScope scope) {
  DnsHeard heard;
  questions_.clear();
  heard.parse = read_dns(bytes, last_, scope == DnsScope::kLocal ? DnsSections::kAll : DnsSections::kAnswer);
  if (heard.parse != DnsParse::kOk) return heard;
  if (last_.response) return answer(from, scope, facts);
  return questions(from, scope, facts);
}

DnsHeard DnsConversation::questions(channel::Direction from, DnsScope scope, FlowFacts& facts) {
  if (scope == DnsScope::kUnicast) {
    for (const DnsQuestion& question : last_.questions) remember({from, last_.id, question});
  }
  questions_.assign(last_.questions.rbegin(), last_.questions.rend());
  if (!questions_.empty()) return next(facts);
  facts.dns = {.seen = true, .rcode = last_.rcode};
  put_question({}, facts);
  return {.changed = true};
}

DnsHeard DnsConversation::next(FlowFacts& facts) {
  if (questions_.empty()) return {};
  facts.dns = {.seen = true};
  put_question(questions_.back(), facts);
  questions_.pop_back();
  return {.changed = true, .more = !questions_.empty()};
}

DnsHeard DnsConversation::answer(channel::Direction from, DnsScope scope, FlowFacts& facts) {
  const auto question = std::find_if(last_.questions.begin(), last_.questions.end(),
                                     [&](const DnsQuestion& each) { return take_asked(from, each); });
  const bool asked = question != last_.questions.end();
  // Picked up behind its question, an answer is all there is; later ones must belong to what was asked.
  if (!asked && scope == DnsScope::kUnicast && facts.dns.seen) return {};
  facts.dns = {.seen = true, .response = true, .asked = asked, .rcode = last_.rcode};
  if (last_.questions.empty()) {
    put_question({}, facts);
    return {.changed = true};
  }
  const DnsQuestion& about = asked ? *question : last_.questions.front();
  put_question(about, facts);
  follow_answers(last_, about, facts.dns);
  return {.changed = true, .answered = asked && (!facts.dns.answers.empty() || facts.dns.ech)};
}

void DnsConversation::remember(Asked asked) {
  if (asked_.size() < kDnsUnansweredMax) {
    asked_.push_back(std::move(asked));
    return;
  }
  asked_[oldest_] = std::move(asked);
  oldest_ = (oldest_ + 1) % kDnsUnansweredMax;
}

bool DnsConversation::take_asked(channel::Direction from, const DnsQuestion& question) {
  const auto found = std::find_if(asked_.begin(), asked_.end(), [&](const Asked& each) {
    return each.from != from && each.id == last_.id && each.question.type == question.type &&
           each.question.name == question.name;
  });
  if (found == asked_.end()) return false;
  if (asked_.size() < kDnsUnansweredMax) {
    asked_.erase(found);
  } else {
    found->question = {};  // no question is without a name: nothing matches it any more
  }
  return true;
}

std::size_t DnsConversation::bytes_held() const {
  std::size_t total = 0;
  for (const Asked& each : asked_) total += sizeof(each) + each.question.name.size();
  for (const DnsQuestion& each : questions_) total += sizeof(each) + each.name.size();
  return total;
}

}  // namespace weir::classifier
