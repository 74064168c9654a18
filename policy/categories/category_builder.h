// SPDX-License-Identifier: Apache-2.0
// Makes the bytes of a category file (category_file.h) out of lists of domains. All of it in memory: about 60
// bytes a domain beside the names.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "policy/categories/category_file.h"
#include "policy/model/error.h"

namespace weir::policy {

struct CategoryLimits {
  std::size_t domains_max = kCategoryDomainsMax;
  std::size_t lists_max = kCategoryListsMax;
  std::size_t sets_max = kCategorySetsMax;
};

class CategoryBuilder {
 public:
  CategoryBuilder() : CategoryBuilder(CategoryLimits{}) {}
  explicit CategoryBuilder(CategoryLimits limits) : limits_(limits) {}

  /// A list whose domains follow; gives its number. kLimit: there are as many as a file holds.
  [[nodiscard]] Result<std::uint16_t> add_list(CategoryList list);
  /// A canonical name. kLimit: there are as many as a file holds.
  [[nodiscard]] Result<void> add(std::uint16_t list, std::string_view name, bool below_only);
  /// A canonical name that, with everything below it, is in no category whatever the lists say.
  void allow(std::string_view name);

  /// The file's bytes; the lists' `domains` are counted here. kLimit: more different sets of lists than a
  /// file holds. What was added is used up.
  [[nodiscard]] Result<std::string> build(TimeNs made_at);
  /// Names that an override kept out; known after `build`.
  [[nodiscard]] std::size_t overridden() const { return overridden_; }
  [[nodiscard]] const std::vector<CategoryList>& lists() const { return lists_; }

 private:
  struct Record {
    std::uint64_t hash = 0;
    std::uint32_t name = 0;  // offset in names_
    CategoryMember member;
    std::uint8_t name_bytes = 0;
  };
  [[nodiscard]] std::string_view name_of(const Record& record) const {
    return std::string_view{names_}.substr(record.name, record.name_bytes);
  }
  [[nodiscard]] bool is_allowed(std::string_view name) const;
  void drop_overridden();

  CategoryLimits limits_;
  std::vector<CategoryList> lists_;
  std::vector<Record> records_;
  std::string names_;
  std::unordered_set<std::string> allowed_;
  std::size_t overridden_ = 0;
};

}  // namespace weir::policy
