// SPDX-License-Identifier: Apache-2.0
#include "policy/console/pages.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_directory.h"

namespace weir::console {
namespace {

class Pages : public testing::Test {
 protected:
  Pages() {
    std::filesystem::create_directories(home_.file("pages/assets"));
    write("pages/index.html", "<!doctype html>");
    write("pages/assets/app-1a2b.js", "code");
    write("pages/assets/app-1a2b.js.gz", "packed");
    write("pages/.hidden", "secret");
    write("secret", "secret");
    std::filesystem::create_symlink(home_.file("secret"), home_.file("pages/link.txt"));
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(home_.file(name)) << text;
  }
  [[nodiscard]] Response get(std::string_view path, bool gzip = false) const {
    return page(home_.file("pages"), path, gzip);
  }
  test::TemporaryDirectory home_;
};

TEST_F(Pages, HaveTheirTypesAndTimes) {
  EXPECT_EQ(get("/").body, "<!doctype html>");
  EXPECT_EQ(get("/").type, "text/html; charset=utf-8");
  EXPECT_EQ(get("/").header("Cache-Control"), "no-cache");
  const Response asset = get("/assets/app-1a2b.js");
  EXPECT_EQ(asset.body, "code");
  EXPECT_EQ(asset.type, "text/javascript; charset=utf-8");
  EXPECT_EQ(asset.header("Cache-Control"), "public, max-age=31536000, immutable");
  const Response packed = get("/assets/app-1a2b.js", true);
  EXPECT_EQ(packed.body, "packed");
  EXPECT_EQ(packed.header("Content-Encoding"), "gzip");
  EXPECT_EQ(packed.type, asset.type);
}

TEST_F(Pages, APathOfTheApplicationIsItsIndex) {
  EXPECT_EQ(get("/violations/17").body, "<!doctype html>");
  EXPECT_EQ(get("/violations/17").header("Cache-Control"), "no-cache");
  EXPECT_EQ(get("/assets/gone-3c4d.js").status, 404);
}

TEST_F(Pages, NothingOutsideOfTheFolderIsSent) {
  for (const char* const path :
       {"/../secret", "/assets/../../secret", "/%2e%2e/secret", "/..%2fsecret", "/.hidden", "/link.txt",
        "//etc/passwd", "/\\..\\secret", "/%00", "secret", "", "/a%"}) {
    const Response response = get(path);
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_EQ(response.body.find("secret"), std::string::npos) << path;
  }
}

TEST_F(Pages, WithoutThemAPageSaysSo) {
  const Response response = page(home_.file("nowhere"), "/", false);
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.type, "text/plain; charset=utf-8");
  EXPECT_NE(response.body.find("not installed"), std::string::npos);
}

}  // namespace
}  // namespace weir::console
