// SPDX-License-Identifier: Apache-2.0
// Every policy of docs/cookbook compiles, says in its head what it is for, and does what its tests say.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "policy/decide/policy_tests.h"
#include "policy/lang/catalogue.h"
#include "policy/lang/compile.h"
#include "policy/lang/policy.h"

namespace weir::policy {
namespace {

namespace fs = std::filesystem;

std::string read_all(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::vector<fs::path> recipes() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(WEIR_SOURCE_DIR "/docs/cookbook"))
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

TEST(Cookbook, EveryPolicyDoesWhatItsTestsSay) {
  const auto catalogue = load_catalogue(WEIR_SOURCE_DIR "/images/overlay/etc/weir/classifier/software.yaml");
  ASSERT_TRUE(catalogue.has_value());
  const auto files = recipes();
  EXPECT_GE(files.size(), 20U);
  for (const fs::path& file : files) {
    const std::string name = file.filename().string();
    std::vector<Error> warnings;
    const auto policy = compile_file(file.string(), 1, &*catalogue, {}, &warnings);
    EXPECT_TRUE(warnings.empty()) << to_text(warnings.front());
    ASSERT_TRUE(policy.has_value()) << to_text(policy.error().front());
    for (const Error& error : failed_tests(**policy, name)) ADD_FAILURE() << to_text(error);
  }
}

/// A policy is seen to allow something and to refuse or report something, and each exception to hold.
TEST(Cookbook, TheTestsReachEveryOutcome) {
  for (const fs::path& file : recipes()) {
    SCOPED_TRACE(file.filename().string());
    const auto policy = compile_file(file.string(), 1);
    ASSERT_TRUE(policy.has_value());
    std::set<Action> said;
    std::set<std::string> exceptions;
    for (const TestOutcome& outcome : run_tests(**policy)) {
      said.insert(outcome.said);
      exceptions.insert(outcome.exception);
    }
    EXPECT_TRUE(said.contains(Action::kAllow)) << "no flow is allowed";
    EXPECT_GE(said.size(), 2U) << "no flow is refused or reported";
    for (const Exception& one : (*policy)->parts().exceptions) EXPECT_TRUE(exceptions.contains(one.name));
  }
}

TEST(Cookbook, EachSaysWhatItIsForAndIsInTheIndex) {
  const std::string index = read_all(WEIR_SOURCE_DIR "/docs/cookbook/README.md");
  for (const fs::path& file : recipes()) {
    const std::string name = file.filename().string();
    const std::string head = read_all(file);
    const std::string comment = head.substr(0, head.find("\nweir-policy: 1\n"));
    EXPECT_TRUE(comment.starts_with("# ")) << name;
    EXPECT_GT(comment.size(), 100U) << name;
    EXPECT_NE(index.find("| [" + name + "](" + name + ") | "), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace weir::policy
