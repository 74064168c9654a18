// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/long_line.h"

#include <algorithm>

#include "classifier/inspect/sasl_user.h"

namespace weir::classifier {

bool LongLine::read(Bytes bytes, std::size_t& at) {
  if (whole_) line_.clear();
  const std::string_view rest = as_text(bytes.subspan(at));
  const std::size_t feed = rest.find('\n');
  whole_ = feed != std::string_view::npos;
  std::string_view more = rest.substr(0, feed);
  at += more.size() + (whole_ ? 1 : 0);
  const std::size_t room = kLongLineHeadBytes - std::min(kLongLineHeadBytes, line_.size());
  line_ += more.substr(0, room);
  more.remove_prefix(std::min(room, more.size()));
  if (!more.empty()) {
    if (more.size() > kLongLineTailBytes) more.remove_prefix(more.size() - kLongLineTailBytes);
    line_ += more;
    const std::size_t tail = line_.size() - kLongLineHeadBytes;
    if (tail > kLongLineTailBytes) line_.erase(kLongLineHeadBytes, tail - kLongLineTailBytes);
  }
  if (whole_ && line_.ends_with('\r')) line_.pop_back();
  return whole_;
}

void LongLine::wipe() {
  classifier::wipe(line_);
  whole_ = false;
}

}  // namespace weir::classifier
