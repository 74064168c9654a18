// SPDX-License-Identifier: Apache-2.0
// Writes one pcapng file (draft-ietf-opsawg-pcapng): the interfaces are Weir's ports by pair and side, stamps
// are the worker's time in nanoseconds, each packet says which flow it is of. Not rte_pcapng: in DPDK 22.11
// it names interfaces by their device alone, stamps in CPU cycles and has no comment for a packet.
//
// Threads: one. It waits for the disk.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "policy/model/byte_reader.h"
#include "policy/model/error.h"
#include "policy/model/time.h"

namespace weir::dataplane {

class PcapngFile {
 public:
  /// A new file of mode 0600; refuses one that is there already. `interfaces`: names, by index.
  [[nodiscard]] static Result<std::unique_ptr<PcapngFile>> create(const std::string& path,
                                                                  const std::vector<std::string>& interfaces,
                                                                  std::uint32_t snap_bytes,
                                                                  const std::string& comment);
  ~PcapngFile();
  PcapngFile(const PcapngFile&) = delete;
  PcapngFile& operator=(const PcapngFile&) = delete;

  struct Packet {
    TimeNs time = 0;
    std::uint32_t interface = 0;
    std::uint32_t frame_bytes = 0;  // of which `bytes` are kept
    Bytes bytes;
    std::string comment;
  };
  /// Kept in memory until `flush`.
  void add(const Packet& packet);
  [[nodiscard]] Result<void> flush();
  /// Also what is not flushed yet.
  [[nodiscard]] std::uint64_t bytes() const { return written_ + waiting_.size(); }

 private:
  PcapngFile(int file, std::string path) : file_(file), path_(std::move(path)) {}

  int file_;
  std::string path_;
  std::string waiting_;
  std::uint64_t written_ = 0;
};

}  // namespace weir::dataplane
