// SPDX-License-Identifier: Apache-2.0
#include "classifier/app/recognition.h"

#include <spdlog/spdlog.h>

#include <filesystem>
#include <memory>
#include <utility>

#include "policy/lang/catalogue.h"

namespace weir::classifier {
namespace {

ResultAll<SoftwareIdentifier> load_software(const std::string& path) {
  auto catalogue = policy::load_catalogue(path);
  if (!catalogue) return tl::unexpected(std::move(catalogue.error()));
  SoftwareIdentifier software{std::move(*catalogue)};
  if (!software.problem().empty()) {
    spdlog::warn("catalogue_slow reason=\"{}\" effect=\"every pattern is tried in turn\"",
                 software.problem());
  }
  return software;
}

ResultAll<SignatureMatcher> load_matcher(const std::string& path) {
  auto signatures = policy::load_signatures(path);
  if (!signatures) return tl::unexpected(std::move(signatures.error()));
  auto matcher = SignatureMatcher::create(std::move(*signatures));
  if (!matcher) return tl::unexpected(std::vector<Error>{matcher.error()});
  return std::move(*matcher);
}

ResultAll<policy::SafeSearchTable> load_safe_names(const std::string& path) {
  auto engines = policy::load_safe_search(path);
  if (!engines) return tl::unexpected(std::move(engines.error()));
  return policy::SafeSearchTable{std::move(*engines)};
}

/// Loads with `load` on the thread that asks; the commit puts it into `place`.
template <typename T>
LiveFile::Prepare into(T& place, ResultAll<T> (*load)(const std::string&)) {
  return [&place, load](const std::string& path) -> ResultAll<LiveFile::Commit> {
    auto loaded = load(path);
    if (!loaded) return tl::unexpected(std::move(loaded.error()));
    const auto held = std::make_shared<T>(std::move(*loaded));  // a std::function must be copied
    return LiveFile::Commit{[&place, held] { place = std::move(*held); }};
  };
}

}  // namespace

Recognition::Recognition(const std::string& catalogue, const std::string& signatures,
                         const std::string& safe_search)
    : catalogue_file_("catalogue", catalogue, into(software_, &load_software)),
      signatures_file_("signatures", signatures, into(signatures_, &load_matcher)),
      safe_search_file_("safe_search", safe_search, into(safe_search_, &load_safe_names)) {}

ResultAll<void> Recognition::load(bool quickly) {
  std::vector<Error> wrong;
  for (const LiveFile* const file : files()) {
    if (file->path().empty()) continue;
    if (!std::filesystem::exists(file->path())) {
      spdlog::warn("{}_absent path={} effect=\"nothing is recognised by it\"", file->name(), file->path());
      continue;
    }
    if (file == &catalogue_file_ && quickly) {
      auto catalogue = policy::load_catalogue(file->path());
      if (catalogue) {
        software_ = SoftwareIdentifier{std::move(*catalogue), false};
        catalogue_file_.again();
      } else {
        wrong = std::move(catalogue.error());
      }
      continue;
    }
    const auto prepared = file->prepare();
    if (prepared) {
      (*prepared)();
    } else {
      wrong.insert(wrong.end(), prepared.error().begin(), prepared.error().end());
    }
  }
  if (!wrong.empty()) return tl::unexpected(std::move(wrong));
  return {};
}

}  // namespace weir::classifier
