// SPDX-License-Identifier: Apache-2.0
// Capture files (pcap and pcapng) in and out, as Ethernet frames with nanosecond stamps. What was captured
// above Ethernet (raw IP, Linux cooked, loopback) gets an Ethernet header put before it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "policy/model/byte_reader.h"
#include "policy/model/error.h"
#include "policy/model/time.h"

struct pcap;
struct pcap_dumper;

namespace weir::dataplane {

struct CapturedFrame {
  TimeNs time = 0;
  Bytes bytes;  // valid until the next call
};

class CaptureReader {
 public:
  [[nodiscard]] static Result<std::unique_ptr<CaptureReader>> open(const std::string& path);
  ~CaptureReader();
  CaptureReader(const CaptureReader&) = delete;
  CaptureReader& operator=(const CaptureReader&) = delete;

  /// False at the end; an error when the file is damaged from here on.
  [[nodiscard]] Result<bool> next(CapturedFrame& frame);
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  CaptureReader(pcap* file, std::string path, int link) : file_(file), path_(std::move(path)), link_(link) {}
  [[nodiscard]] Bytes as_ethernet(Bytes captured);

  pcap* file_;
  std::string path_;
  int link_;
  std::vector<std::uint8_t> converted_;
};

class CaptureWriter {
 public:
  [[nodiscard]] static Result<std::unique_ptr<CaptureWriter>> create(const std::string& path);
  ~CaptureWriter();
  CaptureWriter(const CaptureWriter&) = delete;
  CaptureWriter& operator=(const CaptureWriter&) = delete;
  void write(TimeNs time, Bytes frame);

 private:
  CaptureWriter(pcap* shape, pcap_dumper* file) : shape_(shape), file_(file) {}
  pcap* shape_;
  pcap_dumper* file_;
};

}  // namespace weir::dataplane
