// SPDX-License-Identifier: Apache-2.0
// Lists page by page: clients, software; and reports.
#include <gmock/gmock.h>

#include <filesystem>

#include "policy/ctl/replace_file.h"
#include "policy/store/flow_sums.h"
#include "tests/support/fontconfig_leaks.h"
#include "tests/unit/policy/console/desk_fixture.h"

namespace weir::console {
namespace {

using testing::HasSubstr;
using testing::Not;

class ListsDeskTest : public DeskTest {
 protected:
  ListsDeskTest() {
    settings_.report.directory = home_.file("reports");
    desk_.emplace(settings_, home_.file("weir.yaml"), "/nonexistent/weirctl");
    set_up();
    for (const char* const role : {"officer", "technician"}) make_account(role);
  }
  /// The values of `key` in all pages of so many rows.
  std::vector<std::string> paged(const std::string& path, const char* list, const char* key, int count) {
    std::vector<std::string> all;
    std::string cursor;
    for (int pages = 0; pages < 100; ++pages) {
      const Response response = ask("GET", path + "?count=" + std::to_string(count) + cursor);
      EXPECT_EQ(response.status, 200) << response.body;
      const Json page = Json::parse(response.body);
      for (const Json& row : page[list]) all.push_back(row[key].get<std::string>());
      if (page["next"].is_null()) return all;
      EXPECT_EQ(page[list].size(), static_cast<std::size_t>(count));
      cursor = "&cursor=" + encoded(page["next"].get<std::string>());
    }
    ADD_FAILURE() << "the pages do not end";
    return all;
  }
  static std::string encoded(const std::string& text) {
    constexpr char kDigits[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
    return out;
  }
};

TEST_F(ListsDeskTest, SoftwareComesOncePageByPageAndNoCursorSaysWho) {
  auto batch = store_->begin().value();
  for (int client = 1; client <= 3; ++client) {
    for (const char* const product : {"curl", "firefox", "steam"}) {
      policy::SoftwareSighting seen;
      seen.client = "10.9.0." + std::to_string(client);
      seen.product = product;
      seen.version = "1.0";
      seen.at = now_;
      ASSERT_TRUE(batch.record(seen).has_value());
    }
  }
  ASSERT_TRUE(batch.commit().has_value());
  log_in("officer");
  const auto whole = paged("/software", "software", "product", 100);
  EXPECT_EQ(whole.size(), 9U);
  for (const int count : {1, 2, 3, 4, 9})
    EXPECT_EQ(paged("/software", "software", "product", count), whole) << count;
  EXPECT_THAT(ask("GET", "/software?count=2").body, Not(HasSubstr("10.9.0.")));
  for (const char* const wrong : {"x", "[]", "[1,2,3]", "[\"client-aaaaaaaaaa\",\"a\",\"b\"]"})
    EXPECT_EQ(ask("GET", "/software?cursor=" + encoded(wrong)).status, 422) << wrong;
}

TEST_F(ListsDeskTest, ClientsComeByRankPageByPage) {
  policy::FlowSums sums;
  for (std::uint64_t client = 1; client <= 7; ++client) {
    const std::string name = "10.9.0." + std::to_string(client);
    policy::FlowSample sample;
    sample.ended = now_ - kSecond;
    sample.client = name;
    sample.usage = {1, 10 * client, 90 * client};
    sums.add(sample);
  }
  auto batch = store_->begin().value();
  ASSERT_TRUE(policy::add_flow_sums(batch, sums, now_).has_value());
  ASSERT_TRUE(batch.commit().has_value());
  log_in("officer");
  const auto whole = paged("/clients", "clients", "name", 100);
  EXPECT_EQ(whole.size(), 7U);
  for (const int count : {1, 3, 7}) EXPECT_EQ(paged("/clients", "clients", "name", count), whole) << count;
  for (const char* const wrong : {"x", "1", "1.", ".1", "-5.1", "99999999999999999999.0", "1.99999"})
    EXPECT_EQ(ask("GET", std::string{"/clients?cursor="} + wrong).status, 422) << wrong;
}

TEST_F(ListsDeskTest, ReportsAreMadeAsWeirctlMakesThemAndWhatLeavesIsWrittenDown) {
  violate("no-bets", "10.9.0.1", "bet.example");
  log_in("officer");
  const Response page = ask("POST", "/reports", {{"kind", "weekly"}, {"format", "page"}});
  ASSERT_EQ(page.status, 200) << page.body;
  const Json shown = Json::parse(page.body);
  EXPECT_EQ(shown["title"], "Weekly report");
  ASSERT_FALSE(shown["tables"].empty());
  const std::string key = shown["tables"][0]["key"];
  const Response table = ask("POST", "/reports", {{"kind", "weekly"}, {"format", "csv"}, {"table", key}});
  ASSERT_EQ(table.status, 200) << table.body;
  EXPECT_THAT(std::string(table.header("Content-Disposition")), HasSubstr("-" + key + ".csv"));
  EXPECT_THAT(last_entry(), HasSubstr("officer: report export: done, sha256 "));
  const Response pdf = ask("POST", "/reports", {{"kind", "weekly"}, {"format", "pdf"}, {"language", "fr"}});
  ASSERT_EQ(pdf.status, 200) << pdf.body;
  EXPECT_EQ(pdf.body.substr(0, 5), "%PDF-");
  const auto status = [&](const Json& change) {
    Json asked{{"kind", "weekly"}, {"format", "page"}};
    asked.update(change);
    return ask("POST", "/reports", asked).status;
  };
  EXPECT_EQ(status({{"kind", "yearly"}}), 422);
  EXPECT_EQ(status({{"format", "doc"}}), 422);
  EXPECT_EQ(status({{"language", "de"}}), 422);
  EXPECT_EQ(status({{"from", "monday"}}), 422);
  EXPECT_EQ(status({{"group", "nobody"}}), 404);
  EXPECT_EQ(status({{"format", "csv"}, {"table", "none"}}), 404);
  log_in("technician");
  EXPECT_EQ(status(Json::object()), 403);
}

TEST_F(ListsDeskTest, KeptReportsAreListedAndNothingElseOfTheFolder) {
  log_in("officer");
  EXPECT_EQ(Json::parse(ask("GET", "/reports").body)["reports"].size(), 0U) << "there is no folder yet";
  std::filesystem::create_directories(home_.file("reports"));
  for (const char* const name :
       {"weir-a-weekly-2026-11-23.pdf", "weir-a-weekly-2026-11-23.json", "other.pdf", "weir-x"})
    ASSERT_TRUE(ctl::replace_file(home_.file("reports/") + name, "%PDF-1").has_value());
  EXPECT_EQ(Json::parse(ask("GET", "/reports").body)["reports"].size(), 2U);
  const auto fetch = [&](const char* name) { return ask("POST", "/reports/downloads", {{"name", name}}); };
  EXPECT_EQ(fetch("weir-a-weekly-2026-11-23.pdf").body, "%PDF-1");
  EXPECT_THAT(last_entry(), HasSubstr("officer: report export: done, sha256 "));
  for (const char* const wrong : {"other.pdf", "weir-x", "weir-/../../weir.db.pdf", "weir-gone.pdf", ""})
    EXPECT_EQ(fetch(wrong).status, 404) << wrong;
}

}  // namespace
}  // namespace weir::console
