// SPDX-License-Identifier: Apache-2.0
// With `people: pseudonym` no record says who it was, and every record says that it was the same one.
#include "policy/export/pseudonymise.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "policy/audit/appliance_keys.h"
#include "policy/audit/private_file.h"
#include "policy/audit/signing.h"
#include "policy/export/sample.h"
#include "tests/support/output_checks.h"
#include "tests/support/temporary_directory.h"

namespace weir::output {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::optional<policy::Pseudonyms> kNames{std::string(32, 'k')};

/// Whatever names somebody has "anna" or 192.0.2.1 (the client of the sample) in it.
event::FlowEvent event_of_anna() {
  event::FlowEvent event = sample_event("weir", 1'795'857'300'000'000'000);
  event.clear_tls();
  event.set_client_mac("02:00:00:00:aa:01");
  event.set_community_id("1:annahash");
  event.mutable_client()->set_user("anna@EXAMPLE.COM");
  event.mutable_client()->set_host_name("annas-laptop");
  event.mutable_dhcp()->set_host_name("annas-laptop");
  event.mutable_tunnel()->set_type("gre");
  event.mutable_tunnel()->set_low_end("192.0.2.1");
  event.mutable_network()->set_icmp_error_to("192.0.2.1");
  event.add_proxies()->set_source("192.0.2.1");
  event.add_quota_uses()->set_subject("anna@EXAMPLE.COM");
  event.add_quota_facts()->mutable_used()->set_subject("192.0.2.1");
  event::Mail& mail = *event.mutable_mail();
  mail.set_protocol("smtp");
  mail.set_helo("annas-laptop.our.example");
  mail.set_user("anna");
  mail.set_sender("anna@our.example");
  mail.set_pending_recipient("anna@friend.example");
  mail.add_recipients("anna@friend.example");
  mail.mutable_message()->set_from("anna@our.example");
  mail.mutable_message()->add_to("anna@friend.example");
  mail.mutable_message()->add_cc("anna@other.example");
  mail.mutable_message()->set_subject("annas plan");
  mail.mutable_message()->set_message_id("<1@annas-laptop>");
  mail.mutable_message()->set_done(true);
  event.mutable_hits(0)->set_object("anna@friend.example");
  *event.add_hits() = event.hits(0);
  event.mutable_hits(1)->set_object("192.0.2.1");
  return event;
}

Records records_of(OutputFormat format, const event::FlowEvent& event) {
  OutputSettings settings;
  settings.format = format;
  settings.types = types_of(format);
  settings.people = People::kPseudonym;
  Records records;
  make_encoder(settings, kNames)->encode(event, records);
  return records;
}

TEST(Pseudonymise, NoFieldOfAnEventSaysWhoItWas) {
  event::FlowEvent event = event_of_anna();
  pseudonymise(event, *kNames);
  const std::string all = event.DebugString();
  for (const char* const who : {"anna", "192.0.2.1", "00:aa:01"}) EXPECT_THAT(all, Not(HasSubstr(who)));
  EXPECT_EQ(event.initiator(), kNames->of("192.0.2.1"));
  EXPECT_EQ(event.hits(0).object(), kNames->of("anna@friend.example"));
  EXPECT_EQ(event.hits(1).object(), event.initiator());
  EXPECT_EQ(event.responder(), "198.51.100.1");
  EXPECT_EQ(event.host(), "weir-export-test.example");
}

TEST(Pseudonymise, OfAFlowFromOutsideTheResponderIsTheClient) {
  event::FlowEvent event = event_of_anna();
  event.set_initiator_inside(false);
  pseudonymise(event, *kNames);
  EXPECT_EQ(event.responder(), kNames->of("198.51.100.1"));
}

TEST(Pseudonymise, EveryFormatNamesThemByTheSameWord) {
  const std::string client = kNames->of("192.0.2.1");
  for (const OutputFormat format :
       {OutputFormat::kEve, OutputFormat::kEcs, OutputFormat::kCef, OutputFormat::kSyslog}) {
    std::string users;
    for (const Record& record : records_of(format, event_of_anna())) {
      const std::string all = record.body + record.structured;
      for (const char* const who : {"anna", "192.0.2.1", "00:aa:01"})
        EXPECT_THAT(all, Not(HasSubstr(who))) << to_string(format);
      EXPECT_THAT(all, HasSubstr(client)) << to_string(format);
      users += all;
    }
    EXPECT_THAT(users, HasSubstr(kNames->of("anna@EXAMPLE.COM"))) << to_string(format);
  }
}

TEST(Pseudonymise, AFieldForAddressesHasNoPseudonym) {
  for (const Record& record : records_of(OutputFormat::kEcs, event_of_anna())) {
    EXPECT_EQ(test::why_no_json(record.body), "");
    const auto document = nlohmann::json::parse(record.body);
    EXPECT_FALSE(document["source"].contains("ip")) << "Elastic refuses what is no address there";
    EXPECT_EQ(document["destination"]["ip"], "198.51.100.1");
    EXPECT_EQ(document["network"]["type"], "ipv4");
  }
  for (const Record& record : records_of(OutputFormat::kCef, event_of_anna())) {
    EXPECT_EQ(test::why_no_cef(record.body), "");
    EXPECT_THAT(record.body, HasSubstr(" suid=client-"));
    EXPECT_THAT(record.body, Not(HasSubstr(" src=")));
    EXPECT_THAT(record.body, HasSubstr(" dst=198.51.100.1"));
  }
}

class KeyForPseudonyms : public ::testing::Test {
 protected:
  void SetUp() override {
    settings_.state_directory = home_.path();
    settings_.outputs.resize(1);
    settings_.outputs[0].people = People::kPseudonym;
  }
  void TearDown() override { unsetenv("CREDENTIALS_DIRECTORY"); }
  void credential(const std::string& text) {
    ASSERT_TRUE(policy::write_private(home_.file("people.key"), text));
    setenv("CREDENTIALS_DIRECTORY", home_.path().c_str(), 1);
  }
  test::TemporaryDirectory home_;
  Settings settings_;
};

TEST_F(KeyForPseudonyms, IsNotTouchedWhereNoOutputAsks) {
  settings_.outputs[0].people = People::kClear;
  const auto none = pseudonyms_for(settings_);
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->has_value());
}

TEST_F(KeyForPseudonyms, IsThatOfTheApplianceHoweverItIsHandedOver) {
  const auto own = policy::people_key(policy::keys_folder(settings_.state_directory));
  ASSERT_TRUE(own);
  const std::string word = policy::Pseudonyms{*own}.of("anna");
  const auto of_file = pseudonyms_for(settings_);
  ASSERT_TRUE(of_file && of_file->has_value());
  EXPECT_EQ((*of_file)->of("anna"), word);
  credential(policy::hex(*own));
  const auto handed = pseudonyms_for(settings_);
  ASSERT_TRUE(handed && handed->has_value());
  EXPECT_EQ((*handed)->of("anna"), word);
}

TEST_F(KeyForPseudonyms, NobodyIsNamedInClearForLackOfIt) {
  credential("none");
  const auto none = pseudonyms_for(settings_);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(to_text(none.error()), HasSubstr("weir-engine makes keys/people.key"));
  for (const std::string& damaged :
       {std::string{}, std::string{"abc"}, std::string(63, 'a'), std::string(64, 'x')}) {
    ASSERT_TRUE(policy::write_private(home_.file("people.key"), damaged));
    EXPECT_EQ(pseudonyms_for(settings_).error().code, ErrorCode::kCorrupt) << damaged;
  }
}

}  // namespace
}  // namespace weir::output
