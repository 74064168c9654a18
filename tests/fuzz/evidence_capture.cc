// SPDX-License-Identifier: Apache-2.0
// Any bytes as a capture that evidence is taken from (pcapng), and as one in a bundle (pcap): each packet's
// bytes are those of the file, and what holds together is no longer than the file.
#include <cstdlib>

#include "policy/evidence/pcapng.h"
#include "policy/model/byte_reader.h"
#include "policy/prove/capture_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  const std::string_view bytes = as_text(Bytes{data, size});
  std::size_t taken = 0;
  const auto take = [&](const std::string& part) {
    taken += part.size();
    if (taken > size || bytes.find(part) == std::string_view::npos) abort();
  };
  if (const auto file = evidence::read_pcapng(bytes)) {
    for (const evidence::Packet& packet : file->packets) take(packet.bytes);
  }
  taken = 0;
  if (const auto frames = prove::frames_of(bytes)) {
    for (const prove::TimedFrame& frame : *frames) {
      if (frame.time < 0) abort();
      take(frame.bytes);
    }
  }
  return 0;
}
