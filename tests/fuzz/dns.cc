// SPDX-License-Identifier: Apache-2.0
// One DNS message: read alone, followed to its addresses, as question and answer of a conversation, and
// refused.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include "classifier/inspect/dns_conversation.h"
#include "classifier/notice/notice.h"

namespace {

using namespace weir::classifier;

void check(const weir::DnsFacts& facts) {
  if (facts.answers.size() > kDnsAnswersMax || facts.aliases.size() > kDnsAliasesMax) std::abort();
  if (facts.alpn.size() > kDnsAlpnMax || facts.query.size() > 4 * kDnsNameBytesMax) std::abort();
}

void follow(weir::Bytes bytes, DnsSections sections) {
  DnsMessage message;
  if (read_dns(bytes, message, sections) != DnsParse::kOk) return;
  if (message.questions.size() > kDnsQuestionsMax || message.records.size() > kDnsRecordsMax) std::abort();
  for (const DnsQuestion& question : message.questions) {
    weir::DnsFacts facts;
    follow_answers(message, question, facts);
    check(facts);
  }
}

/// What is answered in a resolver's name is an answer to the question.
void check_answer(weir::Bytes bytes, const std::optional<std::string>& answer) {
  if (!answer) return;
  DnsMessage asked;
  DnsMessage told;
  if (answer->size() > kNoticeBytesMax || read_dns(weir::as_bytes(*answer), told) != DnsParse::kOk)
    std::abort();
  if (!told.response || told.questions.size() != 1) std::abort();
  if (read_dns(bytes, asked) == DnsParse::kOk && told.id != asked.id) std::abort();
}

void refuse(weir::Bytes bytes) {
  check_answer(bytes, dns_notice(bytes, {"object", "text", "reference"}));
  const std::array addresses{*weir::IpAddress::parse("192.0.2.1"), *weir::IpAddress::parse("2001:db8::1")};
  check_answer(bytes, dns_alias(bytes, "safe.search.example", addresses, "reference"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::Bytes bytes{data, size};
  follow(bytes, DnsSections::kAnswer);
  follow(bytes, DnsSections::kAll);
  DnsMessage message;
  if (looks_like_dns_query(bytes) && read_dns(bytes, message) != DnsParse::kOk) std::abort();

  DnsConversation conversation;
  weir::FlowFacts facts;
  // The same message as a question, then as the answer that fits it.
  std::vector<std::uint8_t> answer(bytes.begin(), bytes.end());
  if (size > 2) answer[2] = static_cast<std::uint8_t>(answer[2] | 0x80U);
  DnsHeard heard = conversation.message(weir::channel::Direction::kFromInitiator, bytes, facts);
  for (std::size_t i = 0; heard.more; ++i) {
    if (i > kDnsQuestionsMax) std::abort();
    heard = conversation.next(facts);
  }
  heard = conversation.message(weir::channel::Direction::kFromResponder, weir::Bytes{answer}, facts);
  if (heard.answered && (!facts.dns.asked || facts.host != facts.dns.query)) std::abort();
  check(facts.dns);
  refuse(bytes);
  return 0;
}
