// SPDX-License-Identifier: Apache-2.0
#include "policy/categories/category_source.h"

#include <gtest/gtest.h>

#include "policy/categories/category_file.h"

namespace weir::policy {
namespace {

struct Read {
  SourceCount count;
  std::set<std::string> names;  // "*." before what is listed below only, "allowed " before an override
};

Result<Read> read(std::string_view text, SourceFormat format, const SourceOptions& options = {}) {
  static const PublicSuffixes suffixes;
  CategoryBuilder builder;
  const auto list = builder.add_list({"c", "s", "f", "", 0, 0}).value();
  auto count = read_source(text, "a/list", format, list, suffixes, options, builder);
  if (!count) return tl::unexpected(count.error());
  Read result{*count, {}};
  const auto file = CategoryFile::from_bytes(builder.build(0).value(), "made");
  file->for_each([&](std::string_view name, std::uint16_t set) {
    const bool below = set != CategoryFile::kAllowed && file->members(set)[0].below_only != 0;
    result.names.insert((set == CategoryFile::kAllowed ? "allowed " : below ? "*." : "") + std::string{name});
  });
  return result;
}

TEST(CategorySource, Plain) {
  const auto got = read(
      "# a comment\nBet.Example\r\n*.below.example\n.dotted.example # why\n\n192.0.2.7\nb\xc3\xbc"
      "cher.example\n"
      "two words\nco.uk\ncom\nnot a:domain\n",
      SourceFormat::kPlain);
  ASSERT_TRUE(got.has_value()) << to_text(got.error());
  EXPECT_EQ(got->names, (std::set<std::string>{"bet.example", "*.below.example", "dotted.example",
                                               "192.0.2.7", "xn--bcher-kva.example"}));
  EXPECT_EQ(got->count.taken, 5U);
  EXPECT_EQ(got->count.public_suffixes, 2U);
  EXPECT_EQ(got->count.not_domains, 2U);
  EXPECT_EQ(got->count.first_wrong.line, 8);
}

TEST(CategorySource, UrlsNameAHostOnlyWithoutAPath) {
  const auto got =
      read("a.example/\nhttp://b.example:8080/\nc.example/page\nhttps://d.example?x\ne.example\n",
           SourceFormat::kUrls);
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->names, (std::set<std::string>{"a.example", "b.example", "e.example"}));
  EXPECT_EQ(got->count.with_path, 2U);
}

TEST(CategorySource, Hosts) {
  const auto got = read(
      "127.0.0.1 localhost\n0.0.0.0 0.0.0.0\n::1 ip6-localhost\n0.0.0.0 a.example b.example # x\nnonsense\n",
      SourceFormat::kHosts);
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->names, (std::set<std::string>{"a.example", "b.example"}));
  EXPECT_EQ(got->count.not_domains, 1U);
}

TEST(CategorySource, Rpz) {
  const auto got = read(
      "$TTL 2h\n@ IN SOA localhost. root.localhost. (\n  1 2h 1h ; serial\n  30d 2h )\n  IN NS localhost.\n"
      "$ORIGIN rpz.example.\nbad.test CNAME .\n*.bad.test CNAME .\n*.below.test 300 IN CNAME *.\n"
      "full.test.rpz.example. cname rpz-drop.\ngood.test CNAME rpz-passthru.\n32.7.2.0.192.rpz-ip CNAME .\n"
      "ns.evil.test.rpz-nsdname CNAME .\nwalled.test A 192.0.2.1\n",
      SourceFormat::kRpz);
  ASSERT_TRUE(got.has_value()) << to_text(got.error());
  EXPECT_EQ(got->names, (std::set<std::string>{"bad.test", "*.below.test", "full.test", "walled.test",
                                               "allowed good.test"}));
  EXPECT_EQ(got->count.other_triggers, 2U);
  EXPECT_EQ(got->count.not_domains, 0U);
}

TEST(CategorySource, APublicSuffixIsTakenOnlyWhenItIsNamed) {
  EXPECT_EQ(read("github.io\nx.github.io\n", SourceFormat::kPlain)->names,
            (std::set<std::string>{"x.github.io"}));
  EXPECT_EQ(read("github.io\n", SourceFormat::kPlain, {.suffixes_taken = {"github.io"}})->names,
            (std::set<std::string>{"github.io"}));
}

TEST(CategorySource, AnotherTextIsRefused) {
  const auto page = read("<html>\n<body class=x>\nNot found\n</body></html>\n", SourceFormat::kPlain);
  ASSERT_FALSE(page.has_value());
  EXPECT_EQ(page.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(page.error().at.file, "a/list");
  EXPECT_EQ(page.error().at.line, 1);
  const std::string line(kSourceLineBytesMax + 1, 'a');
  EXPECT_EQ(read(line + "\n", SourceFormat::kPlain).error().at.line, 1);
}

TEST(CategorySource, FormatsAreRecognised) {
  EXPECT_EQ(detect_format("a.example\n", "ut1/x/domains"), SourceFormat::kPlain);
  EXPECT_EQ(detect_format("a.example\n", "ut1/x/urls"), SourceFormat::kUrls);
  EXPECT_EQ(detect_format("a.example/x\n", "list"), SourceFormat::kUrls);
  EXPECT_EQ(detect_format("# c\n0.0.0.0 a.example\n", "list"), SourceFormat::kHosts);
  EXPECT_EQ(detect_format("192.0.2.1\na.example\n", "list"), SourceFormat::kPlain);
  EXPECT_EQ(detect_format("; c\n$TTL 1h\n", "list"), SourceFormat::kRpz);
  EXPECT_EQ(detect_format("a.test CNAME .\n", "list"), SourceFormat::kRpz);
  EXPECT_EQ(detect_format("", "list"), SourceFormat::kPlain);
  for (const auto format :
       {SourceFormat::kPlain, SourceFormat::kUrls, SourceFormat::kHosts, SourceFormat::kRpz})
    EXPECT_EQ(source_format(to_string(format)), format);
}

}  // namespace
}  // namespace weir::policy
