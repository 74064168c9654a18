// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/mime_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::classifier {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(MimeText, EncodedWords) {
  // The first ones are the examples of RFC 2047 section 8.
  const std::pair<const char*, const char*> cases[] = {
      {"(=?ISO-8859-1?Q?a?=)", "(a)"},
      {"=?ISO-8859-1?Q?a?= b", "a b"},
      {"=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab"},
      {"=?ISO-8859-1?Q?a?=    =?ISO-8859-1?Q?b?=", "ab"},
      {"=?ISO-8859-1?Q?a_b?=", "a b"},
      {"=?US-ASCII?Q?Keith_Moore?=", "Keith Moore"},
      {"=?ISO-8859-1?Q?Andr=E9?= Pirard", "Andr\xc3\xa9 Pirard"},
      {"=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=", "If you can read this yo"},
      {"=?utf-8?b?w7w=?=", "\xc3\xbc"},
      {"=?utf-8?b?ww==?= =?utf-8?b?vA==?=", "\xc3\xbc"},  // a letter cut between two words
      {"=?utf-8*de?q?x?=", "x"},                          // RFC 2231 section 5
      {"=?windows-1252?Q?=80_=81?=", "\xe2\x82\xac ?"},
      {"=?iso-8859-15?Q?=A4?=", "\xe2\x82\xac"},
      {"=?koi8-r?B?8NLJ18XU?=", "??????"},
      {"=?utf-8?x?a?=", "=?utf-8?x?a?="},
      {"=?utf-8?q?never ends", "=?utf-8?q?never ends"},
      {"=?utf-8?q?trailing_?=|", "trailing |"},
      {"plain \x01 text", "plain ? text"},
      {"", ""},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(decode_words(text), expected) << text;
  std::string many;
  for (int i = 0; i < 5'000; ++i) many += "=?utf-8?q?ab?= ";
  EXPECT_LE(decode_words(many).size(), kMimeValueBytesMax);
}

std::string parameter(std::string_view text, std::string_view name) {
  return parse_mime_value(text).text_of(name);
}

TEST(MimeText, Parameters) {
  EXPECT_EQ(parse_mime_value(" Multipart/MIXED (c) ; boundary=x").value, "multipart/mixed");
  EXPECT_EQ(parameter("a/b; BOUNDARY = \"x y\" ", "boundary"), "x y");
  EXPECT_EQ(parameter("a/b;name=plain.txt;x", "name"), "plain.txt");
  EXPECT_EQ(parameter("a/b; name=with blanks.txt; y=1", "name"), "with blanks.txt");
  EXPECT_EQ(parameter("a/b; name=\"q\\\"uote\\\\.txt\"", "name"), "q\"uote\\.txt");
  EXPECT_EQ(parameter("a/b; name=\"C:\\dir\\f.txt\"", "name"), "C:\\dir\\f.txt");
  EXPECT_EQ(parameter("a/b; name=\"=?utf-8?b?w7wuZXhl?=\"", "name"), "\xc3\xbc.exe");
  EXPECT_EQ(parameter("a/b; (c;name=no) name=yes", "name"), "yes");
  EXPECT_EQ(parameter("a/b; name=\"never ends", "name"), "never ends");
  EXPECT_EQ(parameter("", "name"), "");
}

TEST(MimeText, SplitAndEncodedParameters) {
  // RFC 2231 sections 3 and 4.
  EXPECT_EQ(
      parameter("message/external-body; access-type=URL; URL*0=\"ftp://\"; URL*1=\"cs.utk.edu/pub\"", "url"),
      "ftp://cs.utk.edu/pub");
  EXPECT_EQ(
      parameter("application/x-stuff; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", "title"),
      "This is ***fun***");
  EXPECT_EQ(parameter("application/x-stuff; title*0*=us-ascii'en'This%20is%20even%20more%20; "
                      "title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2=\"isn't it!\"",
                      "title"),
            "This is even more ***fun*** isn't it!");
  EXPECT_EQ(parameter("a/b; filename*1=\".exe\"; filename*0=\"report\"", "filename"),
            "report.exe");  // any order
  EXPECT_EQ(parameter("a/b; filename=plain.txt; filename*=utf-8''%C3%BC.exe", "filename"), "\xc3\xbc.exe");
  EXPECT_EQ(parameter("a/b; filename*=iso-8859-1''%fc.exe", "filename"), "\xc3\xbc.exe");
  EXPECT_EQ(parameter("a/b; filename*=no-quotes%20here", "filename"), "no-quotes here");
  EXPECT_EQ(parameter("a/b; filename*=utf-8''%4", "filename"), "%4");
  std::string many = "a/b";
  for (int i = 0; i < 1'000; ++i) many += "; n*" + std::to_string(i) + "=x";
  EXPECT_EQ(parameter(many, "n").size(), kMimePiecesMax);
}

TEST(MimeText, Addresses) {
  EXPECT_THAT(parse_addresses("a@B.Example", 9), ElementsAre("a@b.example"));
  EXPECT_THAT(parse_addresses("Anna <a@b.example>, \"Bert, B.\" <c@d.example>", 9),
              ElementsAre("a@b.example", "c@d.example"));
  EXPECT_THAT(parse_addresses("a(comment, with (nested) ones)@b.example", 9), ElementsAre("a@b.example"));
  EXPECT_THAT(parse_addresses("group: a@b.example, c@d.example; e@f.example", 9),
              ElementsAre("a@b.example", "c@d.example", "e@f.example"));
  EXPECT_THAT(parse_addresses("\"quo ted\"@b.example", 9), ElementsAre("\"quo ted\"@b.example"));
  EXPECT_THAT(parse_addresses("x@y.example <real@z.example>", 9), ElementsAre("real@z.example"));
  EXPECT_THAT(parse_addresses("<@relay.example:u@b.example>", 9), ElementsAre("u@b.example"));
  EXPECT_THAT(parse_addresses("<postmaster>", 9), ElementsAre("postmaster"));
  EXPECT_THAT(parse_addresses("undisclosed-recipients:;", 9), IsEmpty());
  EXPECT_THAT(parse_addresses("no address", 9), IsEmpty());
  EXPECT_THAT(parse_addresses("a@a.example,b@b.example,c@c.example", 2),
              ElementsAre("a@a.example", "b@b.example"));
}

}  // namespace
}  // namespace weir::classifier
