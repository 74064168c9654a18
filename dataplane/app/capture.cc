// SPDX-License-Identifier: Apache-2.0
#include "dataplane/app/capture.h"

#include <pcap/pcap.h>

#include <algorithm>
#include <array>

namespace weir::dataplane {
namespace {

constexpr std::size_t kEthernetBytes = 14;
constexpr std::size_t kNullBytes = 4;      // the address family, in the order of whoever captured
constexpr std::size_t kCookedBytes = 16;   // https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html
constexpr std::size_t kCooked2Bytes = 20;  // https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html
constexpr int kSnapBytes = 262'144;

bool is_readable(int link) {
  return link == DLT_EN10MB || link == DLT_RAW || link == DLT_NULL || link == DLT_LOOP ||
         link == DLT_LINUX_SLL || link == DLT_LINUX_SLL2 || link == DLT_IPV4 || link == DLT_IPV6;
}

std::uint16_t ethertype_of_ip(Bytes packet) {
  return !packet.empty() && packet[0] >> 4U == 6 ? std::uint16_t{0x86dd} : std::uint16_t{0x0800};
}

}  // namespace

Result<std::unique_ptr<CaptureReader>> CaptureReader::open(const std::string& path) {
  std::array<char, PCAP_ERRBUF_SIZE> error{};
  pcap_t* file =
      pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_NANO, error.data());
  if (file == nullptr) return failure(ErrorCode::kInvalid, path + ": " + error.data());
  const int link = pcap_datalink(file);
  if (!is_readable(link)) {
    const char* name = pcap_datalink_val_to_name(link);
    pcap_close(file);
    return failure(ErrorCode::kInvalid,
                   path + ": link type " + (name == nullptr ? std::to_string(link) : name),
                   "Ethernet, raw IP, Linux cooked and loopback captures can be read");
  }
  return std::unique_ptr<CaptureReader>(new CaptureReader(file, path, link));
}

CaptureReader::~CaptureReader() { pcap_close(file_); }

Result<bool> CaptureReader::next(CapturedFrame& frame) {
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  const int got = pcap_next_ex(file_, &header, &bytes);
  if (got == PCAP_ERROR_BREAK) return false;
  if (got != 1) return failure(ErrorCode::kCorrupt, path_ + ": " + pcap_geterr(file_));
  frame.time = header->ts.tv_sec * kSecond + header->ts.tv_usec;  // nanoseconds, as asked for
  frame.bytes = as_ethernet({bytes, header->caplen});
  return true;
}

Bytes CaptureReader::as_ethernet(Bytes captured) {
  if (link_ == DLT_EN10MB) return captured;
  std::size_t header = 0;
  std::uint16_t ethertype = 0;
  if (link_ == DLT_LINUX_SLL || link_ == DLT_LINUX_SLL2) {
    header = link_ == DLT_LINUX_SLL ? kCookedBytes : kCooked2Bytes;
    ByteReader reader(captured);
    if (link_ == DLT_LINUX_SLL) reader.skip(kCookedBytes - 2);
    ethertype = reader.u16();
  } else if (link_ == DLT_NULL || link_ == DLT_LOOP) {
    header = kNullBytes;
  }
  const Bytes packet = captured.subspan(std::min(header, captured.size()));
  if (ethertype == 0) ethertype = ethertype_of_ip(packet);
  converted_.assign(kEthernetBytes, 0);
  converted_[0] = converted_[6] = 0x02;  // locally administered addresses that nobody has
  converted_[11] = 1;
  converted_[12] = static_cast<std::uint8_t>(ethertype >> 8U);
  converted_[13] = static_cast<std::uint8_t>(ethertype & 0xffU);
  converted_.insert(converted_.end(), packet.begin(), packet.end());
  return converted_;
}

Result<std::unique_ptr<CaptureWriter>> CaptureWriter::create(const std::string& path) {
  pcap_t* shape = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, kSnapBytes, PCAP_TSTAMP_PRECISION_NANO);
  pcap_dumper_t* file = shape == nullptr ? nullptr : pcap_dump_open(shape, path.c_str());
  if (file == nullptr) {
    const std::string why = shape == nullptr ? "no memory" : pcap_geterr(shape);
    if (shape != nullptr) pcap_close(shape);
    return failure(ErrorCode::kSystem, why);
  }
  return std::unique_ptr<CaptureWriter>(new CaptureWriter(shape, file));
}

CaptureWriter::~CaptureWriter() {
  pcap_dump_close(file_);
  pcap_close(shape_);
}

void CaptureWriter::write(TimeNs time, Bytes frame) {
  pcap_pkthdr header{};
  header.ts.tv_sec = time / kSecond;
  header.ts.tv_usec = time % kSecond;
  header.caplen = header.len = static_cast<bpf_u_int32>(frame.size());
  pcap_dump(reinterpret_cast<u_char*>(file_), &header, frame.data());
}

}  // namespace weir::dataplane
