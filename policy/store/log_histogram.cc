// SPDX-License-Identifier: Apache-2.0
#include "policy/store/log_histogram.h"

#include <algorithm>
#include <cmath>

namespace weir::policy {
namespace {

std::uint32_t bucket_of(std::uint64_t value) {
  const auto within = static_cast<double>(std::clamp<std::uint64_t>(value, 1, LogHistogram::kHighest));
  const auto bucket = static_cast<std::uint32_t>(std::log(within) / std::log(LogHistogram::kGrowth));
  return std::min(bucket, LogHistogram::kBuckets - 1);
}

/// Between the ends of the range, where it is off by the same share from both.
double middle_of(std::uint32_t bucket) {
  const double low = std::pow(LogHistogram::kGrowth, bucket);
  const double high = low * LogHistogram::kGrowth;
  return 2 * low * high / (low + high);
}

void put_number(std::string& bytes, std::uint64_t number) {  // seven bits a byte, as protobuf does
  for (; number >= 0x80; number >>= 7U) bytes.push_back(static_cast<char>(number | 0x80U));
  bytes.push_back(static_cast<char>(number));
}

bool take_number(std::string_view& bytes, std::uint64_t& number) {
  number = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    number |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

}  // namespace

void LogHistogram::add(std::uint64_t value, std::uint64_t count) {
  if (count == 0) return;
  buckets_[bucket_of(value)] += count;
  count_ += count;
}

void LogHistogram::add(const LogHistogram& more) {
  for (const auto& [bucket, count] : more.buckets_) buckets_[bucket] += count;
  count_ += more.count_;
}

std::uint64_t LogHistogram::percentile(double share) const {
  if (count_ == 0) return 0;
  const double rank = std::clamp(share, 0.0, 1.0) * static_cast<double>(count_);
  std::uint64_t below = 0;
  for (const auto& [bucket, count] : buckets_) {
    below += count;
    if (static_cast<double>(below) >= rank) return static_cast<std::uint64_t>(std::lround(middle_of(bucket)));
  }
  return static_cast<std::uint64_t>(std::lround(middle_of(buckets_.rbegin()->first)));
}

std::string LogHistogram::bytes() const {
  std::string bytes;
  std::uint32_t before = 0;
  for (const auto& [bucket, count] : buckets_) {
    put_number(bytes, bucket - before);
    put_number(bytes, count);
    before = bucket;
  }
  return bytes;
}

LogHistogram LogHistogram::from_bytes(std::string_view bytes) {
  LogHistogram made;
  std::uint64_t bucket = 0;
  std::uint64_t gap = 0;
  std::uint64_t count = 0;
  while (take_number(bytes, gap) && take_number(bytes, count)) {
    bucket += std::min<std::uint64_t>(gap, kBuckets);
    if (bucket >= kBuckets) break;
    made.buckets_[static_cast<std::uint32_t>(bucket)] += count;
    made.count_ += count;
  }
  return made;
}

}  // namespace weir::policy
