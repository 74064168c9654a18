// SPDX-License-Identifier: Apache-2.0
#include "classifier/ndpi/ndpi_labeler.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir::classifier {
namespace {

using channel::Direction;

constexpr std::uint8_t kSyn = 0x02;
constexpr std::uint8_t kAck = 0x10;

struct Built {
  std::vector<std::uint8_t> bytes;
  NdpiPacket packet;
};

/// An IPv4 packet between 10.0.0.1:40000 and 192.0.2.1:`port`.
Built build(std::uint8_t protocol, std::uint16_t port, Direction direction, const std::string& payload,
            std::uint8_t flags = kAck) {
  const std::size_t l4 = protocol == kProtocolTcp ? 20 : 8;
  Built built;
  auto& b = built.bytes;
  b.assign(20 + l4, 0);
  b[0] = 0x45;
  b[2] = static_cast<std::uint8_t>((b.size() + payload.size()) >> 8U);
  b[3] = static_cast<std::uint8_t>((b.size() + payload.size()) & 0xffU);
  b[8] = 64;
  b[9] = protocol;
  const bool back = direction == Direction::kFromResponder;
  const std::uint8_t client[] = {10, 0, 0, 1};
  const std::uint8_t server[] = {192, 0, 2, 1};
  std::copy_n(back ? server : client, 4, b.begin() + 12);
  std::copy_n(back ? client : server, 4, b.begin() + 16);
  const std::uint16_t ports[] = {back ? port : std::uint16_t{40'000}, back ? std::uint16_t{40'000} : port};
  for (std::size_t i = 0; i < 2; ++i) {
    b[20 + 2 * i] = static_cast<std::uint8_t>(ports[i] >> 8U);
    b[21 + 2 * i] = static_cast<std::uint8_t>(ports[i] & 0xffU);
  }
  if (protocol == kProtocolTcp) {
    b[32] = 0x50;
    b[33] = flags;
  } else {
    b[24] = static_cast<std::uint8_t>((8 + payload.size()) >> 8U);
    b[25] = static_cast<std::uint8_t>((8 + payload.size()) & 0xffU);
  }
  b.insert(b.end(), payload.begin(), payload.end());
  built.packet = {.from_l3 = {},
                  .l4_offset = 20,
                  .payload_offset = static_cast<std::uint16_t>(20 + l4),
                  .payload_bytes = static_cast<std::uint16_t>(payload.size()),
                  .protocol = protocol,
                  .tcp_flags = flags,
                  .direction = direction};
  return built;
}

class NdpiLabelerTest : public ::testing::Test {
 protected:
  NdpiLabel feed(NdpiLabeler::Flow& flow, Built built) {
    built.packet.from_l3 = built.bytes;
    return labeler_->feed(flow, built.packet, (now_ += kMillisecond));
  }
  std::unique_ptr<NdpiLabeler> labeler_ =
      std::move(*NdpiLabeler::create({.packets_max = 8, .guard_pages = true}));
  TimeNs now_ = kSecond;
};

TEST_F(NdpiLabelerTest, NamesHttpFromItsRequest) {
  NdpiLabeler::Flow flow;
  feed(flow, build(kProtocolTcp, 8081, Direction::kFromInitiator, "", kSyn));
  feed(flow, build(kProtocolTcp, 8081, Direction::kFromResponder, "", kSyn | kAck));
  const auto label = feed(flow, build(kProtocolTcp, 8081, Direction::kFromInitiator,
                                      "GET / HTTP/1.1\r\nHost: files.example\r\nUser-Agent: x\r\n\r\n"));
  EXPECT_EQ(label.master, "HTTP");
  EXPECT_EQ(label.app, "");
  EXPECT_EQ(label.confidence, AppConfidence::kDpi);
  EXPECT_FALSE(label.final);  // the response may say more
  const auto last = feed(flow, build(kProtocolTcp, 8081, Direction::kFromResponder,
                                     "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html></html>"));
  EXPECT_TRUE(last.final);
  EXPECT_EQ(last.master, "HTTP");
  EXPECT_FALSE(flow.active());
  EXPECT_EQ(flow.host(), "files.example");
  EXPECT_EQ(labeler_->flows_active(), 0U);
}

TEST_F(NdpiLabelerTest, OnlyTheChosenDissectorsRun) {
  const auto master_of_http = [this](const std::string& dissectors) {
    labeler_ = std::move(*NdpiLabeler::create({.packets_max = 8, .dissectors = dissectors}));
    NdpiLabeler::Flow flow;
    feed(flow, build(kProtocolTcp, 8081, Direction::kFromInitiator, "", kSyn));
    feed(flow, build(kProtocolTcp, 8081, Direction::kFromResponder, "", kSyn | kAck));
    const auto label = feed(flow, build(kProtocolTcp, 8081, Direction::kFromInitiator,
                                        "GET / HTTP/1.1\r\nHost: files.example\r\nUser-Agent: x\r\n\r\n"));
    return label.master;
  };
  EXPECT_EQ(master_of_http("all"), "HTTP");
  EXPECT_EQ(master_of_http("all -TINC  -Florensia"), "HTTP");
  EXPECT_EQ(master_of_http("TLS HTTP"), "HTTP");
  EXPECT_NE(master_of_http("all -HTTP"), "HTTP");
  EXPECT_NE(master_of_http("TLS SSH"), "HTTP");
  const auto refused = NdpiLabeler::create({.dissectors = "all -Florentia"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_NE(refused.error().what.find("Florentia"), std::string::npos);
}

TEST_F(NdpiLabelerTest, GivesUpAtTheBudgetAndWipesTheState) {
  NdpiLabeler::Flow flow;
  NdpiLabel label;
  for (int i = 0; i < 8 && !label.final; ++i) {
    label = feed(flow, build(kProtocolTcp, 5999, Direction::kFromInitiator, "\x01nothing known here"));
  }
  EXPECT_TRUE(label.final);
  EXPECT_FALSE(flow.active());
  EXPECT_EQ(labeler_->flows_active(), 0U);
}

TEST_F(NdpiLabelerTest, AConnectionWithoutAWordIsGuessedByPort) {
  NdpiLabeler::Flow flow;
  const auto syn = feed(flow, build(kProtocolTcp, 22, Direction::kFromInitiator, "", kSyn));
  EXPECT_EQ(syn, NdpiLabel{});
  EXPECT_FALSE(flow.active());  // a SYN costs nothing
  for (const char* server : {"192.0.2.1", "2001:db8::1"}) {
    const char* client = server[0] == '1' ? "10.0.0.1" : "2001:db8::2";
    const auto label =
        labeler_->guess({*IpAddress::parse(client), *IpAddress::parse(server), 40'000, 22, kProtocolTcp});
    EXPECT_EQ(label.master, "SSH") << server;
    EXPECT_EQ(label.confidence, AppConfidence::kMatchByPort);
    EXPECT_TRUE(is_guess(label.confidence));
    EXPECT_TRUE(label.final);
  }
  EXPECT_EQ(labeler_->flows_active(), 0U);
}

FlowFacts named(NameSource source, const char* host, std::uint8_t protocol, std::uint16_t port) {
  FlowFacts facts;
  facts.tuple = {*IpAddress::parse("10.0.0.1"), *IpAddress::parse("198.51.100.1"), 40'000, port, protocol};
  facts.host = host;
  facts.host_source = source;
  return facts;
}

TEST_F(NdpiLabelerTest, ANameThatTheLibraryKnowsNeedsNoPacket) {
  const auto tls = labeler_->label_of_name(named(NameSource::kTlsSni, "www.youtube.com", kProtocolTcp, 443));
  ASSERT_TRUE(tls);
  EXPECT_EQ(*tls, (NdpiLabel{"TLS", "YouTube", AppConfidence::kDpi, true}));
  const auto quic =
      labeler_->label_of_name(named(NameSource::kQuicSni, "www.youtube.com", kProtocolUdp, 443));
  ASSERT_TRUE(quic);
  EXPECT_EQ(*quic, (NdpiLabel{"QUIC", "YouTube", AppConfidence::kDpi, true}));
  const auto dns = labeler_->label_of_name(named(NameSource::kDnsQuery, "www.youtube.com", kProtocolUdp, 53));
  ASSERT_TRUE(dns);
  EXPECT_EQ(*dns, (NdpiLabel{"DNS", "YouTube", AppConfidence::kDpi, true}));
}

TEST_F(NdpiLabelerTest, ANameThatTheLibraryDoesNotKnowDecidesWhereNothingElseCould) {
  const auto dns = labeler_->label_of_name(named(NameSource::kDnsQuery, "host.example", kProtocolUdp, 53));
  ASSERT_TRUE(dns);
  EXPECT_EQ(*dns, (NdpiLabel{"DNS", "", AppConfidence::kDpi, true}));
  auto google = named(NameSource::kDnsQuery, "host.example", kProtocolUdp, 53);
  google.tuple.responder = *IpAddress::parse("8.8.8.8");  // the library goes by the resolver then
  ASSERT_TRUE(labeler_->label_of_name(google));
  EXPECT_EQ(labeler_->label_of_name(google)->app, "Google");
  // A certificate may still name the application; other ports make it another protocol.
  EXPECT_FALSE(labeler_->label_of_name(named(NameSource::kTlsSni, "host.example", kProtocolTcp, 443)));
  EXPECT_FALSE(labeler_->label_of_name(named(NameSource::kTlsSni, "www.youtube.com", kProtocolTcp, 853)));
  EXPECT_FALSE(labeler_->label_of_name(named(NameSource::kHttpHost, "www.youtube.com", kProtocolTcp, 80)));
  EXPECT_FALSE(labeler_->label_of_name(named(NameSource::kNone, "", kProtocolTcp, 443)));
}

TEST_F(NdpiLabelerTest, AnEmptyDatagramIsNotShown) {
  NdpiLabeler::Flow flow;
  const auto label = feed(flow, build(kProtocolUdp, 53, Direction::kFromInitiator, ""));
  EXPECT_FALSE(label.final);
  EXPECT_EQ(label.master, "Unknown");
  EXPECT_EQ(labeler_->finish(flow).master, "Unknown");  // not even the port was seen
}

TEST_F(NdpiLabelerTest, ATlsServerIsNotReadForEver) {
  auto labeler = std::move(*NdpiLabeler::create({.packets_max = kNdpiPacketsMax, .guard_pages = true}));
  NdpiLabeler::Flow flow;
  NdpiLabel label;
  std::string record = "\x16\x03\x03\x40";  // a handshake record of 16 KiB that arrives slowly
  record.resize(1'400, 'x');
  int packets = 0;
  for (; packets < 40 && !label.final; ++packets) {
    auto built = build(kProtocolTcp, 443, Direction::kFromResponder, record);
    built.packet.from_l3 = built.bytes;
    label = labeler->feed(flow, built.packet, (now_ += kMillisecond));
  }
  EXPECT_TRUE(label.final);
  EXPECT_LE(packets, 6);  // 8,192 bytes and the packet that passed them
}

TEST_F(NdpiLabelerTest, LengthsThatLieAreClamped) {
  NdpiLabeler::Flow flow;
  auto built = build(kProtocolUdp, 53, Direction::kFromInitiator, std::string(200, 'x'));
  built.packet.payload_bytes = 60'000;
  built.packet.from_l3 = built.bytes;
  static_cast<void>(labeler_->feed(flow, built.packet, now_));
  built.packet.payload_offset = 60'000;
  static_cast<void>(labeler_->feed(flow, built.packet, now_));
  auto huge = build(kProtocolUdp, 53, Direction::kFromInitiator, std::string(9'000, 'x'));
  huge.packet.from_l3 = huge.bytes;
  static_cast<void>(labeler_->feed(flow, huge.packet, now_));
  static_cast<void>(labeler_->finish(flow));
  EXPECT_EQ(labeler_->flows_active(), 0U);
}

TEST_F(NdpiLabelerTest, DroppedAndMovedFlowsGiveTheirStateBack) {
  {
    NdpiLabeler::Flow flow;
    feed(flow, build(kProtocolTcp, 22, Direction::kFromInitiator, "\x01hello"));
    NdpiLabeler::Flow moved = std::move(flow);
    EXPECT_TRUE(moved.active());
    EXPECT_EQ(labeler_->flows_active(), 1U);
  }
  EXPECT_EQ(labeler_->flows_active(), 0U);
}

}  // namespace
}  // namespace weir::classifier
