// SPDX-License-Identifier: Apache-2.0
// That loader and schema agree over whole policies is shown by tests/e2e/schema.
#include "policy/ctl/policy_schema.h"

#include <gtest/gtest.h>

#include "policy/lang/keys.h"

namespace weir::ctl {
namespace {

/// Every {"$ref": "#/definitions/X"} names a definition that there is.
void expect_references(const Json& value, const Json& definitions, std::size_t& seen) {
  if (value.is_object() && value.contains("$ref")) {
    const std::string prefix = "#/definitions/";
    const std::string path = value["$ref"].get<std::string>();
    EXPECT_TRUE(path.starts_with(prefix) && definitions.contains(path.substr(prefix.size()))) << path;
    ++seen;
  }
  for (const Json& part : value)
    if (part.is_structured()) expect_references(part, definitions, seen);
}

TEST(PolicySchema, IsWholeAndRefersToItselfOnly) {
  const Json schema = policy_schema();
  EXPECT_EQ(schema["$schema"], "http://json-schema.org/draft-07/schema#");
  std::size_t references = 0;
  expect_references(schema, schema["definitions"], references);
  EXPECT_GT(references, 20U);
}

TEST(PolicySchema, HasEveryKeyAndNoneOfALaterVersion) {
  const std::string text = policy_schema().dump();
  for (const policy::KeyRow& row : policy::key_rows()) {
    if (row.type == policy::KeyType::kLater) continue;
    EXPECT_NE(text.find("\"" + std::string(row.key) + "\":{"), std::string::npos) << row.key;
  }
  EXPECT_EQ(text.find("\"redirect\""), std::string::npos);
  EXPECT_EQ(policy_schema()["required"], Json::array({"weir-policy"}));
}

TEST(PolicySchema, EachSectionHasItsOwnMatch) {
  const Json definitions = policy_schema()["definitions"];
  EXPECT_TRUE(definitions["web-match"]["properties"].contains("category"));
  EXPECT_FALSE(definitions["email-match"]["properties"].contains("category"));
  EXPECT_EQ(definitions["web-rule"]["properties"]["match"]["allOf"][0]["$ref"], "#/definitions/web-match");
  EXPECT_FALSE(definitions["web-rule"]["additionalProperties"].get<bool>());
}

}  // namespace
}  // namespace weir::ctl
