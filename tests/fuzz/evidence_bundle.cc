// SPDX-License-Identifier: Apache-2.0
// Any bytes as an evidence bundle, as they are and behind a manifest that is signed: what is found without a
// fault is all of the archive, and nothing of it leads out of the folder where it is unpacked.
#include <cstdlib>
#include <string>

#include "policy/evidence/bundle.h"
#include "policy/evidence/tar.h"
#include "policy/model/byte_reader.h"

namespace {

using namespace weir;

void append(std::string& archive, std::string_view name, std::string_view content) {
  archive += evidence::tar_header(name, content.size());
  archive += content;
  archive.append(evidence::tar_padding(content.size()), '\0');
}

void check(std::string_view archive, std::string_view public_key) {
  const evidence::Opened opened = evidence::open_bundle(archive, public_key);
  for (const auto& [name, content] : opened.files) {
    if (!evidence::is_tar_name(name) || name.starts_with('/') || name.find("..") == 0) abort();
    if (archive.find(content) == std::string_view::npos) abort();
  }
  if (!opened.faults.empty()) return;
  std::string again;
  for (const auto& one : opened.manifest["files"]) {
    const std::string name = one["name"];
    if (policy::sha256(opened.files.at(name)) != one["sha256"]) abort();
    append(again, name, opened.files.at(name));
  }
  if (!archive.ends_with(again + evidence::tar_end())) abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto key = policy::SigningKey::from_seed(std::string(policy::kHashDigits, '7')).value();
  const std::string_view bytes = as_text(Bytes{data, size});
  check(bytes, "");

  // Up to the first NUL it is the manifest, and what follows is the rest of the archive.
  const std::string_view manifest = bytes.substr(0, bytes.find('\0'));
  const std::string hash = policy::sha256(manifest);
  std::string archive;
  append(archive, evidence::kManifest, manifest);
  append(archive, evidence::kSignature, hash + "\n" + key.sign(hash) + "\n" + key.public_key() + "\n");
  if (manifest.size() < bytes.size()) archive += bytes.substr(manifest.size() + 1);
  check(archive, key.public_key());
  return 0;
}
