// SPDX-License-Identifier: Apache-2.0
#include "policy/bus/facts.h"

#include <gtest/gtest.h>

#include "policy/bus/stream_browser.h"
#include "policy/bus/streams.h"
#include "policy/model/flow_event.pb.h"
#include "tests/support/redis_server.h"

namespace weir::policy {
namespace {

using std::chrono::milliseconds;

QuotaFact fact(const std::string& subject, std::uint64_t seconds = 60) {
  return {"video", subject, 86'400 * kSecond, {2'000'000'000, seconds, 7, 3}};
}

TEST(Fact, ComesBackAsItWasSaid) {
  for (const char* subject : {"10.20.0.5", "anna@EXAMPLE.COM", "group staff", "all", "zoë"}) {
    const auto read = decode_fact(encode_fact(fact(subject)));
    ASSERT_TRUE(read) << to_text(read.error());
    EXPECT_EQ(*read, fact(subject));
  }
}

TEST(Fact, TheLongestFitsAndALongerOneIsRefused) {
  QuotaFact longest = fact(std::string(kFactSubjectBytesMax, 's'));
  longest.rule = std::string(kFactRuleBytesMax, 'r');
  longest.period_ends = INT64_MAX;
  longest.used = {kQuotaAmountMax, kQuotaAmountMax, kQuotaAmountMax, kQuotaAmountMax};
  EXPECT_LE(encode_fact(longest).size(), kFactBytesMax);
  EXPECT_EQ(decode_fact(encode_fact(longest)).value(), longest);
  for (const auto& spoil : std::vector<void (*)(QuotaFact&)>{
           [](QuotaFact& f) { f.subject += 's'; }, [](QuotaFact& f) { f.rule += 'r'; },
           [](QuotaFact& f) { f.subject.clear(); }, [](QuotaFact& f) { f.rule.clear(); },
           [](QuotaFact& f) { f.subject[3] = '\n'; }, [](QuotaFact& f) { f.rule[3] = '\x7f'; },
           [](QuotaFact& f) { ++f.used.bytes; }, [](QuotaFact& f) { ++f.used.seconds; },
           [](QuotaFact& f) { ++f.used.flows; }, [](QuotaFact& f) { ++f.used.messages; },
           [](QuotaFact& f) { f.period_ends = 0; }, [](QuotaFact& f) { f.period_ends = -1; }}) {
    QuotaFact spoiled = longest;
    spoil(spoiled);
    EXPECT_EQ(decode_fact(encode_fact(spoiled)).error().code, ErrorCode::kCorrupt);
  }
}

TEST(Fact, BytesThatAreNoneAreRefused) {
  google::protobuf::SetLogHandler(nullptr);
  const std::string good = encode_fact(fact("all"));
  for (std::size_t cut = 0; cut < good.size(); ++cut) EXPECT_FALSE(decode_fact(good.substr(0, cut))) << cut;
  EXPECT_FALSE(decode_fact("nonsense"));
  EXPECT_FALSE(decode_fact(std::string(kFactBytesMax + 1, '\0')));
  event::QuotaFact padded;
  ASSERT_TRUE(padded.ParseFromString(good));
  padded.GetReflection()->MutableUnknownFields(&padded)->AddLengthDelimited(99,
                                                                            std::string(kFactBytesMax, 'x'));
  EXPECT_FALSE(decode_fact(padded.SerializeAsString())) << "longer than an entry may be";
  std::string not_text = encode_fact(fact("a\xff"));
  EXPECT_FALSE(decode_fact(not_text)) << "not UTF-8";
}

class Facts : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(redis_.up()); }
  static std::vector<QuotaFact> all_of(FactsReader& reader) {
    std::vector<QuotaFact> all;
    while (true) {
      const auto some = reader.read(milliseconds{0});
      EXPECT_TRUE(some) << to_text(some.error());
      if (!some || some->empty()) return all;
      EXPECT_LE(some->size(), kFactsAtOnce);
      all.insert(all.end(), some->begin(), some->end());
    }
  }
  test::RedisServer redis_;
};

TEST_F(Facts, AReaderBeginsAtTheBeginningAndThenGetsOnlyWhatIsNew) {
  FactsReader early{redis_.connect()};
  EXPECT_TRUE(all_of(early).empty()) << "no stream yet";
  FactsWriter writer{redis_.connect()};
  std::vector<QuotaFact> said;
  for (std::uint32_t i = 0; i < 2 * kFactsAtOnce + 1; ++i) said.push_back(fact("s" + std::to_string(i)));
  for (std::size_t at = 0; at < said.size(); at += kFactsAtOnce) {
    const std::size_t some = std::min<std::size_t>(kFactsAtOnce, said.size() - at);
    ASSERT_TRUE(writer.write(std::span{said}.subspan(at, some)));
  }
  EXPECT_EQ(all_of(early), said);
  EXPECT_TRUE(all_of(early).empty());
  const QuotaFact later[] = {fact("all", 120)};
  ASSERT_TRUE(writer.write(later));
  EXPECT_EQ(all_of(early), std::vector{later[0]});
  FactsReader late{redis_.connect()};
  EXPECT_EQ(all_of(late).size(), said.size() + 1);
}

TEST_F(Facts, WaitingEndsWithTheTime) {
  FactsReader reader{redis_.connect()};
  const auto before = std::chrono::steady_clock::now();
  EXPECT_TRUE(reader.read(milliseconds{30}).value().empty());
  EXPECT_GE(std::chrono::steady_clock::now() - before, milliseconds{25});
}

TEST_F(Facts, WhatIsNoFactIsSkippedAndCounted) {
  google::protobuf::SetLogHandler(nullptr);
  auto admin = redis_.connect();
  FactsWriter writer{redis_.connect()};
  const QuotaFact one[] = {fact("10.20.0.5")};
  for (std::uint32_t i = 0; i < kFactsAtOnce; ++i)
    ASSERT_TRUE(admin.command({"XADD", kFactsStream, "*", kPayloadField, "nonsense"}));
  ASSERT_TRUE(admin.command({"XADD", kFactsStream, "*", "other", "field"}));
  ASSERT_TRUE(writer.write(one));
  FactsReader reader{redis_.connect()};
  EXPECT_EQ(reader.read(milliseconds{0}).value(), std::vector{one[0]})
      << "a whole step of nonsense is no end";
  EXPECT_EQ(reader.skipped(), kFactsAtOnce + 1);
}

TEST_F(Facts, TheStreamIsCutToItsCapAndAskedToBeWholeInTime) {
  FactsWriter writer{redis_.connect(), 1'000};
  std::uint64_t written = 0;
  while (!writer.wants_whole_set()) {
    const QuotaFact one[] = {fact("s" + std::to_string(written++))};
    ASSERT_TRUE(writer.write(one));
  }
  EXPECT_EQ(written, 250U);
  writer.wrote_whole_set();
  EXPECT_FALSE(writer.wants_whole_set());
  const std::vector<QuotaFact> step(kFactsAtOnce, fact("all"));
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(writer.write(step));
  EXPECT_LT(StreamBrowser{redis_.connect()}.length(std::string{kFactsStream}).value(), 1'200U);
}

TEST_F(Facts, ARefusalIsNoLostConnection) {
  auto admin = redis_.connect();
  ASSERT_TRUE(admin.command({"SET", kFactsStream, "in the way"}));
  FactsWriter writer{redis_.connect()};
  const QuotaFact one[] = {fact("all")};
  EXPECT_EQ(writer.write(one).error().code, ErrorCode::kLimit);
  ASSERT_TRUE(admin.command({"DEL", kFactsStream}));
  EXPECT_TRUE(writer.write(one));
  redis_.stop(SIGKILL);
  EXPECT_EQ(writer.write(one).error().code, ErrorCode::kUnavailable);
}

TEST_F(Facts, AfterALostServerANewReaderBeginsAnew) {
  FactsWriter writer{redis_.connect()};
  const QuotaFact one[] = {fact("all")};
  ASSERT_TRUE(writer.write(one));
  FactsReader reader{redis_.connect()};
  EXPECT_EQ(all_of(reader).size(), 1U);
  redis_.stop(SIGKILL);
  EXPECT_EQ(reader.read(milliseconds{0}).error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(reader.usable());
  redis_.start();
  ASSERT_TRUE(redis_.up());
  FactsReader again{redis_.connect()};
  EXPECT_EQ(all_of(again).size(), 1U);
}

}  // namespace
}  // namespace weir::policy
