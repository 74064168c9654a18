// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "policy/lang/catalogue.h"
#include "policy/lang/policy.h"

namespace weir::policy {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

std::string read_all(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::vector<std::string> mistakes_of(std::string_view text, const Catalogue* catalogue = nullptr) {
  const auto policy = compile(text, {.file = "p", .catalogue = catalogue});
  std::vector<std::string> texts;
  if (policy) return texts;
  for (const Error& error : policy.error()) texts.push_back(to_text(error));
  return texts;
}

/// Each broken/*.yaml gives exactly the messages of the .expected of its name. WEIR_UPDATE_BROKEN=1 writes
/// them.
TEST(Compile, BrokenPoliciesGiveExactMessages) {
  const fs::path folder = WEIR_SOURCE_DIR "/tests/unit/policy/lang/broken";
  const auto catalogue = load_catalogue(WEIR_SOURCE_DIR "/images/overlay/etc/weir/classifier/software.yaml");
  ASSERT_TRUE(catalogue.has_value());
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".yaml") continue;
    ++count;
    const std::string name = entry.path().filename().string();
    const auto policy = compile(read_all(entry.path()),
                                {.file = name, .directory = folder.string(), .catalogue = &*catalogue});
    ASSERT_FALSE(policy.has_value()) << name;
    std::string text;
    for (const Error& error : policy.error()) {
      std::string line = to_text(error) + "\n";
      for (std::size_t at = line.find(folder.string() + "/"); at != std::string::npos;
           at = line.find(folder.string() + "/")) {
        line.erase(at, folder.string().size() + 1);
      }
      text += line;
      EXPECT_GT(error.at.line, 0) << line;
      EXPECT_GT(error.at.column, 0) << line;
    }
    const fs::path golden = fs::path(entry.path()).replace_extension(".expected");
    if (std::getenv("WEIR_UPDATE_BROKEN") != nullptr) {
      std::ofstream(golden) << text;
    } else {
      EXPECT_EQ(text, read_all(golden)) << name;
    }
  }
  EXPECT_GE(count, 10U);
}

constexpr std::string_view kWhole = R"(weir-policy: 1
timezone: America/Toronto
groups:
  mail-servers: {hosts: [10.20.0.25, "fd00:20::25"]}
  guests:       {vlans: [30]}
  staff:        {subnets: [10.20.0.0/16, "fd00:20::/48"]}
schedules:
  office: {days: mon-fri, hours: "08:00-17:30"}
lists:
  partners: {domains: [partner.example, "*.supplier.example"]}
categories:
  gambling: {domains: [bet.example]}
  social-networks: {domains: [social.example]}
network:
  - {rule: no-dns-over-https, match: {app: [doh, dot, doq]}, then: block, severity: low}
web:
  - {rule: no-gambling, match: {category: gambling}, then: block, severity: high,
     tell_user: "Gambling sites are closed here."}
  - {rule: social-after-hours, who: staff, when: office, match: {category: social-networks},
     then: block, mode: monitor}
email:
  - {rule: only-our-relay-sends, who: {not: mail-servers}, match: {protocol: smtp},
     then: block, severity: high}
  - {rule: partners-need-tls, match: {recipient: partners, tls: none},
     then: block, tell_officer: "Ask the partner."}
software:
  unknown: report
  authorised:   [{product: firefox, versions: ">=115", owner: it-desk, until: 2027-06-30}]
  unauthorised: [{product: bittorrent, then: block, severity: high}, {product: teamviewer, then: block}]
)";

TEST(Compile, AWholePolicy) {
  const auto policy = compile(kWhole, {.file = "p", .revision = 42});
  ASSERT_TRUE(policy.has_value()) << to_text(policy.error().front());
  EXPECT_EQ((*policy)->revision(), 42U);
  std::vector<std::string> lines;
  for (const RuleSummary& rule : (*policy)->rules()) {
    lines.push_back(std::to_string(rule.line) + " " + to_string(rule.section) + " " + rule.name + " | " +
                    rule.who + " | " + rule.when + " | " + rule.match + " | " + to_string(rule.then) +
                    (rule.monitor ? "? " : " ") + to_string(rule.severity));
  }
  EXPECT_THAT(
      lines,
      ElementsAre("15 network no-dns-over-https |  |  | app doh, dot, doq | block low",
                  "17 web no-gambling |  |  | category gambling | block high",
                  "19 web social-after-hours | staff | office | category social-networks | block? medium",
                  "22 email only-our-relay-sends | not mail-servers |  | protocol smtp | block high",
                  "24 email partners-need-tls |  |  | recipient partners; tls none | block medium",
                  "29 software unauthorised-bittorrent |  |  | product bittorrent | block high",
                  "29 software unauthorised-teamviewer |  |  | product teamviewer | block medium",
                  "27 software unknown-software |  |  | any product of neither list | report low"));
  EXPECT_EQ((*policy)->rules()[4].tell_officer, "Ask the partner.");
}

TEST(Compile, AClickHoldsHalfAnHourUnlessTheRuleSaysOtherwise) {
  const auto policy = compile(
      "weir-policy: 1\nweb:\n  - {rule: a, then: continue}\n  - {rule: b, then: continue, for: 90s}\n"
      "tests:\n  - {test: t, flow: {client: 10.0.0.1, host: a.example, clicked_through: [a, b]}, expect: "
      "allow}\n",
      {.file = "p"});
  ASSERT_TRUE(policy.has_value()) << to_text(policy.error().front());
  EXPECT_EQ((*policy)->parts().rules[1][0].click_for, kClickForUsual);
  EXPECT_EQ((*policy)->parts().rules[1][1].click_for, 90 * kSecond);
  const PolicyTest& test = (*policy)->parts().tests.front();
  ASSERT_EQ(test.clicked_through.size(), 2U);
  EXPECT_EQ(test.clicked_through[1], (ClickThrough{"b", test.at + 90 * kSecond}));
}

TEST(Compile, ProductsAreCheckedOnlyAgainstACatalogueThatIsGiven) {
  const std::string text = "weir-policy: 1\nsoftware: {unauthorised: [{product: bitorrent}]}\n";
  EXPECT_THAT(mistakes_of(text), ElementsAre());
  Catalogue catalogue;
  catalogue.products.push_back({"bittorrent", "BitTorrent", {"BitTorrent"}, {}, {}});
  EXPECT_THAT(mistakes_of(text, &catalogue),
              ElementsAre("p:2:37: error: the software catalogue has no product bitorrent "
                          "(did you mean bittorrent?)"));
}

struct Folder {
  fs::path path = fs::temp_directory_path() / ("weir-compile-" + std::to_string(getpid()));
  Folder() { fs::create_directories(path / "lists"); }
  ~Folder() { fs::remove_all(path); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path / name) << text; }
};

TEST(Compile, FilesAreLookedForBesideThePolicy) {
  const Folder folder;
  folder.write("lists/gambling.txt", "bet.example\n");
  folder.write("lists/social_networks.txt", "0.0.0.0 social.example\n");
  folder.write("partners.txt", "partner.example\n");
  folder.write(
      "current.yaml",
      "weir-policy: 1\ncategories: lists\nlists: {partners: {file: partners.txt}}\nweb:\n"
      "  - {rule: a, match: {category: [gambling, social_networks], domain: partners}, then: block}\n");
  const auto policy = compile_file((folder.path / "current.yaml").string(), 3);
  ASSERT_TRUE(policy.has_value()) << to_text(policy.error().front());
  EXPECT_EQ((*policy)->parts().domains.domains(), 3U);
  const auto missing = compile_file((folder.path / "other.yaml").string(), 3);
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().front().code, ErrorCode::kNotFound);
}

/// The YAML blocks of docs/policy.md are one policy, in their order; what the page shows must compile.
TEST(Compile, TheExamplesOfThePageCompile) {
  const Folder folder;
  folder.write("partners.txt", "other-partner.example\n");
  folder.write("gambling.txt", "bet.example\n");
  folder.write("groups.map", "Network Operators: anna\n");
  const std::string page = read_all(WEIR_SOURCE_DIR "/docs/policy.md");
  const std::string fence = "```yaml\n";
  std::string text;
  std::size_t blocks = 0;
  for (std::size_t at = page.find(fence); at != std::string::npos; at = page.find(fence, at + 1), ++blocks) {
    const std::size_t begin = at + fence.size();
    text += page.substr(begin, page.find("```", begin) - begin);
  }
  EXPECT_GE(blocks, 6U);
  const auto policy = compile(text, {.file = "docs/policy.md", .directory = folder.path.string()});
  ASSERT_TRUE(policy.has_value()) << to_text(policy.error().front()) << "\n" << text;
  EXPECT_GE((*policy)->rules().size(), 10U);
}

TEST(Compile, EmptyAndMissingFolders) {
  const Folder folder;
  EXPECT_THAT(mistakes_of("weir-policy: 1\ncategories: " + (folder.path / "lists").string() + "\n"),
              ElementsAre(HasSubstr("holds no NAME.txt")));
  EXPECT_THAT(mistakes_of("weir-policy: 1\ncategories: /nonexistent\n"),
              ElementsAre(HasSubstr("/nonexistent cannot be read as a folder")));
}

std::string repeated(std::size_t count, const std::function<std::string(std::size_t)>& one) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += one(i);
  return text;
}

TEST(Compile, LimitsHold) {
  const auto number = [](std::size_t i) { return std::to_string(i); };
  const std::string head = "weir-policy: 1\n";
  EXPECT_THAT(mistakes_of(std::string(kPolicyTextBytesMax + 1, '#')),
              ElementsAre(HasSubstr("more than 1048576")));
  EXPECT_THAT(mistakes_of(head + "groups:\n" +
                          repeated(kGroupsMax + 1,
                                   [&](std::size_t i) { return "  g" + number(i) + ": {vlans: [1]}\n"; })),
              ElementsAre("p:3:3: error: 257 groups, more than 256"));
  EXPECT_THAT(mistakes_of(head + "schedules:\n" +
                          repeated(kSchedulesMax + 1,
                                   [&](std::size_t i) { return "  s" + number(i) + ": {days: mon}\n"; })),
              ElementsAre("p:3:3: error: 65 schedules, more than 64"));
  EXPECT_THAT(
      mistakes_of(head + "network:\n" +
                  repeated(kRulesMax + 1,
                           [&](std::size_t i) { return "  - {rule: r" + number(i) + ", then: allow}\n"; })),
      ElementsAre("p:3:3: error: more than 10000 rules in one policy"));
  EXPECT_THAT(
      mistakes_of(head + "lists:\n" +
                  repeated(kDomainSetsMax + 1,
                           [&](std::size_t i) { return "  l" + number(i) + ": {domains: [a.example]}\n"; })),
      ElementsAre(HasSubstr("more than 1024 sets of domains")));
  EXPECT_THAT(mistakes_of(head + "web:\n" +
                          repeated(kDomainSetsMax + 2,
                                   [&](std::size_t i) {
                                     return "  - {rule: r" + number(i) +
                                            ", match: {domain: a.example}, then: block}\n";
                                   })),
              ElementsAre(HasSubstr("more than 1024 sets of domains")))
      << "said once";
  EXPECT_THAT(
      mistakes_of(head + "network: [{rule: a, match: {port: [" +
                  repeated(kValuesPerKeyMax + 1, [&](std::size_t i) { return number(i + 1) + ", "; }) +
                  "]}, then: block}]\n"),
      ElementsAre(HasSubstr("1001 values in port, more than 1000")));
  EXPECT_THAT(mistakes_of(head + "web: [{rule: a, then: block, tell_user: " +
                          std::string(kTellBytesMax + 1, 'x') + "}]\n"),
              ElementsAre(HasSubstr("tell_user has 301 bytes, more than 300")));
}

}  // namespace
}  // namespace weir::policy
