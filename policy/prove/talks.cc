// SPDX-License-Identifier: Apache-2.0
#include "policy/prove/talks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "policy/prove/candidates.h"

namespace weir::prove {
namespace {

constexpr const char* kNobody = "canary.weir.example";             // a name that no list is expected to have
constexpr std::size_t kAttachmentBytesMax = kMessageBytesMax / 2;  // base64 and the header go around it

std::vector<std::string> server_names(const policy::PolicyParts& policy, const policy::Match& match) {
  if (match.unnamed) return {""};
  if (match.domains.empty() && match.categories.empty()) return {kNobody};
  return names(policy, match.domains.empty() ? match.categories : match.domains);
}

std::vector<Talk> web_talks(const policy::PolicyParts& policy, const policy::Match& match) {
  Talk talk;
  if (match.tls_below != 0) talk.tls_version = static_cast<std::uint16_t>(match.tls_below - 1);
  if (!match.methods.empty()) talk.method = instance_of(match.methods[0]);
  if (!match.paths.empty()) talk.path = instance_of(match.paths[0]);
  if (!match.files.empty() && match.paths.empty()) talk.path = "/" + instance_of(match.files[0]);
  if (!match.content_types.empty() || match.download_over > 0) {
    talk.reply = Talk::Reply{};
    if (!match.content_types.empty()) talk.reply->type = instance_of(match.content_types[0]);
    if (match.download_over > 0) talk.reply->bytes = match.download_over + 1;
  }
  if (!match.files.empty() && (talk.reply || !match.paths.empty())) {
    if (!talk.reply) talk.reply = Talk::Reply{};
    talk.reply->file = instance_of(match.files[0]);
  }
  std::vector<Talk> out;
  for (const std::string& name : server_names(policy, match)) {
    out.push_back(talk);
    out.back().name = name;
  }
  return out;
}

Attachment attachment_of(const policy::AttachmentMatch& match) {
  Attachment out;
  out.name = match.names.empty() ? "canary" : instance_of(match.names[0]);
  if (!match.types.empty()) out.name += "." + match.types[0];
  out.encrypted = match.encrypted.value_or(false);
  out.bytes = std::max<std::uint64_t>(match.over + 1, 32);
  return out;
}

std::vector<Talk> mail_talks(const policy::PolicyParts& policy, const policy::Match& match) {
  Talk talk;
  const bool message =
      !match.from.empty() || !match.subjects.empty() || match.message_over > 0 || match.attachment;
  if (message) {
    talk.message = Talk::Message{};
    if (!match.subjects.empty()) talk.message->subject = instance_of(match.subjects[0]);
    talk.message->bytes = match.message_over > 0 ? match.message_over + 1 : 0;
    if (match.attachment) talk.message->attachment = attachment_of(*match.attachment);
    if (!match.from.empty()) {
      const auto from = addresses(policy, match.from);
      if (!from.empty()) talk.message->from = from[0];
    }
  }
  const auto senders = match.sender.empty() ? std::vector{talk.sender} : addresses(policy, match.sender);
  const auto recipients = match.recipient.empty() ? talk.recipients : addresses(policy, match.recipient);
  std::vector<Talk> out;
  for (const std::string& sender : senders) {
    for (const std::string& recipient : recipients) {
      if (out.size() == kNamesMax) return out;
      talk.sender = sender;
      talk.recipients = {recipient};
      for (std::uint32_t i = 0; i < match.recipients_over.value_or(0) && i < kRecipientsMax; ++i)
        talk.recipients.push_back(fmt::format("canary-{}@weir.example", i));
      out.push_back(talk);
    }
  }
  return out;
}

std::vector<Talk> app_talks(const policy::Match& match) {
  std::vector<Talk> out;
  for (const policy::AppMatch& app : match.apps) {
    for (std::size_t number = 0; const AppSample* sample = app_sample(app.name, number); ++number) {
      out.emplace_back().sample = sample;
      if (app.kind == policy::AppMatch::Kind::kDot) out.back().alpn = {"dot"};
    }
  }
  return out;
}

}  // namespace

std::vector<Way> ways(const policy::Rule& rule) {
  if (rule.section == Section::kEmail) return {Way::kSmtp, Way::kSubmission, Way::kImap, Way::kPop3};
  if (!rule.match.apps.empty()) return {Way::kApp};
  if (rule.section == Section::kWeb) return {Way::kTls, Way::kHttp, Way::kDns};
  return {Way::kTcp, Way::kUdp, Way::kIcmp};
}

std::vector<Talk> talks(const policy::PolicyParts& policy, const policy::Rule& rule, Way way) {
  if (way == Way::kApp) return app_talks(rule.match);
  if (rule.section == Section::kEmail) return mail_talks(policy, rule.match);
  if (rule.section == Section::kWeb) return web_talks(policy, rule.match);
  return {Talk{}};
}

std::string why_not_provable(const policy::PolicyParts& policy, const policy::Rule& rule) {
  const policy::Match& match = rule.match;
  if (rule.quota) return "it has a quota, which no canary uses up";
  if (!match.apps.empty() && app_talks(match).empty()) {
    std::vector<std::string_view> apps;
    for (const policy::AppMatch& app : match.apps) apps.push_back(app.name);
    return fmt::format("only a real program can show nDPI {}", fmt::join(apps, ", "));
  }
  if (!match.countries.empty())
    return fmt::format("no address of {} is known to it", fmt::join(match.countries, ", "));
  if (!match.asns.empty())
    return fmt::format("no address of AS{} is known to it", fmt::join(match.asns, ", AS"));
  if (!match.ja4.empty()) return "it asks for the fingerprint of a certain program";
  if (match.tls.value_or(false)) return "what is said inside TLS cannot be shown";
  if (match.message_over >= kMessageBytesMax)
    return fmt::format("canaries send no message of more than {} bytes", kMessageBytesMax);
  if (match.recipients_over.value_or(0) >= kRecipientsMax)
    return fmt::format("canaries send no message to more than {} recipients", kRecipientsMax);
  if (match.attachment && match.attachment->over >= kAttachmentBytesMax)
    return fmt::format("canaries send no attachment of more than {} bytes", kAttachmentBytesMax);
  const bool nameless =
      rule.section == Section::kWeb && !match.unnamed && server_names(policy, match).empty();
  return nameless ? "its lists are empty" : "";
}

}  // namespace weir::prove
