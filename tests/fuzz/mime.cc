// SPDX-License-Identifier: Apache-2.0
// A message: whole, in single bytes and in pieces of seven it has to show the same.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "classifier/inspect/mime_reader.h"

namespace {

std::string shown(weir::Bytes bytes, std::size_t piece) {
  weir::MailMessage message;
  weir::classifier::MimeReader reader;
  std::string_view rest = weir::as_text(bytes);
  while (!rest.empty()) {
    reader.read(rest.substr(0, piece), message);
    rest.remove_prefix(std::min(piece, rest.size()));
    if (reader.bytes_held() > 65'536) std::abort();
  }
  reader.finish(message);
  std::string out = message.from + '\n' + message.subject + '\n' + message.message_id + '\n' + message.date +
                    '\n' + message.mailer + '\n' + std::to_string(message.bytes) +
                    (message.encrypted ? "e" : "") + (message.cut ? "c" : "") +
                    std::to_string(message.attachments_left_out);
  for (const std::string& address : message.to) out += '\n' + address;
  for (const std::string& address : message.cc) out += '\n' + address;
  for (const weir::Attachment& each : message.attachments) {
    out += '\n' + each.name + '\n' + each.other_name + '\n' + each.declared + '\n' + std::string(each.type) +
           '\n' + std::to_string(each.bytes) + '\n' + each.sha256 + (each.encrypted ? "e" : "");
    if (each.sha256.empty() && !message.cut) std::abort();
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::Bytes bytes{data, size};
  const std::string whole = shown(bytes, size + 1);
  if (shown(bytes, 1) != whole || shown(bytes, 7) != whole) std::abort();
  return 0;
}
