// SPDX-License-Identifier: Apache-2.0
#include "policy/bus/event_batch.h"

#include <fmt/format.h>
#include <zstd.h>

#include <cstdlib>
#include <memory>

#include "policy/bus/event_dictionary.h"
#include "policy/bus/stream_writer.h"

namespace weir::policy {
namespace {

constexpr char kBatchMark = '\0';
constexpr char kFormat = '\x01';
constexpr std::size_t kHeadBytes = 2;
constexpr std::size_t kLengthBytesMax = 3;  // of a varint up to kEventBytesMax
constexpr int kLevel = 3;

static_assert(kEventBytesMax < 1U << 7U * kLengthBytesMax);
static_assert(kEventBytesMax + kLengthBytesMax <= kBatchBytesMax);
static_assert(kHeadBytes + ZSTD_COMPRESSBOUND(kBatchBytesMax) <= kEntryBytesMax);

using Compressor = std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)>;
using Decompressor = std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)>;

tl::unexpected<Error> corrupt(std::string why) { return failure(ErrorCode::kCorrupt, std::move(why)); }

ZSTD_CCtx* compressor() {
  static const std::unique_ptr<ZSTD_CDict, decltype(&ZSTD_freeCDict)> dictionary = [] {
    const std::string bytes = event_dictionary();
    return std::unique_ptr<ZSTD_CDict, decltype(&ZSTD_freeCDict)>{
        ZSTD_createCDict(bytes.data(), bytes.size(), kLevel), &ZSTD_freeCDict};
  }();
  thread_local const Compressor context = [] {
    Compressor made{ZSTD_createCCtx(), &ZSTD_freeCCtx};
    if (!made || !dictionary || ZSTD_isError(ZSTD_CCtx_refCDict(made.get(), dictionary.get())) != 0)
      std::abort();
    return made;
  }();
  return context.get();
}

ZSTD_DCtx* decompressor() {
  static const std::unique_ptr<ZSTD_DDict, decltype(&ZSTD_freeDDict)> dictionary = [] {
    const std::string bytes = event_dictionary();
    return std::unique_ptr<ZSTD_DDict, decltype(&ZSTD_freeDDict)>{
        ZSTD_createDDict(bytes.data(), bytes.size()), &ZSTD_freeDDict};
  }();
  thread_local const Decompressor context = [] {
    Decompressor made{ZSTD_createDCtx(), &ZSTD_freeDCtx};
    if (!made || !dictionary || ZSTD_isError(ZSTD_DCtx_refDDict(made.get(), dictionary.get())) != 0)
      std::abort();
    return made;
  }();
  return context.get();
}

std::size_t length_bytes(std::size_t value) { return value < 1U << 7U ? 1 : value < 1U << 14U ? 2 : 3; }

void append_length(std::string& out, std::size_t value) {
  for (; value >= 0x80; value >>= 7U) out.push_back(static_cast<char>(value | 0x80U));
  out.push_back(static_cast<char>(value));
}

/// Takes a length off the front of `rest`; 0: there is none.
std::size_t take_length(std::string_view& rest) {
  std::size_t value = 0;
  for (std::size_t i = 0; i < kLengthBytesMax && i < rest.size(); ++i) {
    const auto byte = static_cast<unsigned char>(rest[i]);
    value |= std::size_t{byte & 0x7fU} << 7U * i;
    if ((byte & 0x80U) == 0) {
      rest.remove_prefix(i + 1);
      return value;
    }
  }
  return 0;
}

Result<void> split(OpenedBatch& batch) {
  std::string_view rest{batch.bytes.data(), batch.bytes.size()};
  while (!rest.empty()) {
    const std::size_t length = take_length(rest);
    if (length == 0 || length > kEventBytesMax || length > rest.size())
      return corrupt(fmt::format("event {} of the batch has no length that can be", batch.events.size() + 1));
    if (batch.events.size() == kBatchEventsMax)
      return corrupt(fmt::format("a batch of more than {} events", kBatchEventsMax));
    batch.events.push_back(rest.substr(0, length));
    rest.remove_prefix(length);
  }
  return {};
}

template <typename Text>
std::string encode(std::span<const Text> events) {
  std::string plain;
  std::size_t size = 0;
  for (const Text& event : events) {
    if (event.empty() || event.size() > kEventBytesMax) std::abort();
    size += length_bytes(event.size()) + event.size();
  }
  if (events.empty() || events.size() > kBatchEventsMax || size > kBatchBytesMax) std::abort();
  plain.reserve(size);
  for (const Text& event : events) {
    append_length(plain, event.size());
    plain += event;
  }
  std::string payload(kHeadBytes + ZSTD_compressBound(size), kBatchMark);
  payload[1] = kFormat;
  const std::size_t compressed = ZSTD_compress2(compressor(), payload.data() + kHeadBytes,
                                                payload.size() - kHeadBytes, plain.data(), plain.size());
  if (ZSTD_isError(compressed) != 0) std::abort();  // of memory alone
  payload.resize(kHeadBytes + compressed);
  return payload;
}

}  // namespace

std::size_t fitting(std::span<const std::string_view> events) {
  std::size_t bytes = 0;
  std::size_t count = 0;
  for (const std::string_view event : events.first(std::min(events.size(), kBatchEventsMax))) {
    bytes += length_bytes(event.size()) + event.size();
    if (bytes > kBatchBytesMax) break;
    ++count;
  }
  return count;
}

std::string encode_batch(std::span<const std::string_view> events) { return encode(events); }
std::string encode_batch(std::span<const std::string> events) { return encode(events); }

Result<OpenedBatch> open_batch(std::string_view payload) {
  if (payload.empty()) return corrupt("the entry holds no event");
  OpenedBatch batch;
  if (payload[0] != kBatchMark) {
    if (payload.size() > kEventBytesMax) return corrupt(fmt::format("{} bytes are too many", payload.size()));
    batch.bytes.assign(payload.begin(), payload.end());
    batch.events.emplace_back(batch.bytes.data(), batch.bytes.size());
    return batch;
  }
  if (payload.size() <= kHeadBytes || payload[1] != kFormat)
    return corrupt("a batch of a format that is not known");
  const std::string_view frame = payload.substr(kHeadBytes);
  const unsigned long long size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size == 0)
    return corrupt("a batch that does not say its size");
  if (size > kBatchBytesMax)
    return corrupt(fmt::format("a batch of {} bytes, more than {}", size, kBatchBytesMax));
  batch.bytes.resize(static_cast<std::size_t>(size));
  const std::size_t got =
      ZSTD_decompressDCtx(decompressor(), batch.bytes.data(), batch.bytes.size(), frame.data(), frame.size());
  if (ZSTD_isError(got) != 0 || got != batch.bytes.size())
    return corrupt("a batch that cannot be decompressed");
  if (auto whole = split(batch); !whole) return tl::unexpected(whole.error());
  return batch;
}

Result<std::vector<std::string>> events_of(std::string_view payload) {
  const auto batch = open_batch(payload);
  if (!batch) return tl::unexpected(batch.error());
  return std::vector<std::string>{batch->events.begin(), batch->events.end()};
}

}  // namespace weir::policy
