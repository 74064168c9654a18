// SPDX-License-Identifier: Apache-2.0
// A file that is appended to and put aside when it is full: FILE becomes FILE.1, FILE.1 becomes FILE.2 ... It
// holds whole lines, whatever happens: what a crash cut off is removed, as it was not acknowledged and comes
// again.
#pragma once

#include <cstdint>

#include "policy/export/transport.h"

namespace weir::output {

class FileTransport : public Transport {
 public:
  FileTransport(std::string path, std::uint64_t bytes_max, std::uint32_t files)
      : path_(std::move(path)), bytes_max_(bytes_max), files_(files) {}
  ~FileTransport() override { close(); }
  FileTransport(const FileTransport&) = delete;
  FileTransport& operator=(const FileTransport&) = delete;

  [[nodiscard]] Result<void> open() override;
  [[nodiscard]] Result<void> send(std::string_view message) override;
  [[nodiscard]] Result<void> deliver() override;
  void close() override;

 private:
  [[nodiscard]] Result<void> remove_torn_line();
  [[nodiscard]] Result<void> rotate();

  std::string path_;
  std::uint64_t bytes_max_;
  std::uint32_t files_;
  int file_ = -1;
  std::uint64_t bytes_ = 0;
};

}  // namespace weir::output
