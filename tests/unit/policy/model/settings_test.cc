// SPDX-License-Identifier: Apache-2.0
#include "policy/model/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "policy/model/settings_table.h"

namespace weir {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> mistakes_of(std::string_view text) {
  const auto settings = parse_settings(text, "weir.yaml");
  std::vector<std::string> texts;
  if (settings) return texts;
  for (const Error& error : settings.error()) texts.push_back(to_text(error));
  return texts;
}

std::string read_all(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

constexpr std::string_view kPair = "pairs: [{name: a, inside: net_null0, outside: net_null1}]\n";

TEST(Settings, DefaultsHold) {
  const auto settings = parse_settings("weir: 1\n", "weir.yaml");
  ASSERT_TRUE(settings.has_value());
  EXPECT_TRUE(settings->pairs.empty());
  EXPECT_EQ(settings->memory.packets, 16'384U);
  EXPECT_EQ(control_socket(*settings), "/run/weir/dataplane.sock");
  EXPECT_EQ(channel_socket(*settings, 3), "/run/weir/channel-3.sock");
  EXPECT_EQ(classifier_socket(*settings, 0), "/run/weir/classifier-0.sock");
}

TEST(Settings, PairModeSetsTheExceptionsAndEachCanBeOverridden) {
  const auto settings = parse_settings(
      "weir: 1\npairs:\n"
      "  - {name: a, inside: net_null0, outside: net_null1, exceptions: {classifier-gone: pass}}\n"
      "  - {name: b, inside: net_null2, outside: net_null3, mode: monitor, exceptions: {fragment: drop}}\n",
      "weir.yaml");
  ASSERT_TRUE(settings.has_value());
  ASSERT_EQ(settings->pairs.size(), 2U);
  for (std::size_t i = 0; i < kExceptionCauses; ++i) {
    const auto cause = static_cast<ExceptionCause>(i);
    const bool passes = cause == ExceptionCause::kClassifierGone || cause == ExceptionCause::kMidstream ||
                        is_event_cause(cause);
    EXPECT_EQ(settings->pairs[0].exceptions[i] == ExceptionAction::kPass, passes) << to_string(cause);
    EXPECT_EQ(settings->pairs[1].exceptions[i] == ExceptionAction::kDrop, cause == ExceptionCause::kFragment);
  }
}

TEST(Settings, FailFollowsTheModeUnlessItIsWritten) {
  const auto settings = parse_settings(
      "weir: 1\npairs:\n"
      "  - {name: a, inside: net_null0, outside: net_null1}\n"
      "  - {name: b, inside: net_null2, outside: net_null3, mode: monitor}\n"
      "  - {name: c, inside: net_null4, outside: net_null5, fail: open, bypass: kernel-bridge}\n"
      "  - {name: d, inside: net_null6, outside: net_null7, mode: monitor, fail: closed, bypass: none}\n",
      "weir.yaml");
  ASSERT_TRUE(settings.has_value());
  EXPECT_FALSE(settings->pairs[0].fail_open);
  EXPECT_EQ(settings->pairs[0].bypass, BypassKind::kAuto);
  EXPECT_TRUE(settings->pairs[1].fail_open);
  EXPECT_TRUE(settings->pairs[2].fail_open);
  EXPECT_EQ(settings->pairs[2].bypass, BypassKind::kKernelBridge);
  EXPECT_FALSE(settings->pairs[3].fail_open);
  EXPECT_EQ(settings->pairs[3].bypass, BypassKind::kNone);

  const std::string begin = "weir: 1\npairs: [{name: a, inside: net_null0, outside: net_null1, ";
  EXPECT_THAT(mistakes_of(begin + "bypass: relay}]\n"),
              ElementsAre(HasSubstr("write one of auto, none, kernel-bridge, nic")));
  EXPECT_THAT(mistakes_of(begin + "bypass: \"auto|none\"}]\n"), ElementsAre(HasSubstr("write one of auto")));
  EXPECT_THAT(mistakes_of(begin + "fail: half}]\n"), ElementsAre(HasSubstr("write closed or open")));
}

TEST(Settings, RedisElsewhereIsNamedByItsNodes) {
  const std::string begin = "weir: 1\nredis: {";
  const auto settings =
      parse_settings(begin +
                         "nodes: \"10.0.0.1:6379, [fd00::1]:7000\", node_sockets: /run/weir/n,"
                         " appliances: \"north, south\"}\n",
                     "weir.yaml");
  ASSERT_TRUE(settings.has_value());
  EXPECT_THAT(comma_separated(settings->redis.nodes), ElementsAre("10.0.0.1:6379", "[fd00::1]:7000"));
  EXPECT_THAT(comma_separated(settings->redis.appliances), ElementsAre("north", "south"));
  for (const char* wrong : {"nodes: redis.example:6379", "nodes: 10.0.0.1", "nodes: \"10.0.0.1:6379,\"",
                            "nodes: \"10.0.0.1:6379 10.0.0.2:6379\""})
    EXPECT_THAT(mistakes_of(begin + wrong + "}\n"), ElementsAre(HasSubstr("write up to 16 such as")))
        << wrong;
  std::string many = "10.0.0.1:1";
  for (std::size_t i = 1; i < kNodesMax; ++i) many += ",10.0.0.1:1";
  EXPECT_TRUE(parse_settings(begin + "nodes: \"" + many + "\"}\n", "weir.yaml"));
  EXPECT_THAT(mistakes_of(begin + "nodes: \"" + many + ",10.0.0.1:1\"}\n"),
              ElementsAre(HasSubstr("nodes is")));
  EXPECT_THAT(mistakes_of(begin + "appliances: \"north, South\"}\n"),
              ElementsAre(HasSubstr("write all, or up to 256 names")));
  EXPECT_THAT(mistakes_of(begin + "appliances: " + std::string(33, 'a') + "}\n"),
              ElementsAre(HasSubstr("appliances is")));
  EXPECT_THAT(
      mistakes_of(begin + "node_sockets: /run/weir/n}\n"),
      ElementsAre(HasSubstr("weir.yaml:2:23: error: node_sockets leads to nodes, and none is named")));
  EXPECT_THAT(mistakes_of(begin + "nodes: 10.0.0.1:1, node_sockets: /" + std::string(59, 'n') + "}\n"),
              ElementsAre(HasSubstr("at most 59 bytes")));
}

TEST(Settings, ABlockIsAnsweredUnlessThePairSaysLess) {
  const std::string begin = "weir: 1\npairs: [{name: a, inside: net_null0, outside: net_null1";
  const auto block_of = [&](const std::string& end) {
    return parse_settings(begin + end, "weir.yaml")->pairs[0].block;
  };
  EXPECT_EQ(block_of("}]\n"), BlockAction::kAnswer);
  EXPECT_EQ(block_of(", block: answer}]\n"), BlockAction::kAnswer);
  EXPECT_EQ(block_of(", block: reset}]\n"), BlockAction::kReset);
  EXPECT_EQ(block_of(", block: drop}]\n"), BlockAction::kDrop);
  EXPECT_THAT(mistakes_of(begin + ", block: tell}]\n"),
              ElementsAre(HasSubstr("write one of answer, reset, drop")));
}

std::string with_ethertypes(std::string_view table) {
  return "weir: 1\npairs:\n  - {name: a, inside: net_null0, outside: net_null1, ethertypes: " +
         std::string(table) + "}\n";
}

TEST(Settings, EthertypesByNameAndNumber) {
  const auto settings = parse_settings(
      with_ethertypes("{default: drop, arp: pass, lldp: drop, stp: pass, 0x88b5: drop}"), "weir.yaml");
  ASSERT_TRUE(settings.has_value());
  const EthertypeTable& table = settings->pairs[0].ethertypes;
  EXPECT_TRUE(table.drop_other);
  ASSERT_EQ(table.rows.size(), 4U);
  EXPECT_EQ(table.rows[0].type, 0x0806);
  EXPECT_FALSE(table.rows[0].drop);
  EXPECT_EQ(table.rows[1].name, "lldp");
  EXPECT_TRUE(table.rows[1].drop);
  EXPECT_EQ(table.rows[2].type, kEthertypeStp);
  EXPECT_EQ(table.rows[3].type, 0x88b5);
  const auto none = parse_settings("weir: 1\n" + std::string(kPair), "weir.yaml");
  ASSERT_TRUE(none.has_value());
  EXPECT_FALSE(none->pairs[0].ethertypes.drop_other) << "everything passes unless it is written";
}

TEST(Settings, EthertypeMistakesHaveTheirPlace) {
  const auto mistakes = [](std::string_view table) { return mistakes_of(with_ethertypes(table)); };
  EXPECT_THAT(mistakes("{ldp: drop}"), ElementsAre(HasSubstr("did you mean lldp?")));
  EXPECT_THAT(mistakes("{ldp: drop}"), ElementsAre(HasSubstr("weir.yaml:3:67: error: ldp is no ethertype")));
  EXPECT_THAT(mistakes("{lldp: maybe}"), ElementsAre(HasSubstr("write pass or drop")));
  EXPECT_THAT(mistakes("{0x05ff: drop}"), ElementsAre(HasSubstr("write 0x0600 to 0xffff")));
  EXPECT_THAT(mistakes("{0x88ccz: drop}"), ElementsAre(HasSubstr("write 0x0600 to 0xffff")));
  EXPECT_THAT(mistakes("{0x86dd: drop}"), ElementsAre(HasSubstr("is looked through")));
  EXPECT_THAT(mistakes("{lldp: drop, 0x88cc: drop}"), ElementsAre(HasSubstr("0x88cc is the same as lldp")));
  EXPECT_THAT(mistakes("{default: drop}"), ElementsAre(HasSubstr("arp is not written")));
  EXPECT_THAT(mistakes("drop"), ElementsAre(HasSubstr("must be a map")));
  std::string many = "{";
  for (std::size_t i = 0; i <= kEthertypeRowsMax; ++i) many += "0x9a" + std::to_string(10 + i) + ": drop, ";
  EXPECT_THAT(mistakes(many + "arp: pass}"), ElementsAre(HasSubstr("more than 15")));
}

TEST(Settings, EveryRowTakesEveryActionButEventCausesPassOnly) {
  for (std::size_t i = 0; i < kExceptionCauses; ++i) {
    const auto cause = static_cast<ExceptionCause>(i);
    for (const auto action : {ExceptionAction::kPass, ExceptionAction::kDrop, ExceptionAction::kBypass}) {
      const auto settings = parse_settings(
          std::string("weir: 1\npairs:\n  - {name: a, inside: e0, outside: e1, exceptions: {") +
              to_string(cause) + ": " + to_string(action) + "}}\n",
          "weir.yaml");
      ASSERT_EQ(settings.has_value(), !is_event_cause(cause) || action == ExceptionAction::kPass);
      if (settings) {
        EXPECT_EQ(settings->pairs[0].exceptions[i], action);
      }
    }
  }
  EXPECT_THAT(mistakes_of("weir: 1\npairs:\n  - {name: a, inside: e0, outside: e1, exceptions: {redis-away: "
                          "drop}}\n"),
              ElementsAre("weir.yaml:3:65: error: redis-away is \"drop\" (write pass: this cause delays "
                          "events, it never touches a packet)"));
}

TEST(Settings, EveryNumberOfTheTableIsReadAndItsRangeChecked) {
  for (const SettingRow& row : settings_table()) {
    if (row.number == nullptr) continue;
    const std::string key{row.key};
    const auto text = [&](std::int64_t value) {
      const std::string line = key + ": " + std::to_string(value) + "\n";
      return "weir: 1\n" + (row.section.empty() ? line : std::string(row.section) + ":\n  " + line);
    };
    EXPECT_THAT(mistakes_of(text(row.low - 1)), ElementsAre(HasSubstr("write " + range_text(row)))) << key;
    EXPECT_THAT(mistakes_of(text(row.high + 1)), ElementsAre(HasSubstr("write " + range_text(row)))) << key;
    if (row.type == SettingType::kPowerOfTwo) {
      EXPECT_THAT(mistakes_of(text(row.low + 1)), ElementsAre(HasSubstr("a power of two"))) << key;
    }
    Settings defaults;
    EXPECT_GE(*row.number(defaults), row.low) << key;
    EXPECT_LE(*row.number(defaults), row.high) << key;
  }
}

TEST(Settings, TheSampleLoadsAndItsCommentedLinesAreTheDefaults) {
  const std::string path = WEIR_SOURCE_DIR "/images/overlay/etc/weir/weir.yaml";
  const auto sample = load_settings(path);
  ASSERT_TRUE(sample.has_value()) << to_text(sample.error().front());
  EXPECT_EQ(sample->pairs.size(), 1U);
  const std::string text = read_all(path);
  for (const SettingRow& row : settings_table()) {
    EXPECT_THAT(text, HasSubstr(std::string(row.key) + ":")) << "the sample does not show this key";
    if (row.number == nullptr) continue;
    EXPECT_THAT(text, HasSubstr(std::string(row.key) + ": " + default_text(row)));
  }
}

TEST(Settings, AMissingFileIsSaidWithItsName) {
  const auto settings = load_settings("/nonexistent/weir.yaml");
  ASSERT_FALSE(settings.has_value());
  EXPECT_EQ(settings.error().front().code, ErrorCode::kNotFound);
  EXPECT_EQ(to_text(settings.error().front()),
            "/nonexistent/weir.yaml: error: cannot be opened: No such file or directory");
}

TEST(Settings, PairsAreLimited) {
  std::string text = "weir: 1\npairs:\n";
  for (std::size_t i = 0; i <= kPairsMax; ++i) text += "  - {name: a}\n";
  EXPECT_THAT(mistakes_of(text), ElementsAre("weir.yaml:3:3: error: 33 pairs, more than 32"));
}

struct Broken {
  const char* name;
  std::string text;
  std::vector<std::string> mistakes;
};

const std::vector<Broken>& broken_settings() {
  static const std::vector<Broken> all{
      {"no version",
       "workers: 1\n",
       {"weir.yaml:1:1: error: the settings do not say their version (begin the file with the line weir: "
        "1)"}},
      {"other version",
       "weir: 2\n",
       {"weir.yaml:1:7: error: settings version \"2\" is not known (write weir: 1)"}},
      {"mistyped key",
       "weir: 1\nmemroy: {packets: 4096}\n",
       {"weir.yaml:2:1: error: unknown key memroy (did you mean memory?)"}},
      {"out of range, with its unit",
       "weir: 1\ntimeouts:\n  inspection_deadline_ms: 5\n",
       {"weir.yaml:3:27: error: inspection_deadline_ms is \"5\" (write 10 to 60000 ms)"}},
      {"not a power of two",
       "weir: 1\nmemory: {channel_requests: 5000}\n",
       {"weir.yaml:2:28: error: channel_requests is \"5000\" (write 16 to 1048576 records, a power of two)"}},
      {"pair without its outside, and a device used twice",
       "weir: 1\npairs:\n  - name: a\n    inside: eth0\n  - name: b\n    inside: eth0\n    outside: eth1\n",
       {"weir.yaml:3:5: error: the pair has no outside (add outside: the port towards the uplink)",
        "weir.yaml:6:13: error: the device \"eth0\" is already in use (a port belongs to one side of one "
        "pair)"}},
      {"unknown exception and unknown action",
       "weir: 1\npairs:\n  - name: a\n    inside: e0\n    outside: e1\n    exceptions: {clasifier-gone: "
       "pass, "
       "fragment: allow}\n",
       {"weir.yaml:6:18: error: unknown key clasifier-gone (did you mean classifier-gone?)",
        "weir.yaml:6:50: error: fragment is \"allow\" (write pass, drop or bypass)"}},
      {"two maps of one name",
       "weir: 1\nredis: {socket: /a}\nredis: {socket: /b}\n",
       {"weir.yaml:3:1: error: the key redis is already in this map, on line 2 (keep one of the two)"}},
      {"relative path and a bad name",
       "weir: 1\nappliance: Main Box\nengine:\n  store: weir.db\n",
       {"weir.yaml:2:12: error: appliance is \"Main Box\" (write a name of 1 to 32 of a-z, 0-9 and -)",
        "weir.yaml:4:10: error: store is \"weir.db\" (write an absolute path, or a URL such as "
        "postgresql://weir@db.example/weir without a password, at most 4095 bytes)"}},
      {"a store's URL with its password",
       "weir: 1\nengine: {store: \"postgresql://weir:secret@db.example/weir\"}\n",
       {"weir.yaml:2:17: error: store is no URL of a store (write an absolute path, or a URL such as "
        "postgresql://weir@db.example/weir without a password, at most 4095 bytes)"}},
      {"a store's URL with its password among the parameters",
       "weir: 1\nengine: {store: \"postgresql://weir@db.example/weir?password=secret\"}\n",
       {"weir.yaml:2:17: error: store is no URL of a store (write an absolute path, or a URL such as "
        "postgresql://weir@db.example/weir without a password, at most 4095 bytes)"}},
      {"cores that do not fit the workers",
       "weir: 1\nworkers: 2\ncores: \"1,2,3\"\n",
       {"weir.yaml:3:8: error: cores names 3 cores for 2 workers (name one core for each worker, or write "
        "auto)"}},
      {"more parked than buffers",
       "weir: 1\nmemory:\n  packets: 4096\n  parked: 4096\n  fragments: 512\n",
       {"weir.yaml:4:11: error: parked is 4096 packets for each of 1 workers, more than half of packets, "
        "which is "
        "4096 (lower parked or raise packets, or waiting packets would take every buffer)"}},
      {"more fragments than buffers",
       "weir: 1\nmemory:\n  packets: 4096\n  parked: 1024\n  fragments: 513\n",
       {"weir.yaml:5:14: error: fragments is 513 datagrams for each of 1 workers, more than an eighth of "
        "packets, which is 4096 (lower fragments or raise packets, or fragments that wait would take every "
        "buffer)"}},
      {"an alias",
       "weir: 1\nengine: &e {store: /a}\nredis: *e\n",
       {"weir.yaml:2:9: error: anchors (&name) are not accepted (write the value out where it is needed)",
        "weir.yaml:3:8: error: aliases (*name) are not accepted (write the value out here)"}},
      {"a list where a map belongs",
       "weir: 1\nmemory: [packets, 4096]\nworkers: many\n",
       {"weir.yaml:2:9: error: memory must be a map, not a list",
        "weir.yaml:3:10: error: workers is \"many\" (write 1 to 64 workers)"}},
  };
  return all;
}

TEST(Settings, BrokenSettingsGiveExactMessages) {
  EXPECT_GE(broken_settings().size(), 10U);
  for (const Broken& broken : broken_settings()) {
    EXPECT_EQ(mistakes_of(broken.text), broken.mistakes) << broken.name;
  }
}

TEST(Settings, TheSameWithoutTheMistakeLoads) {
  EXPECT_THAT(mistakes_of("weir: 1\n" + std::string(kPair)), ElementsAre());
  EXPECT_THAT(mistakes_of("weir: 1\nworkers: 2\ncores: \"1,2\"\n"), ElementsAre());
  EXPECT_THAT(mistakes_of("weir: 1\nengine: {store: \"postgresql://weir@[::1]:5432/weir?host=/run/pg\"}\n"),
              ElementsAre());
}

/// WEIR_UPDATE_DOCS=1 writes the tables into the page instead of comparing.
TEST(Settings, TheConfigurationPageIsTheTable) {
  const std::string path = WEIR_SOURCE_DIR "/docs/configuration.md";
  const std::string begin = "<!-- settings table -->\n";
  const std::string end = "<!-- end of the settings table -->\n";
  std::string page = read_all(path);
  const std::size_t first = page.find(begin);
  const std::size_t last = page.find(end);
  ASSERT_NE(first, std::string::npos);
  ASSERT_NE(last, std::string::npos);
  if (std::getenv("WEIR_UPDATE_DOCS") != nullptr) {
    page.replace(first + begin.size(), last - first - begin.size(), settings_reference());
    std::ofstream(path) << page;
    return;
  }
  EXPECT_EQ(page.substr(first + begin.size(), last - first - begin.size()), settings_reference())
      << "run this test with WEIR_UPDATE_DOCS=1 to write the page";
}

}  // namespace
}  // namespace weir
