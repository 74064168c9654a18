// SPDX-License-Identifier: Apache-2.0
#include "policy/evidence/bundle.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "policy/evidence/tar.h"

namespace weir::evidence {
namespace {

constexpr std::size_t kKeyDigits = 64;
constexpr std::size_t kSignatureBytes = policy::kHashDigits + policy::kSignatureDigits + kKeyDigits + 3;

void append(std::string& archive, std::string_view name, std::string_view content) {
  archive += tar_header(name, content.size());
  archive += content;
  archive.append(tar_padding(content.size()), '\0');
}

/// Hash, signature and key, a line each.
std::string signature_of(std::string_view manifest, const policy::SigningKey& key) {
  const std::string hash = policy::sha256(manifest);
  return fmt::format("{}\n{}\n{}\n", hash, key.sign(hash), key.public_key());
}

/// Walks over an archive whose layout is known.
class Walk {
 public:
  explicit Walk(std::string_view bytes) : left_(bytes) {}

  /// The file's content; what is not as it was packed is a fault of this file.
  std::optional<std::string_view> file(const std::string& name, std::size_t bytes,
                                       std::vector<Fault>& faults) {
    const std::size_t whole = kTarBlock + bytes + tar_padding(bytes);
    if (left_.size() < whole) {
      faults.push_back({name, "the archive ends within it, or before it"});
      left_ = {};
      return std::nullopt;
    }
    if (left_.substr(0, kTarBlock) != tar_header(name, bytes))
      faults.push_back({name, "its header in the archive was changed"});
    if (left_.substr(kTarBlock + bytes, tar_padding(bytes)).find_first_not_of('\0') != std::string_view::npos)
      faults.push_back({name, "what fills up the archive behind it was changed"});
    const std::string_view content = left_.substr(kTarBlock, bytes);
    left_.remove_prefix(whole);
    return content;
  }
  /// The size that the next header says; SIZE_MAX: it is damaged.
  [[nodiscard]] std::size_t next_bytes(std::string_view name) const {
    return bytes_in_header(left_.substr(0, kTarBlock), name);
  }
  void end(std::vector<Fault>& faults) const {
    if (left_ != tar_end()) faults.push_back({"", "the end of the archive was changed"});
  }

 private:
  std::string_view left_;
};

/// Says which of the two was changed: the signature stands over the hash that is beside it.
void check_signature(std::string_view manifest, std::string_view text, std::string_view wanted, Opened& out) {
  const std::string_view hash = text.substr(0, policy::kHashDigits);
  const std::string_view signature = text.substr(policy::kHashDigits + 1, policy::kSignatureDigits);
  const std::string_view key = text.substr(policy::kHashDigits + policy::kSignatureDigits + 2, kKeyDigits);
  const bool form = text == fmt::format("{}\n{}\n{}\n", hash, signature, key);
  const std::string_view trusted = wanted.empty() ? key : wanted;
  out.public_key = key;
  if (!form || !policy::is_signed(hash, signature, key)) {
    const bool rest_fits = policy::sha256(manifest) == hash;
    out.faults.push_back({kSignature, rest_fits ? "it was changed" : "it was changed, or the manifest was"});
    if (!rest_fits && policy::is_signed(policy::sha256(manifest), signature, trusted)) {
      out.faults.back().what = "it was changed";
    }
  } else if (policy::sha256(manifest) != hash) {
    out.faults.push_back({kManifest, "it was changed after it was signed"});
  } else if (key != trusted) {
    out.faults.push_back({kSignature, "another appliance signed it than the one whose key was given"});
  }
}

struct Listed {
  std::string name;
  std::size_t bytes = 0;
  std::string sha256;
};

/// nullopt: the manifest is no manifest.
std::optional<std::vector<Listed>> listed_in(const Json& manifest) {
  const auto files = manifest.is_object() ? manifest.find("files") : manifest.end();
  if (!manifest.is_object() || files == manifest.end() || !files->is_array() ||
      files->size() > kBundleFilesMax)
    return std::nullopt;
  std::vector<Listed> all;
  for (const Json& one : *files) {
    const bool whole = one.is_object() && one.contains("name") && one["name"].is_string() &&
                       one.contains("bytes") && one["bytes"].is_number_unsigned() && one.contains("sha256") &&
                       one["sha256"].is_string();
    if (!whole) return std::nullopt;
    all.push_back(
        {one["name"].get<std::string>(), one["bytes"].get<std::size_t>(), one["sha256"].get<std::string>()});
    if (!is_tar_name(all.back().name) || all.back().bytes > kBundleBytesMax) return std::nullopt;
  }
  return all;
}

}  // namespace

Result<std::string> pack(Json about, const Files& files, const policy::SigningKey& key) {
  if (files.size() > kBundleFilesMax)
    return failure(ErrorCode::kLimit,
                   fmt::format("an evidence bundle has at most {} files", kBundleFilesMax));
  Json list = Json::array();
  std::size_t bytes = 0;
  for (const auto& [name, content] : files) {
    if (!is_tar_name(name))
      return failure(ErrorCode::kInvalid, name + " cannot be the name of a file in a bundle");
    list.push_back({{"name", name}, {"bytes", content.size()}, {"sha256", policy::sha256(content)}});
    bytes += content.size();
  }
  about["files"] = std::move(list);
  const std::string manifest = about.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  if (bytes > kBundleBytesMax / 2 || manifest.size() > kManifestBytesMax)
    return failure(ErrorCode::kLimit,
                   fmt::format("an evidence bundle has at most {} bytes", kBundleBytesMax / 2));
  std::string archive;
  append(archive, kManifest, manifest);
  append(archive, kSignature, signature_of(manifest, key));
  for (const auto& [name, content] : files) append(archive, name, content);
  return archive + tar_end();
}

Opened open_bundle(std::string_view bytes, std::string_view public_key) {
  Opened out;
  Walk walk{bytes};
  const std::size_t manifest_bytes = walk.next_bytes(kManifest);
  if (bytes.size() > kBundleBytesMax || manifest_bytes > kManifestBytesMax) {
    out.faults.push_back({kManifest, "its header in the archive was changed, or this is no evidence bundle"});
    return out;
  }
  const auto manifest = walk.file(kManifest, manifest_bytes, out.faults);
  const auto signature = walk.file(kSignature, kSignatureBytes, out.faults);
  if (!manifest || !signature) return out;
  check_signature(*manifest, *signature, public_key, out);
  out.manifest = Json::parse(*manifest, nullptr, false);
  const auto listed = listed_in(out.manifest);
  if (!listed) {
    if (out.faults.empty()) out.faults.push_back({kManifest, "it is no manifest"});
    return out;
  }
  const bool manifest_holds =
      std::ranges::none_of(out.faults, [](const Fault& one) { return one.file == kManifest; });
  if (!manifest_holds) return out;  // what it says of the others means nothing
  for (const Listed& one : *listed) {
    const auto content = walk.file(one.name, one.bytes, out.faults);
    if (!content) return out;
    if (policy::sha256(*content) != one.sha256) out.faults.push_back({one.name, "it was changed"});
    out.files.emplace(one.name, *content);
  }
  walk.end(out.faults);
  return out;
}

}  // namespace weir::evidence
