// SPDX-License-Identifier: Apache-2.0
// The software inventory, page by page.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/store/software_store.h"
#include "tests/support/any_store.h"

namespace weir::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SoftwarePages : public test::AnyStore {
 protected:
  static void see(Store& store, const std::string& client, const std::string& product,
                  const std::string& version) {
    in_batch(store, [&](Batch& batch) {
      SoftwareSighting seen;
      seen.client = client;
      seen.product = product;
      seen.version = version;
      seen.at = 10;
      ASSERT_TRUE(batch.record(seen));
    });
  }
  static std::vector<std::string> page(Store& store, const std::string& client, const SoftwareKey& after,
                                       std::uint32_t count) {
    std::vector<std::string> all;
    const auto rows = software_page(store, client, after, count);
    EXPECT_TRUE(rows) << to_text(rows.error());
    for (const Software& one : *rows) all.push_back(one.client + " " + one.product + " " + one.version);
    return all;
  }
};

TEST_P(SoftwarePages, BeginBehindTheRowBefore) {
  Store store = open();
  see(store, "10.0.0.1", "curl", "");
  see(store, "10.0.0.1", "curl", "8.0");
  see(store, "10.0.0.2", "apt", "2");
  see(store, "10.0.0.2", "curl", "8.0");
  EXPECT_THAT(page(store, "", {}, 2), ElementsAre("10.0.0.1 curl ", "10.0.0.1 curl 8.0"));
  EXPECT_THAT(page(store, "", {"10.0.0.1", "curl", ""}, 2),
              ElementsAre("10.0.0.1 curl 8.0", "10.0.0.2 apt 2"));
  EXPECT_THAT(page(store, "", {"10.0.0.1", "zsh", ""}, 9), ElementsAre("10.0.0.2 apt 2", "10.0.0.2 curl 8.0"))
      << "the row that it names need not be there any more";
  EXPECT_THAT(page(store, "10.0.0.2", {"10.0.0.2", "apt", "2"}, 9), ElementsAre("10.0.0.2 curl 8.0"));
  EXPECT_THAT(page(store, "", {"10.0.0.2", "curl", "8.0"}, 9), IsEmpty());
}

WEIR_ON_EVERY_DATABASE(SoftwarePages);

}  // namespace
}  // namespace weir::policy
