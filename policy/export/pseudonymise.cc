// SPDX-License-Identifier: Apache-2.0
#include "policy/export/pseudonymise.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>

#include "policy/audit/signing.h"
#include "policy/model/text_file.h"

namespace weir::output {
namespace {

constexpr std::size_t kCredentialBytesMax = 64;  // the key in hexadecimal digits
constexpr std::string_view kNoKey = "none";      // the unit's default (weir-export.service)

class PseudonymEncoder : public Encoder {
 public:
  PseudonymEncoder(std::unique_ptr<Encoder> format, policy::Pseudonyms pseudonyms)
      : format_(std::move(format)), pseudonyms_(std::move(pseudonyms)) {}
  void encode(const event::FlowEvent& event, Records& records) override {
    event::FlowEvent told = event;
    pseudonymise(told, pseudonyms_);
    format_->encode(told, records);
  }
  void sum_up(TimeNs now, Records& records) override { format_->sum_up(now, records); }

 private:
  std::unique_ptr<Encoder> format_;
  policy::Pseudonyms pseudonyms_;
};

void name_mail(event::Mail& mail, const policy::Pseudonyms& pseudonyms) {
  const auto name = [&](std::string& one) { one = pseudonyms.of(one); };
  name(*mail.mutable_helo());
  name(*mail.mutable_user());
  name(*mail.mutable_sender());
  name(*mail.mutable_pending_recipient());
  std::ranges::for_each(*mail.mutable_recipients(), name);
  if (!mail.has_message()) return;
  event::MailMessage& message = *mail.mutable_message();
  name(*message.mutable_from());
  std::ranges::for_each(*message.mutable_to(), name);
  std::ranges::for_each(*message.mutable_cc(), name);
  message.clear_subject();
  message.clear_message_id();
}

/// Of the text that systemd handed over; it is kNoKey where the file was not there (SetCredential= as
/// default).
Result<policy::Pseudonyms> of_credential(const std::string& path) {
  const auto text = read_text_file(path, kCredentialBytesMax);
  if (!text) return tl::unexpected(text.error());
  if (*text == kNoKey) {
    return failure(ErrorCode::kNotFound,
                   "an output has people: pseudonym, and this appliance has no key for pseudonyms",
                   "weir-engine makes keys/people.key at its start; start weir-export after it");
  }
  auto key = policy::from_hex(*text);
  if (!key || text->size() != kCredentialBytesMax) return failure(ErrorCode::kCorrupt, path + " is damaged");
  return policy::Pseudonyms{std::move(*key)};
}

}  // namespace

void pseudonymise(event::FlowEvent& event, const policy::Pseudonyms& pseudonyms) {
  const std::string address = event.initiator_inside() ? event.initiator() : event.responder();
  const std::string word = pseudonyms.of(address);
  for (std::string* const end : {event.mutable_initiator(), event.mutable_responder()})
    if (*end == address) *end = word;
  event.clear_client_mac();
  event.clear_community_id();
  if (event.has_tunnel()) {
    event.mutable_tunnel()->clear_low_end();
    event.mutable_tunnel()->clear_high_end();
  }
  if (event.has_network()) {
    event.mutable_network()->clear_icmp_error_from();
    event.mutable_network()->clear_icmp_error_to();
  }
  for (event::Proxy& proxy : *event.mutable_proxies()) proxy.clear_source();
  if (event.has_client()) {
    event::Client& client = *event.mutable_client();
    client.set_host_name(pseudonyms.of(client.host_name()));
    client.set_user(pseudonyms.of(client.user()));
  }
  if (event.has_dhcp()) event.mutable_dhcp()->set_host_name(pseudonyms.of(event.dhcp().host_name()));
  if (event.has_mail()) name_mail(*event.mutable_mail(), pseudonyms);
  for (event::QuotaUse& use : *event.mutable_quota_uses()) use.set_subject(pseudonyms.of(use.subject()));
  for (event::QuotaFact& fact : *event.mutable_quota_facts())
    fact.mutable_used()->set_subject(pseudonyms.of(fact.used().subject()));
  for (event::Hit& hit : *event.mutable_hits())
    hit.set_object(hit.object() == address ? word : pseudonyms.of_object(hit.object()));
}

std::unique_ptr<Encoder> with_pseudonyms(std::unique_ptr<Encoder> format, policy::Pseudonyms pseudonyms) {
  return std::make_unique<PseudonymEncoder>(std::move(format), std::move(pseudonyms));
}

Result<std::optional<policy::Pseudonyms>> pseudonyms_for(const Settings& settings) {
  const bool wanted = std::ranges::any_of(
      settings.outputs, [](const OutputSettings& one) { return one.people == People::kPseudonym; });
  if (!wanted) return std::optional<policy::Pseudonyms>{};
  const char* const credentials = std::getenv("CREDENTIALS_DIRECTORY");
  auto opened = credentials != nullptr ? of_credential(std::string{credentials} + "/people.key")
                                       : policy::Pseudonyms::open(settings);
  if (!opened) return tl::unexpected(opened.error());
  return std::optional{std::move(*opened)};
}

}  // namespace weir::output
