// SPDX-License-Identifier: Apache-2.0
#include "classifier/publish/delimited_sink.h"

#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace weir::classifier {
namespace {

constexpr std::size_t kFlushBytes = 65'536;

void append_varint(std::string& out, std::size_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80U));
    value >>= 7U;
  }
  out.push_back(static_cast<char>(value));
}

}  // namespace

void DelimitedSink::accept(const event::FlowEvent& event) {
  ++accepted_;
  if (broken_) return;
  append_varint(buffer_, event.ByteSizeLong());
  event.AppendToString(&buffer_);
  ++buffered_;
  if (buffer_.size() >= kFlushBytes) flush();
}

void DelimitedSink::finish() { flush(); }

void DelimitedSink::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty() && !broken_) {
    const ssize_t written = write(descriptor_, rest.data(), rest.size());
    if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
    broken_ = written < 0 && errno != EINTR;
  }
  if (!broken_) delivered_ += buffered_;
  buffered_ = 0;
  buffer_.clear();
}

EventCounts DelimitedSink::counts() const {
  EventCounts counts;
  counts.accepted = accepted_;
  counts.delivered = delivered_;
  counts.lost.at_end = broken_ ? accepted_ - delivered_ : 0;
  counts.waiting = broken_ ? 0 : buffered_;
  counts.connected = !broken_;
  return counts;
}

}  // namespace weir::classifier
