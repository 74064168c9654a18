// SPDX-License-Identifier: Apache-2.0
#include "policy/fetch/sources_file.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

namespace weir::policy {
namespace {

constexpr const char* kSha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Every mistake of a file with these sources, a line each.
std::string mistakes_of(const std::string& sources, const std::string& head = "weir-categories: 1\n") {
  const auto read = parse_sources_file(head + sources, "c.yaml");
  if (read) return "";
  std::string all;
  for (const Error& error : read.error()) all += to_text(error) + "\n";
  return all;
}

/// The one mistake of a source with these keys.
std::string mistake_of(const std::string& keys) { return mistakes_of("sources: [{" + keys + "}]\n"); }

TEST(SourcesFile, EveryKey) {
  const auto read = parse_sources_file(
      "weir-categories: 1\n"
      "allow: ours.txt\n"
      "accept_suffix: [github.io, blogspot.com]\n"
      "sources:\n"
      "  - {source: ut1, tree: [gambling, games], url: https://lists.example/b.tar.gz, licence: "
      "CC-BY-SA-4.0,\n"
      "     ca: own-ca.pem, megabytes_max: 1024, seconds_max: 3600}\n"
      "  - {source: evil, category: malware, url: \"http://lists.example/evil\", format: rpz, licence: CC0,\n"
      "     sha256: " +
          std::string{kSha256} +
          "}\n"
          "  - {source: shipped, tree: all, url: \"file:///usr/share/my%20lists\", licence: Apache-2.0}\n",
      "/etc/weir/categories.yaml");
  ASSERT_TRUE(read.has_value()) << to_text(read.error().front());
  EXPECT_EQ(read->allow_file, "/etc/weir/ours.txt");
  EXPECT_TRUE(read->suffixes_taken.contains("github.io"));
  ASSERT_EQ(read->sources.size(), 3U);
  const FetchSource& ut1 = read->sources[0];
  EXPECT_TRUE(ut1.is_tree());
  EXPECT_EQ(ut1.tree, (std::vector<std::string>{"gambling", "games"}));
  EXPECT_EQ(ut1.ca_file, "/etc/weir/own-ca.pem");
  EXPECT_EQ(ut1.megabytes_max, 1'024U);
  EXPECT_EQ(ut1.seconds_max, 3'600U);
  const FetchSource& evil = read->sources[1];
  EXPECT_EQ(evil.category, "malware");
  EXPECT_EQ(evil.format, SourceFormat::kRpz);
  EXPECT_EQ(evil.sha256, kSha256);
  EXPECT_EQ(evil.megabytes_max, 64U);
  EXPECT_EQ(evil.seconds_max, 300U);
  EXPECT_TRUE(read->sources[2].is_local());
  EXPECT_EQ(read->sources[2].address.path, "/usr/share/my lists");
  EXPECT_TRUE(read->sources[2].tree.empty());
}

TEST(SourcesFile, TheExampleOfThePageHolds) {
  std::ifstream page(WEIR_SOURCE_DIR "/docs/policy.md");
  std::string text;
  for (std::string line; std::getline(page, line);) {
    const bool begins = line == "    weir-categories: 1";
    if (begins || (!text.empty() && line.starts_with("    "))) text += line.substr(4) + "\n";
    if (!text.empty() && !line.starts_with("    ")) break;
  }
  const auto read = parse_sources_file(text, "docs/policy.md");
  ASSERT_TRUE(read.has_value()) << to_text(read.error().front());
  EXPECT_EQ(read->sources.size(), 3U);
}

TEST(SourcesFile, EveryMistakeAtItsPlace) {
  struct Row {
    const char* keys;
    const char* said;
  };
  const std::string sha = kSha256;
  const Row rows[] = {
      {"source: a, category: b, url: https://x.example/, licence: l, etag: no", "unknown key etag"},
      {"category: b, url: https://x.example/, licence: l", "the source has no source"},
      {"source: A, category: b, url: https://x.example/, licence: l", "source is \"A\""},
      {"source: ../a, category: b, url: https://x.example/, licence: l", "source is \"../a\""},
      {"source: a, category: B C, url: https://x.example/, licence: l", "category is \"B C\""},
      {"source: a, url: https://x.example/, licence: l", "either the list of a category or a tree"},
      {"source: a, category: b, tree: all, url: https://x.example/, licence: l", "either the list of a"},
      {"source: a, tree: [b, \"../c\"], url: https://x.example/, licence: l", "\"../c\" is no name"},
      {"source: a, tree: all, format: hosts, url: https://x.example/, licence: l", "a tree has no format"},
      {"source: a, category: b, format: csv, url: https://x.example/, licence: l", "format is \"csv\""},
      {"source: a, category: b, licence: l", "the source has no url"},
      {"source: a, category: b, url: x.example, licence: l", "is no address"},
      {"source: a, category: b, url: \"https://x.example/a b\", licence: l", "is no address"},
      {"source: a, category: b, url: ftp://x.example/, licence: l", "neither https, http nor file"},
      {"source: a, category: b, url: https://me:secret@x.example/, licence: l", "a user or a password"},
      {"source: a, category: b, url: http://x.example/, licence: l", "anybody on the way may change"},
      {"source: a, category: b, url: https://x.example/", "the source has no licence"},
      {"source: a, category: b, url: https://x.example/, licence: l, sha256: E3B0", "sha256 is \"E3B0\""},
      {"source: a, category: b, url: https://x.example/, licence: l, megabytes_max: 1025", "megabytes_max"},
      {"source: a, category: b, url: https://x.example/, licence: l, seconds_max: 0", "seconds_max"},
      {"source: a, category: b, url: file:///x, licence: l, ca: x.pem", "only a server of https"},
  };
  for (const Row& row : rows) {
    const std::string said = mistake_of(row.keys);
    EXPECT_NE(said.find(row.said), std::string::npos) << row.keys << "\n" << said;
    EXPECT_TRUE(said.starts_with("c.yaml:2:")) << said;
    EXPECT_EQ(said.find('\n'), said.size() - 1) << "one mistake, one message: " << said;
    EXPECT_EQ(said.find("secret"), std::string::npos) << "a password is not repeated: " << said;
  }
  EXPECT_NE(
      mistake_of("source: a, category: b, url: file:///x, licence: l, sha256: " + sha).find("where it is"),
      std::string::npos);
}

TEST(SourcesFile, MistakesOfTheWholeFileComeTogether) {
  const std::string said = mistakes_of(
      "sources:\n"
      "  - {source: a, category: b, url: https://x.example/, licence: l}\n"
      "  - {source: a, category: b, url: https://y.example/, licence: l}\n"
      "  - nothing\n");
  EXPECT_NE(said.find("c.yaml:4:14: error: source a stands twice, first on line 3"), std::string::npos)
      << said;
  EXPECT_NE(said.find("c.yaml:5:5: error: a source is a map"), std::string::npos) << said;
  EXPECT_NE(mistakes_of("sources: []\n").find("there are no sources"), std::string::npos);
  EXPECT_NE(mistakes_of("sources: []\n", "").find("weir-categories: 1"), std::string::npos);
}

TEST(SourcesFile, NoMoreSourcesThanThereMayBe) {
  std::string sources = "sources:\n";
  for (std::size_t i = 0; i < kFetchSourcesMax; ++i)
    sources += fmt::format("  - {{source: s{}, category: c, url: https://x.example/{}, licence: l}}\n", i, i);
  EXPECT_EQ(mistakes_of(sources), "");
  sources += "  - {source: more, category: c, url: https://x.example/, licence: l}\n";
  EXPECT_NE(mistakes_of(sources).find("65 sources, more than 64"), std::string::npos);
}

TEST(SourcesFile, AnAddressIsBounded) {
  const std::string long_one = "https://x.example/" + std::string(kListAddressBytesMax, 'a');
  EXPECT_NE(mistake_of("source: a, category: b, licence: l, url: " + long_one).find("more than 2048 bytes"),
            std::string::npos);
}

}  // namespace
}  // namespace weir::policy
