// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/safe_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::policy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> mistakes_of(const std::string& text) {
  const auto engines = parse_safe_search(text, "s");
  std::vector<std::string> texts;
  if (engines) return texts;
  for (const Error& error : engines.error()) texts.push_back(to_text(error));
  return texts;
}
std::string with(const std::string& engine) {
  return "weir-safe-search: 1\nengines:\n  - {" + engine + "}\n";
}
std::string engine_of(const SafeSearchTable& table, std::string_view name) {
  const SafeEngine* const engine = table.find(name);
  return engine == nullptr ? "" : engine->engine;
}

TEST(SafeSearch, TheShippedFileKnowsTheEngines) {
  const auto engines =
      load_safe_search(WEIR_SOURCE_DIR "/images/overlay/etc/weir/classifier/safe_search.yaml");
  ASSERT_TRUE(engines.has_value()) << to_text(engines.error().front());
  const SafeSearchTable table{*engines};
  EXPECT_EQ(engine_of(table, "www.google.com"), "google");
  EXPECT_EQ(engine_of(table, "www.google.co.uk"), "google");
  EXPECT_EQ(engine_of(table, "www.google.com.au"), "google");
  EXPECT_EQ(engine_of(table, "www.google.it.ao"), "google");
  EXPECT_EQ(engine_of(table, "m.youtube.com"), "youtube");
  EXPECT_EQ(engine_of(table, "www.bing.com"), "bing");
  EXPECT_EQ(engine_of(table, "duckduckgo.com"), "duckduckgo");
  for (const char* const other :
       {"google.com", "mail.google.com", "www.google.", "www.google", "www.google.com.evil.example",
        "www.google.evil.uk", "xwww.google.com", "youtube.com", "a.www.bing.com", "", "."}) {
    EXPECT_EQ(engine_of(table, other), "") << other;
  }
  const SafeEngine& youtube = *table.find("www.youtube.com");
  EXPECT_EQ(youtube.safe.name, "restrict.youtube.com");
  ASSERT_TRUE(youtube.moderate.has_value());
  EXPECT_EQ(youtube.moderate->name, "restrictmoderate.youtube.com");
  EXPECT_THAT(youtube.moderate->addresses,
              ElementsAre(*IpAddress::parse("216.239.38.119"), *IpAddress::parse("2001:4860:4802:32::77")));
}

TEST(SafeSearch, NamesAreCompared) {
  const auto engines = parse_safe_search(with("engine: a, names: [WWW.Search.Example, www.b\xc3\xbc"
                                              "cher.example], safe: {name: Safe.search.example}"),
                                         "s");
  ASSERT_TRUE(engines.has_value());
  const SafeSearchTable table{*engines};
  EXPECT_EQ(engine_of(table, "www.search.example"), "a");
  EXPECT_EQ(engine_of(table, "www.xn--bcher-kva.example"), "a");
  EXPECT_EQ(table.find("www.search.example")->safe.name, "safe.search.example");
  EXPECT_EQ(table.engines(), 1U);
  EXPECT_EQ(engine_of(SafeSearchTable{}, "www.search.example"), "");
}

TEST(SafeSearch, EveryMistakeHasItsPlace) {
  EXPECT_THAT(mistakes_of("weir-safe-search: 1\nengines: []\n"), IsEmpty());
  EXPECT_THAT(mistakes_of("weir-signatures: 1\n"),
              ElementsAre("s:1:1: error: not a file of safe names of version 1 (begin the file with the line "
                          "weir-safe-search: 1)"));
  EXPECT_THAT(
      mistakes_of("weir-safe-search: 1\nengines: {a: b}\n"),
      ElementsAre("s:2:10: error: engines must be a list (write engines: [{engine: ...}], or engines: [])"));
  EXPECT_THAT(
      mistakes_of(with("engine: A B, names: [search.example, \"*.b.example\"], safe: {name: c}, other: 1")),
      ElementsAre("s:3:14: error: the engine has no name (write 1 to 64 of a-z, 0-9, - and _)",
                  "s:3:43: error: \"*.b.example\" is not a name of at most 100 bytes (write "
                  "www.search.example, or www.search.* for those of all countries)",
                  "s:3:72: error: \"c\" is not a name of at most 100 bytes (write {name: "
                  "safe.search.example, addresses: [192.0.2.1]})",
                  "s:3:76: error: unknown key other (known here: engine, names, safe, moderate)"));
  EXPECT_THAT(
      mistakes_of(with("engine: a")),
      ElementsAre("s:3:5: error: the engine has no names (write www.search.example, or www.search.* for "
                  "those of all countries)",
                  "s:3:5: error: the engine has no safe name (add safe: {name: safe.search.example})"));
  EXPECT_THAT(
      mistakes_of(with("engine: a, names: b.example, safe: {addresses: [192.0.2.1, here]}, moderate: x")),
      ElementsAre("s:3:41: error: the safe name is not said (write {name: safe.search.example, addresses: "
                  "[192.0.2.1]})",
                  "s:3:65: error: \"here\" is not an address (write 192.0.2.1 or 2001:db8::1)",
                  "s:3:83: error: a safe name must be a map, not \"x\" (write {name: safe.search.example, "
                  "addresses: [192.0.2.1]})"));
}

TEST(SafeSearch, EachNameAndEngineOnce) {
  const std::string one = "engine: a, names: [b.example], safe: {name: s.example}";
  EXPECT_THAT(mistakes_of(with(one) + "  - {" + one + "}\n"),
              ElementsAre("s:4:14: error: an engine is already called a, on line 3 (write it once)",
                          "s:4:25: error: an engine has the name b.example, on line 3 (write it once)"));
}

TEST(SafeSearch, EverythingHasItsMost) {
  const auto many = [](std::size_t count, const std::string& before, const std::string& after) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += (i > 0 ? ", " : "") + before + std::to_string(i) + after;
    return text;
  };
  const auto names = [&](std::size_t count) {
    return with("engine: a, safe: {name: s.example}, names: [" + many(count, "n", ".example") + "]");
  };
  EXPECT_THAT(mistakes_of(names(kSafeNamesMax)), IsEmpty());
  EXPECT_THAT(mistakes_of(names(kSafeNamesMax + 1)), ElementsAre("s:3:49: error: 65 names, more than 64"));
  const auto addresses = [&](std::size_t count) {
    return with("engine: a, names: [n.example], safe: {name: s.example, addresses: [" +
                many(count, "192.0.2.", "") + "]}");
  };
  EXPECT_THAT(mistakes_of(addresses(kSafeAddressesMax)), IsEmpty());
  EXPECT_THAT(mistakes_of(addresses(kSafeAddressesMax + 1)),
              ElementsAre("s:3:72: error: 9 addresses, more than 8"));
  const auto engines = [](std::size_t count) {
    std::string text = "weir-safe-search: 1\nengines:\n";
    for (std::size_t i = 0; i < count; ++i) {
      const std::string number = std::to_string(i);
      text += "  - {engine: e" + number + ", names: [n" + number + ".example], safe: {name: s.example}}\n";
    }
    return text;
  };
  EXPECT_THAT(mistakes_of(engines(kSafeEnginesMax)), IsEmpty());
  EXPECT_THAT(mistakes_of(engines(kSafeEnginesMax + 1)),
              ElementsAre("s:3:3: error: 257 engines, more than 256"));
  const std::string label(60, 'a');
  EXPECT_EQ(
      mistakes_of(with("engine: a, names: [" + label + "." + label + ".example], safe: {name: s.example}"))
          .size(),
      1U)
      << "an answer would not fit";
}

}  // namespace
}  // namespace weir::policy
