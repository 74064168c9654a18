// SPDX-License-Identifier: Apache-2.0
#include "policy/categories/category_import.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "policy/categories/list_file.h"
#include "policy/model/text_file.h"

namespace weir::policy {
namespace {

namespace fs = std::filesystem;

constexpr int kFolderDepthMax = 6;
constexpr std::array<std::string_view, 4> kListEndings{".txt", ".hosts", ".rpz", ".zone"};

bool is_tree_file(const fs::path& path) { return path.filename() == "domains" || path.filename() == "urls"; }

std::string category_named_by(const fs::path& path) {
  return is_tree_file(path) ? path.parent_path().filename().string() : path.stem().string();
}

class Importer {
 public:
  explicit Importer(const ImportRequest& request) : request_(request) {}

  void find(const ImportSource& source) {
    const fs::path path = fs::path{source.path}.lexically_normal();
    std::error_code problem;
    ImportSource file = source;
    file.path = path.string();
    if (!fs::is_directory(path, problem)) return files_.push_back(std::move(file));
    std::size_t before = files_.size();
    for (auto at = fs::recursive_directory_iterator(path, problem);
         !problem && at != fs::recursive_directory_iterator(); at.increment(problem)) {
      if (at.depth() >= kFolderDepthMax) at.disable_recursion_pending();
      const bool named =
          std::find(kListEndings.begin(), kListEndings.end(), at->path().extension()) != kListEndings.end();
      if ((named || is_tree_file(at->path())) && at->is_regular_file(problem)) {
        file.path = at->path().string();
        files_.push_back(file);
      }
      if (files_.size() > kCategoryListsMax) break;
    }
    if (problem) return mistake({ErrorCode::kSystem, problem.message(), {}, {path.string(), 0, 0}});
    if (files_.size() == before) {
      mistake({ErrorCode::kNotFound,
               "holds no list",
               "a list is called CATEGORY/domains, CATEGORY/urls or CATEGORY.txt",
               {path.string(), 0, 0}});
    }
    std::sort(files_.begin() + static_cast<std::ptrdiff_t>(before), files_.end(),
              [](const ImportSource& a, const ImportSource& b) { return a.path < b.path; });
  }

  void read_all() {
    for (const ImportSource& file : files_) read(file);
    if (!request_.allow_file.empty()) read_allowed();
  }

  ResultAll<Imported> finish(TimeNs now) {
    if (!mistakes_.empty()) return tl::unexpected(std::move(mistakes_));
    auto bytes = builder_.build(now);
    if (!bytes) return tl::unexpected(std::vector<Error>{bytes.error()});
    imported_.bytes = std::move(*bytes);
    imported_.overridden = builder_.overridden();
    for (std::size_t i = 0; i < imported_.lists.size(); ++i) imported_.lists[i].list = builder_.lists()[i];
    return std::move(imported_);
  }

 private:
  void mistake(Error error) { mistakes_.push_back(std::move(error)); }

  void read(const ImportSource& source) {
    const std::string category = source.category.empty() ? category_named_by(source.path) : source.category;
    if (!is_category_name(category)) {
      return mistake({ErrorCode::kInvalid,
                      fmt::format("\"{}\" is not a name of a category", category),
                      "import it as NAME=PATH, with 1 to 64 of a-z, 0-9, - and _",
                      {source.path, 0, 0}});
    }
    const auto text = read_text_file(source.path, kSourceBytesMax);
    if (!text) return mistake(text.error());
    struct stat status {};
    const bool known = stat(source.path.c_str(), &status) == 0;
    const SourceFormat format = source.format.value_or(detect_format(*text, source.path));
    const std::string& origin = source.origin.empty() ? source.path : source.origin;
    const auto list = builder_.add_list({category, origin, std::string{to_string(format)}, source.licence,
                                         known ? status.st_mtim.tv_sec * kSecond : 0, 0});
    if (!list) return mistake(list.error());
    const auto count = read_source(*text, source.path, format, *list, suffixes_, request_.options, builder_);
    if (!count) return mistake(count.error());
    imported_.lists.push_back({{}, *count});
  }

  /// A person writes it: any wrong line is a mistake.
  void read_allowed() {
    DomainTable checked;
    const auto set = checked.add_set();
    const auto text = read_text_file(request_.allow_file, kSourceBytesMax);
    if (!text) return mistake(text.error());
    const auto read = read_list(*text, request_.allow_file, *set, checked);
    if (!read) {
      mistakes_.insert(mistakes_.end(), read.error().begin(), read.error().end());
      return;
    }
    checked.for_each([&](std::string_view name) { builder_.allow(name); });
  }

  const ImportRequest& request_;
  PublicSuffixes suffixes_;
  CategoryBuilder builder_;
  Imported imported_;
  std::vector<ImportSource> files_;
  std::vector<Error> mistakes_;
};

}  // namespace

ResultAll<Imported> import_categories(const ImportRequest& request, TimeNs now) {
  Importer importer{request};
  for (const ImportSource& source : request.sources) importer.find(source);
  importer.read_all();
  return importer.finish(now);
}

}  // namespace weir::policy
