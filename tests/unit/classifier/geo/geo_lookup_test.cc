// SPDX-License-Identifier: Apache-2.0
#include "classifier/geo/geo_lookup.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include "tests/support/temporary_directory.h"

namespace weir::classifier {
namespace {

// A writer of the smallest MaxMind DB files (format 2.0): one network, one data record.
std::string text(const std::string& value) {
  if (value.size() < 29) return static_cast<char>(0x40U | value.size()) + value;
  return std::string{'\x5d', static_cast<char>(value.size() - 29)} + value;
}
std::string map(unsigned entries) { return {static_cast<char>(0xe0U | entries)}; }
std::string uint32(std::uint32_t value) {
  std::string out{static_cast<char>(0xc4)};
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
  return out;
}
std::string uint16(std::uint16_t value) {
  return {static_cast<char>(0xa2), static_cast<char>(value >> 8U), static_cast<char>(value & 0xffU)};
}

/// 192.0.2.0/24 has `data`, everything else nothing.
std::string database_with(const std::string& data) {
  constexpr std::uint32_t kNetwork = 0xc0000200;
  constexpr std::uint32_t kNodes = 24;
  std::string file;
  const auto record = [&file](std::uint32_t value) {
    for (int shift = 16; shift >= 0; shift -= 8) file.push_back(static_cast<char>(value >> shift));
  };
  for (std::uint32_t node = 0; node < kNodes; ++node) {
    const std::uint32_t next = node + 1 < kNodes ? node + 1 : kNodes + 16;
    const bool right = (kNetwork >> (31 - node) & 1U) != 0;
    record(right ? kNodes : next);
    record(right ? next : kNodes);
  }
  file += std::string(16, '\0') + data + "\xab\xcd\xefMaxMind.com" + map(9);
  file += text("languages") + std::string{'\0', '\x04'} + text("description") + map(0);
  file +=
      text("node_count") + uint32(kNodes) + text("record_size") + uint16(24) + text("ip_version") + uint16(4);
  file += text("database_type") + text("Test") + text("binary_format_major_version") + uint16(2);
  file += text("binary_format_minor_version") + uint16(0) + text("build_epoch") + "\x01\x02\x01";
  return file;
}

std::string country_data() { return map(1) + text("country") + map(1) + text("iso_code") + text("CA"); }
std::string asn_data() {
  return map(2) + text("autonomous_system_number") + uint32(64'500) + text("autonomous_system_organization") +
         text("A name of exactly 29 letters.");
}

class GeoLookupTest : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& bytes) {
    std::ofstream{home_.file(name), std::ios::binary} << bytes;
    return home_.file(name);
  }
  static GeoFacts find(const GeoLookup& lookup, const char* address) {
    return lookup.find(*IpAddress::parse(address));
  }
  test::TemporaryDirectory home_;
};

TEST_F(GeoLookupTest, FindsCountryAndAutonomousSystem) {
  const auto lookup = GeoLookup::open(write("country", database_with(country_data())),
                                      write("asn", database_with(asn_data())));
  ASSERT_TRUE(lookup) << to_text(lookup.error());
  EXPECT_EQ(find(*lookup, "192.0.2.77"), (GeoFacts{"CA", 64'500, "A name of exactly 29 letters."}));
  EXPECT_EQ(find(*lookup, "192.0.3.1"), GeoFacts{});
  EXPECT_EQ(find(*lookup, "2001:db8::1"), GeoFacts{});  // an IPv4 database knows nothing of it
}

TEST_F(GeoLookupTest, TakesFlatCountryCodesAndNothingThatIsNone) {
  const auto flat =
      GeoLookup::open(write("flat", database_with(map(1) + text("country_code") + text("DE"))), "");
  ASSERT_TRUE(flat);
  EXPECT_EQ(find(*flat, "192.0.2.1").country, "DE");
  const auto odd =
      GeoLookup::open(write("odd", database_with(map(1) + text("country_code") + text("<b>"))), "");
  ASSERT_TRUE(odd);
  EXPECT_EQ(find(*odd, "192.0.2.1").country, "");
}

TEST_F(GeoLookupTest, AnAbsentFileLeavesItsFieldsEmpty) {
  const auto lookup = GeoLookup::open(home_.file("none"), write("asn", database_with(asn_data())));
  ASSERT_TRUE(lookup);
  EXPECT_EQ(find(*lookup, "192.0.2.1").country, "");
  EXPECT_EQ(find(*lookup, "192.0.2.1").asn, 64'500U);
}

TEST_F(GeoLookupTest, ADamagedFileIsRefusedByName) {
  const std::string whole = database_with(country_data());
  const std::string record_cut =
      database_with(map(1) + text("country") + map(3));  // a map that promises more
  for (const std::string& bytes :
       {std::string{"not a database"}, whole.substr(0, 100), record_cut, std::string{}}) {
    const auto lookup = GeoLookup::open(write("bad", bytes), "");
    ASSERT_FALSE(lookup) << bytes.size();
    EXPECT_EQ(lookup.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(lookup.error().what.find(home_.file("bad")), std::string::npos);
  }
}

TEST_F(GeoLookupTest, EveryDamagedFileIsSurvived) {
  const char* shared = std::getenv("WEIR_SHARED_DIR");
  const std::filesystem::path bad = std::filesystem::path{shared == nullptr ? "" : shared} / "geo" / "bad";
  if (shared == nullptr || !std::filesystem::is_directory(bad)) {
    GTEST_SKIP() << "WEIR_SHARED_DIR names no directory with geo/bad: NOT TESTED";
  }
  int refused = 0;
  int files = 0;
  for (const auto& file : std::filesystem::directory_iterator{bad}) {
    ++files;
    const pid_t child = fork();
    if (child == 0) {
      const auto lookup = GeoLookup::open(file.path(), file.path());
      if (!lookup) _exit(1);
      for (std::uint32_t i = 0; i < 65'536; ++i) {
        const std::uint8_t bytes[16] = {static_cast<std::uint8_t>(i >> 8U), static_cast<std::uint8_t>(i)};
        static_cast<void>(lookup->find(IpAddress::v6(bytes)));
        static_cast<void>(lookup->find(IpAddress::v4(std::span{bytes}.first<4>())));
      }
      _exit(0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status)) << file.path() << " ended the process with signal " << WTERMSIG(status);
    refused += WIFEXITED(status) && WEXITSTATUS(status) == 1 ? 1 : 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) std::cerr << "not refused: " << file.path() << '\n';
  }
  std::cerr << "refused " << refused << " of " << files << '\n';
  EXPECT_GT(refused, files / 2);
}

}  // namespace
}  // namespace weir::classifier
