// SPDX-License-Identifier: Apache-2.0
// The table of operations, held against the API file: each has the other's rows, and no role may do what the
// matrix here does not say.
#include "policy/console/operations.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "policy/model/document.h"
#include "policy/model/text_file.h"

namespace weir::console {
namespace {

constexpr const char* kApiFile = WEIR_SOURCE_DIR "/policy/console/api/openapi.yaml";

struct Listed {
  std::string id;
  bool open = false;
};

/// "GET /session" -> its operationId.
std::map<std::string, Listed> api_file() {
  const auto text = read_text_file(kApiFile, 1U << 20U);
  EXPECT_TRUE(text.has_value());
  const auto root = parse_document(text.value_or(""), "openapi.yaml");
  EXPECT_TRUE(root.has_value()) << (root ? "" : to_text(root.error().front()));
  std::map<std::string, Listed> all;
  if (!root) return all;
  for (const Node::Entry& path : root->find("paths")->entries) {
    for (const Node::Entry& method : path.value.entries) {
      std::string name = method.key;
      for (char& c : name) c = static_cast<char>(std::toupper(c));
      const Node* const security = method.value.find("security");
      all[name + " " + path.key] = {method.value.find("operationId")->text,
                                    security != nullptr && security->items.empty()};
    }
  }
  return all;
}

TEST(Operations, AreThoseOfTheApiFile) {
  std::map<std::string, Listed> listed = api_file();
  ASSERT_GT(listed.size(), 20U);
  for (const Operation& one : operations()) {
    const auto found = listed.find(std::string{one.method} + " " + std::string{one.path});
    ASSERT_NE(found, listed.end()) << one.method << " " << one.path << " is not in " << kApiFile;
    EXPECT_EQ(found->second.id, one.id);
    EXPECT_EQ(found->second.open, one.open) << one.id;
    EXPECT_NE(one.answer, nullptr) << one.id;
    listed.erase(found);
  }
  for (const auto& [where, one] : listed) ADD_FAILURE() << where << " (" << one.id << ") has no row";
}

TEST(Operations, EachRoleMayDoWhatTheMatrixSays) {
  const std::set<std::string_view> everybody{"me", "overview", "status", "events"};
  const std::set<std::string_view> watching{
      "flows",      "explainFlow",     "clients",        "software",     "policy",     "checkPolicy",
      "diffPolicy", "policyRevisions", "policyRevision", "policySchema", "exceptions", "whatIf",
      "job",        "cancelJob"};
  const std::set<std::string_view> excepting{"addException", "tryException", "removeException"};
  const std::set<std::string_view> reading{"violations", "violation",  "matchingViolations",
                                           "reports",    "makeReport", "fetchReport"};
  const std::map<std::string_view, std::set<std::string_view>> own{
      {"officer", {"changeViolations"}},
      {"senior-officer", {"changeViolations", "reveal", "exportViolation"}},
      {"technician", {"applyPolicy", "confirmPolicy", "rollbackPolicy"}},
      {"auditor", {"audit", "accounts"}},
      {"admin", {"accounts", "addAccount", "removeAccount", "resetAccount", "audit"}}};
  // One's own account.
  const std::set<std::string_view> own_account{"changePassword", "sessions", "endSessions", "endSession",
                                               "tokens",         "addToken", "removeToken"};
  std::size_t allowed_in_all = 0;
  for (const Operation& one : operations()) {
    if (own_account.contains(one.id)) {
      EXPECT_TRUE(std::ranges::all_of(kRoleNames, [&](auto name) { return allowed(one, *role_of(name)); }));
      EXPECT_TRUE(one.is(kPeopleOnly)) << one.id;
      continue;
    }
    for (const std::string_view name : kRoleNames) {
      const bool may =
          !one.open && (everybody.contains(one.id) || (watching.contains(one.id) && name != "admin") ||
                        (reading.contains(one.id) && name != "admin" && name != "technician") ||
                        (excepting.contains(one.id) && name != "admin" && name != "auditor") ||
                        own.at(name).contains(one.id));
      EXPECT_EQ(allowed(one, *role_of(name)), may) << one.id << " by " << name;
      allowed_in_all += may ? 1 : 0;
    }
  }
  EXPECT_GT(allowed_in_all, 60U);
  EXPECT_FALSE(role_of("root").has_value());
  EXPECT_FALSE(role_of("").has_value());
}

TEST(Operations, APathWithoutANameComesFirst) {
  EXPECT_EQ(route("POST", "/api/v1/violations/changes").operation->id, "changeViolations");
  EXPECT_EQ(route("GET", "/api/v1/violations/17").operation->id, "violation");
  EXPECT_EQ(route("GET", "/api/v1/violations/17").arguments, std::vector<std::string>{"17"});
  EXPECT_EQ(route("GET", "/api/v1/flows/a%2Db").arguments, std::vector<std::string>{"a-b"});
}

TEST(Operations, WhatIsNotListedIsNotThere) {
  for (const char* const path :
       {"/", "/api", "/api/v1", "/api/v2/session", "/api/v1/", "/api/v1/violations/",
        "/api/v1/violations/1/2", "/api/v1session", "/api/v1/flows/%00", "/api/v1/flows/%zz"}) {
    const Route found = route("GET", path);
    EXPECT_EQ(found.operation, nullptr) << path;
    EXPECT_FALSE(found.path_known) << path;
  }
  const Route wrong_method = route("PUT", "/api/v1/session");
  EXPECT_EQ(wrong_method.operation, nullptr);
  EXPECT_TRUE(wrong_method.path_known);
}

}  // namespace
}  // namespace weir::console
