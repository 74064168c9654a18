// SPDX-License-Identifier: Apache-2.0
#include "policy/engine/event_codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "policy/engine/kept_event.h"
#include "tests/unit/policy/engine/event_builder.h"

namespace weir::policy {
namespace {

TEST(EventCodec, AValidEventComesThrough) {
  const auto event = decode_event(test::flow_event(3).SerializeAsString());
  ASSERT_TRUE(event) << to_text(event.error());
  EXPECT_EQ(event->id().sequence(), 3U);
  EXPECT_EQ(tuple_of(*event).responder_port, 443);
  EXPECT_EQ(client_of(*event), "10.0.0.2");
  EXPECT_EQ(peer_of(*event), "93.184.216.34");
}

TEST(EventCodec, WhatBreaksAPromiseIsRefused) {
  const std::pair<const char*, std::function<void(event::FlowEvent&)>> broken[] = {
      {"no sequence", [](auto& e) { e.mutable_id()->set_sequence(0); }},
      {"sequence too large", [](auto& e) { e.mutable_id()->set_sequence(UINT64_MAX); }},
      {"no appliance", [](auto& e) { e.mutable_id()->clear_appliance(); }},
      {"appliance with a space", [](auto& e) { e.mutable_id()->set_appliance("a b"); }},
      {"no kind", [](auto& e) { e.clear_kind(); }},
      {"kind 9", [](auto& e) { e.set_kind(static_cast<event::Kind>(9)); }},
      {"no flow id", [](auto& e) { e.clear_flow_id(); }},
      {"long flow id", [](auto& e) { e.set_flow_id(std::string(65, 'a')); }},
      {"address", [](auto& e) { e.set_initiator("10.0.0"); }},
      {"no address", [](auto& e) { e.clear_responder(); }},
      {"port", [](auto& e) { e.set_responder_port(65'536); }},
      {"protocol", [](auto& e) { e.set_protocol(256); }},
      {"time", [](auto& e) { e.set_time_ns(UINT64_MAX); }},
      {"hits",
       [](auto& e) {
         for (int i = 0; i <= kRepeatedMax; ++i) e.add_hits();
       }},
      {"uses of quotas",
       [](auto& e) {
         for (int i = 0; i <= kRepeatedMax; ++i) e.add_quota_uses();
       }},
      {"facts of quotas",
       [](auto& e) {
         for (int i = 0; i <= kRepeatedMax; ++i) e.add_quota_facts();
       }},
      {"too long", [](auto& e) { e.set_host(std::string(kEventBytesMax, 'a')); }},
  };
  for (const auto& [what, breaking] : broken) {
    event::FlowEvent event = test::flow_event(1);
    breaking(event);
    EXPECT_EQ(decode_event(event.SerializePartialAsString()).error().code, ErrorCode::kCorrupt) << what;
  }
  EXPECT_FALSE(decode_event(""));
  EXPECT_FALSE(decode_event("\x08"));
  EXPECT_FALSE(decode_event(std::string(100, '\xff')));
}

/// What a reader makes of it is what decode_event makes of it, without the path.
void expect_the_same(EventReader& reader, const std::string& payload, const std::string& what) {
  auto whole = decode_event(payload);
  const auto read = reader.read(payload);
  ASSERT_EQ(read.has_value(), whole.has_value()) << what;
  if (!whole) {
    EXPECT_EQ(read.error().what, whole.error().what) << what;
    return;
  }
  whole->clear_path();
  event::FlowEvent without = **read;
  without.clear_path();
  EXPECT_EQ(without.SerializeAsString(), whole->SerializeAsString()) << what;
}

TEST(EventReader, ReadsAllButThePath) {
  EventReader reader;
  for (const std::string& payload : test::story()) expect_the_same(reader, payload, "story");
  event::FlowEvent event = test::flow_event(5);
  for (int i = 0; i < kRepeatedMax; ++i) {
    event.add_path()->set_section("web");
    event.mutable_path(i)->set_why(std::string(static_cast<std::size_t>(i), 'y'));
  }
  expect_the_same(reader, event.SerializeAsString(), "a long path");
  ASSERT_TRUE(reader.read(event.SerializeAsString()));
  EXPECT_EQ((*reader.read(event.SerializeAsString()))->path_size(), 0);
  event.mutable_path(3)->set_why("caf\xc3\xa9");
  expect_the_same(reader, event.SerializeAsString(), "words that are not ASCII");
  event.add_path();
  expect_the_same(reader, event.SerializeAsString(), "one step too many");
}

TEST(EventReader, RefusesWhatProtobufRefuses) {
  EventReader reader;
  const std::string whole = test::flow_event(5).SerializeAsString();
  const std::string path = "\xba\x03";  // tag of field 55
  for (const std::string& step :
       {path + "\x03\x0a\x01\xff", path + "\x03\x0a\x02y", path + "\x7f", path, path + "\x01\x03",
        std::string("\xba\x03\x01\x00", 4), path + "\x04\xe0\x10\x01x", path + "\x02\x28\x01",
        path + std::string("\x07\x88\x80\x80\x80\x80\x00\x01", 8)}) {
    expect_the_same(reader, whole + step, step);
    expect_the_same(reader, step + whole, step);
  }
  for (std::size_t cut = 0; cut < whole.size(); ++cut)
    expect_the_same(reader, whole.substr(0, cut), "cut at " + std::to_string(cut));
  expect_the_same(reader, std::string(kEventBytesMax + 1, 'a'), "too long");
}

TEST(EventCodec, UnknownFieldsAreKept) {
  std::string bytes = test::flow_event(1).SerializeAsString();
  bytes += std::string{"\xa2\x3e\x03new", 6};  // field 1,000, of a later schema
  const auto event = decode_event(bytes);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->SerializeAsString().size(), bytes.size());
}

TEST(EventCodec, JsonGoesThereAndBack) {
  event::FlowEvent event = test::flow_event(1);
  event.set_as_org("Société \"x\"\n");
  test::add_hit(event, "no-gambling", "bet.example");
  const auto json = event_to_json(event);
  ASSERT_TRUE(json);
  EXPECT_EQ(json->find('\n'), std::string::npos);
  EXPECT_NE(json->find("\"policy_revision\""), std::string::npos);
  const auto back = event_from_json(*json);
  ASSERT_TRUE(back) << to_text(back.error());
  EXPECT_EQ(back->SerializeAsString(), event.SerializeAsString());
  EXPECT_FALSE(event_from_json("{"));
  EXPECT_FALSE(event_from_json("{}"));
}

TEST(KeptEvent, ComesBackAndIsShorterThanJson) {
  event::FlowEvent event = test::flow_event(7);
  test::add_hit(event, "no-gambling", "bet.example");
  const std::string kept = keep_event(event.SerializeAsString());
  EXPECT_LT(kept.size(), event_to_json(event).value().size());
  EXPECT_TRUE(std::ranges::all_of(kept, [](char c) { return c > ' ' && c <= '~'; }))
      << "a text for any database";
  EXPECT_EQ(kept_event(kept).value().SerializeAsString(), event.SerializeAsString());
}

TEST(KeptEvent, OfAnEarlierVersionIsJson) {
  const event::FlowEvent event = test::flow_event(7);
  EXPECT_EQ(kept_event(event_to_json(event).value()).value().SerializeAsString(), event.SerializeAsString());
}

TEST(KeptEvent, WhatIsNeitherIsRefused) {
  const std::string kept = keep_event(test::flow_event(7).SerializeAsString());
  EXPECT_EQ(kept_event("").error().what, "the kept event is no base64");
  EXPECT_EQ(kept_event(kept.substr(1)).error().what, "the kept event is no base64");
  EXPECT_FALSE(kept_event("{"));
  EXPECT_FALSE(kept_event(kept.substr(0, kept.size() - 4)));
  EXPECT_FALSE(kept_event(std::string(200'000, 'A')));
  event::FlowEvent nobody = test::flow_event(7);
  nobody.clear_id();
  EXPECT_EQ(kept_event(keep_event(nobody.SerializeAsString())).error().what, "the id names no appliance");
}

}  // namespace
}  // namespace weir::policy
