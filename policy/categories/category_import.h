// SPDX-License-Identifier: Apache-2.0
// Files and folders of lists to the bytes of one category file. A folder is gone through: every `domains` and
// `urls` is a list of the category that its folder is called (the layout of UT1 and squidGuard), every
// NAME.txt, .hosts, .rpz and .zone a list of the category NAME. Links to folders are not followed: UT1 has
// second names as links.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/categories/category_source.h"
#include "policy/model/error.h"
#include "policy/model/time.h"

namespace weir::policy {

struct ImportSource {
  std::string path;                      // of a list, or of a folder of them
  std::string category{};                // empty: what its name says
  std::optional<SourceFormat> format{};  // of every file; else each is looked at
  std::string licence{};                 // recorded with every list
  std::string origin{};                  // recorded in place of the path; empty: the path
};

struct ImportRequest {
  std::vector<ImportSource> sources{};
  std::string allow_file{};  // domains that are in no category whatever the lists say; empty: none
  SourceOptions options{};
};

struct ImportedList {
  CategoryList list;
  SourceCount count;
};

struct Imported {
  std::string bytes;  // of the category file
  std::vector<ImportedList> lists;
  std::size_t overridden = 0;
};

/// Every mistake of every source at once: kNotFound, kSystem, kInvalid, kLimit.
[[nodiscard]] ResultAll<Imported> import_categories(const ImportRequest& request, TimeNs now);

}  // namespace weir::policy
