// SPDX-License-Identifier: Apache-2.0
#include "policy/engine/kept_event.h"

#include <openssl/evp.h>

#include <algorithm>

#include "policy/bus/event_batch.h"
#include "policy/engine/event_codec.h"

namespace weir::policy {
namespace {

constexpr std::size_t kTextBytesMax = 4 * (kEventBytesMax + 1'024) / 3;

std::string base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // and a NUL
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

Result<std::string> from_base64(const std::string& text) {
  std::string bytes(3 * text.size() / 4, '\0');
  const int length = text.empty() || text.size() > kTextBytesMax
                         ? -1
                         : EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                           reinterpret_cast<const unsigned char*>(text.data()),
                                           static_cast<int>(text.size()));
  if (length < 0) return failure(ErrorCode::kCorrupt, "the kept event is no base64");
  const auto padding = std::min<std::ptrdiff_t>(std::count(text.end() - 2, text.end(), '='), length);
  bytes.resize(static_cast<std::size_t>(length - padding));  // OpenSSL counts what is padded as zeros
  return bytes;
}

}  // namespace

// Not compressed: of a single event that would take longer than all the rest that the engine does with it.
std::string keep_event(std::string_view bytes) { return base64(bytes); }

Result<event::FlowEvent> kept_event(const std::string& text) {
  if (text.starts_with('{')) return event_from_json(text);
  const auto payload = from_base64(text);
  if (!payload) return tl::unexpected(payload.error());
  const auto batch = open_batch(*payload);
  if (!batch) return tl::unexpected(batch.error());
  if (batch->events.size() != 1) return failure(ErrorCode::kCorrupt, "not one event is kept");
  return decode_event(batch->events[0]);
}

}  // namespace weir::policy
