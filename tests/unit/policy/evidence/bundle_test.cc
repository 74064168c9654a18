// SPDX-License-Identifier: Apache-2.0
#include "policy/evidence/bundle.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>

#include "policy/evidence/tar.h"
#include "tests/support/temporary_directory.h"

namespace weir::evidence {
namespace {

policy::SigningKey key(char digit = '7') {
  return policy::SigningKey::from_seed(std::string(64, digit)).value();
}

Files files() {
  return {{"events/f.json", "[]\n"},
          {"packets/f/inside.pcap", std::string(1'000, 'p')},
          {"empty", ""},
          {"whole-block", std::string(kTarBlock, 'x')}};
}

std::string packed() { return pack({{"weir-evidence", 1}}, files(), key()).value(); }

/// The file whose header, content or padding this byte is, by the layout of an untouched bundle.
std::string owner_of(const std::string& archive, std::size_t byte) {
  std::size_t at = 0;
  const auto take = [&](const std::string& name, std::size_t bytes) {
    at += kTarBlock + bytes + tar_padding(bytes);
    return byte < at ? name : std::string{};
  };
  const std::size_t manifest = bytes_in_header(archive.substr(0, kTarBlock), kManifest);
  if (auto name = take(kManifest, manifest); !name.empty()) return name;
  const std::size_t signature = bytes_in_header(archive.substr(at, kTarBlock), kSignature);
  if (auto name = take(kSignature, signature); !name.empty()) return name;
  for (const auto& [name, content] : files())
    if (auto found = take(name, content.size()); !found.empty()) return found;
  return "";
}

TEST(BundleTest, WhatWasPackedComesOutAgain) {
  const Opened opened = open_bundle(packed(), key().public_key());
  ASSERT_TRUE(opened.faults.empty()) << opened.faults[0].file << ": " << opened.faults[0].what;
  EXPECT_EQ(opened.files, files());
  EXPECT_EQ(opened.public_key, key().public_key());
  EXPECT_EQ(opened.manifest["weir-evidence"], 1);
}

/// Each byte of the archive, one after the other.
TEST(BundleTest, EveryFlippedByteIsNamedByItsFile) {
  const std::string whole = packed();
  const std::string trusted = key().public_key();
  for (std::size_t byte = 0; byte < whole.size(); ++byte) {
    std::string flipped = whole;
    flipped[byte] = static_cast<char>(flipped[byte] ^ (1 << (byte % 8)));
    const Opened opened = open_bundle(flipped, trusted);
    ASSERT_FALSE(opened.faults.empty()) << byte;
    EXPECT_EQ(opened.faults[0].file, owner_of(whole, byte)) << byte << ": " << opened.faults[0].what;
  }
}

TEST(BundleTest, ABundleThatEndsEarlyOrGoesOnIsNamed) {
  const std::string whole = packed();
  for (std::size_t bytes = 0; bytes < whole.size(); bytes += 100)
    EXPECT_FALSE(open_bundle(whole.substr(0, bytes), "").faults.empty()) << bytes;
  EXPECT_FALSE(open_bundle(whole + std::string(kTarBlock, '\0'), "").faults.empty());
  EXPECT_FALSE(open_bundle(std::string(10'000, 'x'), "").faults.empty());
}

TEST(BundleTest, SignedByAnotherKeyIsNamed) {
  const std::string other = pack({{"weir-evidence", 1}}, files(), key('8')).value();
  EXPECT_TRUE(open_bundle(other, "").faults.empty()) << "whoever signed is believed";
  const Opened opened = open_bundle(other, key().public_key());
  ASSERT_EQ(opened.faults.size(), 1U);
  EXPECT_EQ(opened.faults[0].file, kSignature);
}

TEST(BundleTest, AFileThatIsReplacedWithItsHashInTheManifestIsNamed) {
  Files others = files();
  others["empty"] = "not any more";
  const std::string forged = pack({{"weir-evidence", 1}}, others, key('8')).value();
  EXPECT_FALSE(open_bundle(forged, key().public_key()).faults.empty());
}

TEST(BundleTest, NamesThatLeadOutOfAFolderAreRefused) {
  for (const char* const name : {"../x", "/x", "a//b", "a/", "a/../b", ".", "a b", ""}) {
    EXPECT_FALSE(is_tar_name(name)) << name;
    EXPECT_FALSE(pack({}, {{name, "x"}}, key())) << name;
  }
  EXPECT_TRUE(is_tar_name(std::string(kTarNameMax, 'a')));
  EXPECT_FALSE(is_tar_name(std::string(kTarNameMax + 1, 'a')));
}

TEST(BundleTest, MoreFilesThanTheLimitAreRefused) {
  Files many;
  for (std::size_t i = 0; i <= kBundleFilesMax; ++i) many["f" + std::to_string(i)] = "";
  EXPECT_EQ(pack({}, many, key()).error().code, ErrorCode::kLimit);
  many.erase(many.begin());
  EXPECT_TRUE(open_bundle(pack({}, many, key()).value(), "").faults.empty());
}

TEST(BundleTest, TarUnpacksIt) {
  const test::TemporaryDirectory home;
  std::ofstream(home.file("b.tar"), std::ios::binary) << packed();
  const std::string command = "tar -xf " + home.file("b.tar") + " -C " + home.path() + " && cmp -s " +
                              home.file("whole-block") + " " + home.file("whole-block");
  ASSERT_EQ(std::system(command.c_str()), 0);
  std::ifstream in(home.file("packets/f/inside.pcap"));
  std::string content;
  in >> content;
  EXPECT_EQ(content, files().at("packets/f/inside.pcap"));
}

}  // namespace
}  // namespace weir::evidence
