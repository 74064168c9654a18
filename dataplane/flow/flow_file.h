// SPDX-License-Identifier: Apache-2.0
// A flow table in a file in memory (tmpfs), so that the verdicts outlive the process: the next one takes over
// the flows that were decided. The file says what it was written by and for; whatever does not fit is refused
// as a whole, and an entry whose verdict was not written whole is left out. It is no store: a file of a
// machine that was restarted, or an old one, is worth nothing.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "dataplane/flow/flow_table.h"
#include "policy/model/error.h"

namespace weir::dataplane {

inline constexpr std::uint32_t kKeptAgeMaxSeconds = 60;  // since the last packet: older files are refused

/// Bytes in pages of 2 MiB of the mapping that holds `at`: those are looked up with fewer misses. 0: none, or
/// the kernel does not say.
[[nodiscard]] std::size_t large_page_bytes(const void* at);

/// What must be the same for flows to mean the same.
struct FlowFileIdentity {
  std::uint32_t worker = 0;
  std::uint32_t workers = 1;
  std::uint64_t pairs = 0;  // pairs_fingerprint
};
/// Of names and devices, in their order.
[[nodiscard]] std::uint64_t pairs_fingerprint(std::span<const std::string> words) noexcept;

/// A new file, mapped; it takes the place of the one at its path only with `publish`.
class FlowFile {
 public:
  [[nodiscard]] static Result<std::unique_ptr<FlowFile>> create(const std::string& path,
                                                                std::uint32_t capacity,
                                                                const FlowFileIdentity& identity);
  ~FlowFile();
  FlowFile(const FlowFile&) = delete;
  FlowFile& operator=(const FlowFile&) = delete;

  /// For FlowTable; valid as long as this lives.
  [[nodiscard]] std::span<std::uint8_t> memory() const noexcept { return memory_; }
  [[nodiscard]] Result<void> publish();

 private:
  FlowFile(std::string path, std::span<std::uint8_t> whole, std::span<std::uint8_t> memory)
      : path_(std::move(path)), whole_(whole), memory_(memory) {}
  std::string path_;
  std::span<std::uint8_t> whole_;
  std::span<std::uint8_t> memory_;
  bool published_ = false;
};

/// The flows of a file that another process left, to read.
class KeptFlows {
 public:
  /// kNotFound: there is none. kCorrupt, kInvalid: why it is refused.
  [[nodiscard]] static Result<std::unique_ptr<KeptFlows>> open(const std::string& path,
                                                               const FlowFileIdentity& identity, TimeNs now);
  ~KeptFlows();
  KeptFlows(const KeptFlows&) = delete;
  KeptFlows& operator=(const KeptFlows&) = delete;

  [[nodiscard]] std::span<const FlowHot> hot() const noexcept {
    return {at<FlowHot>(layout_.hot_at), layout_.capacity};
  }
  [[nodiscard]] const FlowCold& cold(std::size_t slot) const noexcept {
    return at<FlowCold>(layout_.cold_at)[slot];
  }
  [[nodiscard]] const FlowRest& rest(std::size_t slot) const noexcept {
    return at<FlowRest>(layout_.rest_at)[slot];
  }

 private:
  KeptFlows(const std::uint8_t* base, std::size_t bytes, const FlowLayout& layout)
      : base_(base), bytes_(bytes), layout_(layout) {}
  template <typename Part>
  [[nodiscard]] const Part* at(std::size_t offset) const noexcept;

  const std::uint8_t* base_;  // of the whole file
  std::size_t bytes_;
  FlowLayout layout_;
};

}  // namespace weir::dataplane
