// SPDX-License-Identifier: Apache-2.0
#include "policy/fetch/source_copies.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "policy/fetch/download.h"
#include "policy/fetch/tree_archive.h"
#include "policy/model/text_file.h"

namespace weir::policy {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::size_t kStateBytesMax = 65'536;
constexpr std::size_t kImportedBytesMax = 16U << 20U;

tl::unexpected<Error> folder_failure(std::string_view what, const std::string& path) {
  return failure(ErrorCode::kSystem, fmt::format("cannot {} {}: {}", what, path, std::strerror(errno)));
}

std::string to_text(const CopyState& state) {
  return Json{{"url", state.url},
              {"holds", state.holds},
              {"etag", state.etag},
              {"last_modified", state.last_modified},
              {"sha256", state.sha256},
              {"fetched_ns", state.fetched_at},
              {"checked_ns", state.checked_at},
              {"domains", state.domains}}
             .dump(2, ' ', false, Json::error_handler_t::replace) +
         "\n";
}

/// nullopt: it is damaged.
std::optional<CopyState> state_of(const std::string& text) {
  const auto json = Json::parse(text, nullptr, false);
  const auto has = [&](const char* key, bool (Json::*is)() const noexcept) {
    return json.is_object() && json.contains(key) && (json[key].*is)();
  };
  for (const char* const key : {"url", "holds", "etag", "last_modified", "sha256"})
    if (!has(key, &Json::is_string)) return std::nullopt;
  for (const char* const key : {"fetched_ns", "checked_ns", "domains"})
    if (!has(key, &Json::is_number_integer)) return std::nullopt;
  return CopyState{json["url"].get<std::string>(),    json["holds"].get<std::string>(),
                   json["etag"].get<std::string>(),   json["last_modified"].get<std::string>(),
                   json["sha256"].get<std::string>(), json["fetched_ns"].get<TimeNs>(),
                   json["checked_ns"].get<TimeNs>(),  json["domains"].get<std::size_t>()};
}

Result<void> write_file(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  return out ? Result<void>{} : folder_failure("write", path);
}

Result<void> replace_state(const std::string& place, const CopyState& state) {
  const std::string path = place + "/state.json";
  if (auto written = write_file(path + ".new", to_text(state)); !written) return written;
  return std::rename((path + ".new").c_str(), path.c_str()) == 0 ? Result<void>{}
                                                                 : folder_failure("replace", path);
}

Result<std::string> sha256_of(const std::string& path) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> hash{EVP_MD_CTX_new(), EVP_MD_CTX_free};
  std::ifstream in(path, std::ios::binary);
  if (!in || !hash || EVP_DigestInit_ex(hash.get(), EVP_sha256(), nullptr) != 1)
    return folder_failure("read", path);
  std::vector<char> block(65'536);
  while (in) {
    in.read(block.data(), static_cast<std::streamsize>(block.size()));
    EVP_DigestUpdate(hash.get(), block.data(), static_cast<std::size_t>(in.gcount()));
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned bytes = 0;
  EVP_DigestFinal_ex(hash.get(), digest.data(), &bytes);
  return fmt::format("{:02x}", fmt::join(digest.begin(), digest.begin() + bytes, ""));
}

ImportSource copy_in(const FetchSource& source, const std::string& place) {
  return {.path = place + (source.is_tree() ? "/tree" : "/list"),
          .category = source.category,
          .format = source.format,
          .licence = source.licence,
          .origin = source.url};
}

/// How many domains can be imported of it.
Result<std::size_t> domains_of(ImportSource copy, const SourceOptions& options) {
  const auto imported = import_categories({.sources = {std::move(copy)}, .options = options}, 0);
  if (!imported) {
    const Error& first = imported.error().front();
    const std::string line = first.at.line > 0 ? fmt::format(", line {}", first.at.line) : "";
    return failure(first.code, first.what + line, first.advice);
  }
  std::size_t domains = 0;
  for (const ImportedList& one : imported->lists) domains += one.list.domains;
  if (domains > 0) return domains;
  return failure(ErrorCode::kInvalid, "holds no domain");
}

Result<void> change_bearable(std::size_t before, std::size_t after) {
  const auto old_count = static_cast<double>(before);
  const auto new_count = static_cast<double>(after);
  if (new_count <= old_count * kSourceChangeMax && old_count <= new_count * kSourceChangeMax) return {};
  return failure(
      ErrorCode::kLimit,
      fmt::format("has {} domains instead of {}: more than a factor of {}", after, before, kSourceChangeMax),
      "look at the list; --force takes it all the same");
}

/// Everything below `folder` is on the disk.
Result<void> sync_all(const std::string& folder) {
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && syncfs(descriptor) == 0;
  const int why = errno;
  if (descriptor >= 0) close(descriptor);
  errno = why;
  return synced ? Result<void>{} : folder_failure("sync", folder);
}

std::string what_it_holds(const FetchSource& source) {
  return source.is_tree() ? fmt::format("tree {}", fmt::join(source.tree, " ")) : "list";
}

/// Always true, or an error.
Result<bool> unpack(const FetchSource& source, const std::string& archive, const std::string& tree) {
  if (mkdir(tree.c_str(), 0750) != 0) return folder_failure("make", tree);
  const TreeLimits limits{
      std::min<std::uint64_t>(source.megabytes_max * kMegabyte * kUnpackedTimesMax, kCategoryFileBytesMax)};
  if (auto unpacked = unpack_tree(archive, tree, source.tree, limits); !unpacked)
    return tl::unexpected(unpacked.error());
  if (unlink(archive.c_str()) != 0) return folder_failure("remove", archive);
  return true;
}

/// A copy of the source into `place`, which is empty, and what is known of it into `state`, where that of the
/// present one stands. False: the present one is what there is.
Result<bool> fetch(const FetchSource& source, const std::string& place, CopyState& state) {
  const std::string body = place + "/list";
  const std::string holds = what_it_holds(source);
  // The present copy serves only as long as it was asked for in the same words.
  const bool same = state.url == source.url && state.holds == holds &&
                    (source.sha256.empty() || source.sha256 == state.sha256);
  const auto got = download({.url = source.url,
                             .plain_too = source.address.scheme == ListAddress::Scheme::kHttp,
                             .ca_file = source.ca_file,
                             .etag = same ? state.etag : "",
                             .last_modified = same ? state.last_modified : "",
                             .bytes_max = source.megabytes_max * kMegabyte,
                             .seconds_max = source.seconds_max},
                            body);
  if (!got) return tl::unexpected(got.error());
  if (!got->changed) return false;
  const auto sha256 = sha256_of(body);
  if (!sha256) return tl::unexpected(sha256.error());
  if (!source.sha256.empty() && source.sha256 != *sha256)
    return failure(ErrorCode::kInvalid, fmt::format("has SHA-256 {}, not the one that is written", *sha256));
  const bool same_bytes = same && state.sha256 == *sha256;
  state.url = source.url;
  state.holds = holds;
  state.etag = got->etag;
  state.last_modified = got->last_modified;
  state.sha256 = *sha256;
  if (same_bytes) return false;
  if (source.is_tree()) return unpack(source, body, place + "/tree");
  const std::array<timespec, 2> times{timespec{0, UTIME_OMIT}, timespec{got->written_at / kSecond, 0}};
  if (got->written_at > 0) utimensat(AT_FDCWD, body.c_str(), times.data(), 0);  // only shown
  return true;
}

/// Size and change of a file, as its file system says them: another one has others.
std::string stamp_of(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return path + " -\n";
  return fmt::format("{} {} {}.{:09}\n", path, status.st_size, status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
}

}  // namespace

SourceCopies::SourceCopies(SourceCopies&& other) noexcept
    : folder_(std::move(other.folder_)), lock_(std::exchange(other.lock_, -1)) {}

SourceCopies::~SourceCopies() {
  if (lock_ >= 0) close(lock_);
}

Result<SourceCopies> SourceCopies::lock(const std::string& folder) {
  std::error_code ignored;
  fs::create_directories(folder, ignored);
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return folder_failure("open", folder);
  SourceCopies made{folder, descriptor};
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0)
    return failure(ErrorCode::kBusy, "somebody else is fetching lists");
  return made;
}

std::optional<CopyState> SourceCopies::state(const FetchSource& source) const {
  const auto text = read_text_file(place(source) + "/state.json", kStateBytesMax);
  std::error_code ignored;
  if (!text || !fs::exists(copy_in(source, place(source)).path, ignored)) return std::nullopt;
  return state_of(*text);
}

ImportSource SourceCopies::import_source(const FetchSource& source) const {
  ImportSource found = copy_in(source, place(source));
  if (source.is_local()) found.path = source.address.path;
  return found;
}

Result<bool> SourceCopies::renew(const FetchSource& source, const SourceOptions& options, bool any_size,
                                 TimeNs now) const {
  const std::string made = place(source) + ".new";
  std::error_code ignored;
  fs::remove_all(made, ignored);
  if (mkdir(made.c_str(), 0750) != 0) return folder_failure("make", made);
  auto renewed = renew_by_way_of(made, source, options, any_size, now);
  fs::remove_all(made, ignored);
  return renewed;
}

Result<bool> SourceCopies::renew_by_way_of(const std::string& made, const FetchSource& source,
                                           const SourceOptions& options, bool any_size, TimeNs now) const {
  const std::string present = place(source);
  const auto before = state(source);
  CopyState after = before.value_or(CopyState{});
  const auto changed = fetch(source, made, after);
  if (!changed) return changed;
  after.checked_at = now;
  if (!*changed) {
    const auto noted = replace_state(present, after);
    return noted ? Result<bool>{false} : tl::unexpected(noted.error());
  }
  const auto domains = domains_of(copy_in(source, made), options);
  if (!domains) return tl::unexpected(domains.error());
  const auto bearable = change_bearable(before ? before->domains : *domains, *domains);
  if (!bearable && !any_size) return tl::unexpected(bearable.error());
  after.domains = *domains;
  after.fetched_at = now;
  if (auto noted = replace_state(made, after); !noted) return tl::unexpected(noted.error());
  if (auto synced = sync_all(made); !synced) return tl::unexpected(synced.error());
  std::error_code ignored;
  const unsigned how = fs::exists(present, ignored) ? RENAME_EXCHANGE : 0U;
  if (renameat2(AT_FDCWD, made.c_str(), AT_FDCWD, present.c_str(), how) != 0)
    return folder_failure("replace", present);
  return true;
}

void SourceCopies::forget_others(const std::vector<FetchSource>& sources) const {
  std::error_code ignored;
  for (const auto& one : fs::directory_iterator(folder_, ignored)) {
    const std::string name = one.path().filename().string();
    const bool known = std::any_of(sources.begin(), sources.end(),
                                   [&](const FetchSource& source) { return source.name == name; });
    if (!known && one.is_directory(ignored)) fs::remove_all(one.path(), ignored);
  }
}

std::string SourceCopies::made_of(const ImportRequest& request) {
  std::string words = request.allow_file.empty() ? "" : "allow " + stamp_of(request.allow_file);
  for (const std::string& suffix : request.options.suffixes_taken) words += "suffix " + suffix + "\n";
  for (const ImportSource& source : request.sources) {
    words += fmt::format("{} {} {} {}\n", source.category, source.origin, source.licence,
                         source.format ? to_string(*source.format) : "");
    std::error_code problem;
    std::vector<std::string> stamps;
    for (auto at = fs::recursive_directory_iterator(source.path, problem);
         !problem && at != fs::recursive_directory_iterator(); at.increment(problem))
      if (!at->is_directory(problem)) stamps.push_back(stamp_of(at->path().string()));
    std::sort(stamps.begin(), stamps.end());
    words += stamps.empty() ? stamp_of(source.path) : fmt::format("{}", fmt::join(stamps, ""));
  }
  return words;
}

std::string SourceCopies::imported() const {
  return read_text_file(folder_ + "/imported", kImportedBytesMax).value_or("");
}

Result<void> SourceCopies::note_imported(const std::string& made_of) const {
  return write_file(folder_ + "/imported", made_of);
}

}  // namespace weir::policy
