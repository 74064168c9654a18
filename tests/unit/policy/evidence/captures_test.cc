// SPDX-License-Identifier: Apache-2.0
// Files as the data plane writes them, read back.
#include "policy/evidence/captures.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "dataplane/control/pcapng_file.h"
#include "policy/model/ip_address.h"
#include "tests/support/temporary_directory.h"

namespace weir::evidence {
namespace {

/// As much of an Ethernet frame as is looked at: both addresses of an IPv4 header.
std::string frame(std::uint8_t from, std::uint8_t to, const std::string& payload) {
  std::string bytes(14 + 12, '\0');
  for (const std::uint8_t last : {from, to}) bytes += {10, 0, 0, static_cast<char>(last)};
  return bytes + payload;
}

class CapturesTest : public ::testing::Test {
 protected:
  struct Wanted {
    TimeNs time = 0;
    std::uint32_t interface = 0;
    std::uint64_t flow = 7;
    std::string bytes = frame(2, 3, "x");
    std::uint32_t cut = 0;
  };
  std::string write(const std::string& name, const std::string& comment, const std::vector<Wanted>& packets) {
    const std::string path = home_.file("weir-" + name + ".pcapng");
    auto file = dataplane::PcapngFile::create(path, {"p/inside", "p/outside"}, 1'600, comment);
    EXPECT_TRUE(file);
    for (const Wanted& one : packets) {
      (*file)->add({.time = one.time,
                    .interface = one.interface,
                    .frame_bytes = static_cast<std::uint32_t>(one.bytes.size()) + one.cut,
                    .bytes = as_bytes(one.bytes),
                    .comment = "flow " + std::to_string(one.flow)});
    }
    EXPECT_TRUE((*file)->flush());
    return path;
  }
  static event::FlowEvent flow() {
    event::FlowEvent event;
    event.set_flow_id("00112233aabbccdd-1-7");
    event.set_initiator("10.0.0.2");
    event.set_responder("10.0.0.3");
    event.set_started_ns(100 * kSecond);
    event.set_ended_ns(110 * kSecond);
    return event;
  }
  std::vector<Packet> packets() const { return packets_of(home_.path(), flow()); }

  test::TemporaryDirectory home_;
};

TEST_F(CapturesTest, AFileIsReadAsItWasWritten) {
  const std::string path = write("a", "blocked: flow=7 worker=1",
                                 {{100 * kSecond, 0}, {101 * kSecond, 1, 8, frame(3, 2, "yy"), 5}});
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  const auto file = read_pcapng(bytes.str());
  ASSERT_TRUE(file) << to_text(file.error());
  EXPECT_EQ(file->comment, "blocked: flow=7 worker=1");
  EXPECT_FALSE(file->cut);
  ASSERT_EQ(file->packets.size(), 2U);
  EXPECT_EQ(file->packets[0], (Packet{100 * kSecond, "p/inside", 27 + 8, frame(2, 3, "x"), 7}));
  EXPECT_EQ(file->packets[1].interface, "p/outside");
  EXPECT_EQ(file->packets[1].flow, 8U);
  EXPECT_EQ(file->packets[1].frame_bytes, file->packets[1].bytes.size() + 5);
}

TEST_F(CapturesTest, WhereverAFileEndsWhatIsWholeIsRead) {
  const std::string path = write("a", "c", {{1, 0}, {2, 0}});
  std::ostringstream all;
  all << std::ifstream(path, std::ios::binary).rdbuf();
  const std::string bytes = all.str();
  std::size_t most = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto file = read_pcapng(std::string_view{bytes}.substr(0, size));
    if (!file) continue;
    EXPECT_GE(file->packets.size(), most) << size;
    EXPECT_LT(file->packets.size(), 2U);
    most = file->packets.size();
  }
  EXPECT_EQ(most, 1U);
}

TEST_F(CapturesTest, NoFlippedByteReadsBeyondTheFile) {
  const std::string path = write("a", "c", {{1, 0}, {2, 0}});
  std::ostringstream all;
  all << std::ifstream(path, std::ios::binary).rdbuf();
  const std::string bytes = all.str();
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const int value : {0x00, 0x7f, 0x80, 0xff}) {
      std::string flipped = bytes;
      flipped[at] = static_cast<char>(value);
      const auto file = read_pcapng(flipped);
      EXPECT_LE(file ? file->packets.size() : 0U, 2U);
    }
  }
}

TEST_F(CapturesTest, PacketsOfTheFlowComeOnceInTheirOrder) {
  write("1", "blocked: verdict=drop flow=7 worker=1 policy-revision=2",
        {{102 * kSecond}, {103 * kSecond, 1}});
  write("2", "hit: flow=7 worker=1", {{100 * kSecond}, {102 * kSecond}});
  const auto found = packets();
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].time, 100 * kSecond);
  EXPECT_EQ(found[1].time, 102 * kSecond);
  EXPECT_EQ(found[2].interface, "p/outside");
}

TEST_F(CapturesTest, OtherFlowsWorkersTimesAndAddressesAreNotMeant) {
  write("1", "hit: flow=7 worker=0", {{102 * kSecond}});
  write("2", "hit: flow=7 worker=1",
        {{102 * kSecond, 0, 8}, {50 * kSecond}, {500 * kSecond}, {102 * kSecond, 0, 7, frame(2, 9, "x")}});
  write("3", "asked for: ticket; flow=0 address=10.0.0.2 port=0", {{104 * kSecond}});
  const auto found = packets();
  ASSERT_EQ(found.size(), 1U) << "by hand, of all workers";
  EXPECT_EQ(found[0].time, 104 * kSecond);
}

TEST_F(CapturesTest, FilesWithAnAddressAreFoundAndRemoved) {
  const std::string with = write("1", "c", {{1}, {2, 0, 7, frame(4, 3, "x")}});
  const std::string without = write("2", "c", {{1}});
  EXPECT_EQ(captures_of(home_.path(), "10.0.0.4"), std::vector<std::string>{with});
  EXPECT_TRUE(captures_of(home_.path(), "anna").empty());
  ASSERT_TRUE(remove_captures({with}));
  EXPECT_FALSE(std::filesystem::exists(with));
  EXPECT_TRUE(std::filesystem::exists(without));
}

TEST(FlowNumberTest, IsReadOutOfTheFlowsId) {
  const auto number = number_in("00112233aabbccdd-3-42");
  ASSERT_TRUE(number);
  EXPECT_EQ(number->worker, 3U);
  EXPECT_EQ(number->number, 42U);
  for (const char* const none : {"", "x", "a-b", "a-1-", "a-1-2x", "a--2"})
    EXPECT_FALSE(number_in(none)) << none;
}

}  // namespace
}  // namespace weir::evidence
