// SPDX-License-Identifier: Apache-2.0
#include "policy/bus/event_batch.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include "policy/bus/event_dictionary.h"
#include "policy/model/flow_event.pb.h"

namespace weir::policy {
namespace {

using Texts = std::vector<std::string>;

std::vector<std::string_view> views(const Texts& texts) { return {texts.begin(), texts.end()}; }

/// A batch whose frame holds these bytes, compressed without a dictionary.
std::string batch_of(std::string_view plain) {
  std::string payload(2 + ZSTD_compressBound(plain.size()), '\0');
  payload[1] = '\x01';
  const std::size_t size =
      ZSTD_compress(payload.data() + 2, payload.size() - 2, plain.data(), plain.size(), 3);
  payload.resize(2 + size);
  return payload;
}

std::string reason(std::string_view payload) {
  const auto events = events_of(payload);
  if (events) return "it was read";
  EXPECT_EQ(events.error().code, ErrorCode::kCorrupt);
  return events.error().what;
}

TEST(EventBatch, EventsComeBackAsTheyWereInTheirOrder) {
  const Texts events{"a", std::string("\0\n\xff", 3), std::string(127, 'x'), std::string(128, 'y'),
                     std::string(kEventBytesMax, 'z')};
  EXPECT_EQ(events_of(encode_batch(events)).value(), events);
  EXPECT_EQ(events_of(encode_batch(Texts{"one"})).value(), Texts{"one"});
  const std::string payload = encode_batch(events);
  const auto opened = open_batch(payload);
  ASSERT_TRUE(opened);
  EXPECT_EQ(Texts(opened->events.begin(), opened->events.end()), events);
}

TEST(EventBatch, ASingleEventAsItIsCanBeRead) {
  event::FlowEvent event;
  event.mutable_id()->set_sequence(7);
  event.set_host("example.org");
  EXPECT_EQ(events_of(event.SerializeAsString()).value(), Texts{event.SerializeAsString()});
  EXPECT_EQ(events_of(std::string(kEventBytesMax, 'x')).value().size(), 1U);
  EXPECT_EQ(reason(std::string(kEventBytesMax + 1, 'x')), "65537 bytes are too many");
  EXPECT_EQ(reason(""), "the entry holds no event");
}

TEST(EventBatch, WhatTheyShareIsSaidOnce) {
  event::FlowEvent event;
  event.set_user_agent("Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0");
  event.set_as_org("Somebody's network with a long name");
  Texts events;
  std::size_t bytes = 0;
  for (std::uint64_t i = 1; i <= kBatchEventsMax; ++i) {
    event.mutable_id()->set_sequence(i);
    events.push_back(event.SerializeAsString());
    bytes += events.back().size();
  }
  EXPECT_LT(encode_batch(events).size(), bytes / 10);
}

TEST(EventBatch, TheDictionaryIsThatOfTheFormat) {
  // Other bytes need another format number: what was written before has to stay readable.
  std::uint64_t sum = 0xcbf29ce484222325;
  const std::string dictionary = event_dictionary();
  for (const char c : dictionary) sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  EXPECT_EQ(dictionary.size(), 2'975U);
  EXPECT_EQ(sum, 10'522'235'134'001'219'091U);
}

TEST(EventBatch, NoMoreFitThanTheLimits) {
  const Texts many(kBatchEventsMax + 1, "x");
  EXPECT_EQ(fitting(views(many)), kBatchEventsMax);
  const Texts large(10, std::string(kEventBytesMax, 'x'));
  const std::size_t count = fitting(views(large));
  EXPECT_EQ(count, (kBatchBytesMax - 1) / kEventBytesMax);
  EXPECT_EQ(events_of(encode_batch(std::span{large}.first(count))).value().size(), count);
  EXPECT_EQ(fitting(views({std::string(kEventBytesMax, 'x')})), 1U);
  EXPECT_EQ(fitting({}), 0U);
  EXPECT_DEATH(static_cast<void>(encode_batch(many)), "");
  EXPECT_DEATH(static_cast<void>(encode_batch(large)), "");
  EXPECT_DEATH(static_cast<void>(encode_batch(Texts{})), "");
  EXPECT_DEATH(static_cast<void>(encode_batch(Texts{std::string(kEventBytesMax + 1, 'x')})), "");
}

TEST(EventBatch, MoreThanTheLimitsIsRefused) {
  std::string many;
  for (std::size_t i = 0; i <= kBatchEventsMax; ++i) many += "\x01x";
  EXPECT_EQ(reason(batch_of(many)), "a batch of more than 256 events");
  EXPECT_EQ(events_of(batch_of(many.substr(2))).value().size(), kBatchEventsMax);
  EXPECT_EQ(reason(batch_of("\x81\x80\x04" + std::string(kEventBytesMax + 1, 'x'))),
            "event 1 of the batch has no length that can be");
}

TEST(EventBatch, ABombIsRefusedByWhatItSaysOfItself) {
  const std::string bomb = batch_of(std::string(64U << 20U, 'x'));
  EXPECT_LT(bomb.size(), 8'192U);
  EXPECT_EQ(reason(bomb), "a batch of 67108864 bytes, more than 262144");
  EXPECT_EQ(reason(batch_of(std::string(kBatchBytesMax + 1, '\x01'))),
            "a batch of 262145 bytes, more than 262144");
  // One that lies about its size is stopped at what it said.
  std::string small = batch_of("\x01x");
  const std::string large = batch_of(std::string(10'000, 'x'));
  EXPECT_EQ(reason(small + large.substr(2)), "a batch that cannot be decompressed");
}

TEST(EventBatch, DamageIsSaidInWords) {
  const std::string good = encode_batch(Texts{"one", "two"});
  EXPECT_EQ(reason(good.substr(0, 1)), "a batch of a format that is not known");
  EXPECT_EQ(reason(good.substr(0, 2)), "a batch of a format that is not known");
  EXPECT_EQ(reason(std::string("\0\x02", 2) + good.substr(2)), "a batch of a format that is not known");
  EXPECT_EQ(reason(std::string("\0\x01", 2) + "no frame at all"), "a batch that does not say its size");
  EXPECT_EQ(reason(good.substr(0, good.size() - 1)), "a batch that cannot be decompressed");
  EXPECT_EQ(reason(good + "x"), "a batch that cannot be decompressed");
  EXPECT_EQ(reason(batch_of("\x03one\x04two")), "event 2 of the batch has no length that can be");
  EXPECT_EQ(reason(batch_of(std::string_view{"\x03one\0", 5})),
            "event 2 of the batch has no length that can be");
  EXPECT_EQ(reason(batch_of("\x80\x80\x80\x01x")), "event 1 of the batch has no length that can be");
  EXPECT_EQ(reason(batch_of("\x80")), "event 1 of the batch has no length that can be");
}

}  // namespace
}  // namespace weir::policy
