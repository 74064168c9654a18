// SPDX-License-Identifier: Apache-2.0
// An evidence bundle: a tar archive of `manifest.json`, `manifest.sig` and the files that the manifest names
// with size and SHA-256, in that order. The signature is the appliance's (Ed25519) over the manifest's
// SHA-256.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "policy/audit/signing.h"
#include "policy/model/error.h"

namespace weir::evidence {

using Json = nlohmann::ordered_json;
using Files = std::map<std::string, std::string>;  // contents by name

inline constexpr const char* kManifest = "manifest.json";
inline constexpr const char* kSignature = "manifest.sig";
inline constexpr std::size_t kBundleBytesMax = 1U << 30U;
inline constexpr std::size_t kManifestBytesMax = 4U << 20U;
inline constexpr std::size_t kBundleFilesMax = 1'000;

/// `about`: what the manifest says besides its list of files. kInvalid: a name that is none of tar.h; kLimit.
[[nodiscard]] Result<std::string> pack(Json about, const Files& files, const policy::SigningKey& key);

struct Fault {
  std::string file;  // of the archive; empty: of it as a whole
  std::string what;
};

struct Opened {
  Json manifest;
  Files files;
  std::string public_key;  // who signed, by the bundle's own word
  std::vector<Fault> faults;
};
/// Takes it apart. With a fault nothing else of it is to be believed; each byte of the archive that is not as
/// it was packed is part of a file that is named. `public_key` empty: whoever signed.
[[nodiscard]] Opened open_bundle(std::string_view bytes, std::string_view public_key);

}  // namespace weir::evidence
