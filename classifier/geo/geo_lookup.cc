// SPDX-License-Identifier: Apache-2.0
#include "classifier/geo/geo_lookup.h"

#include <maxminddb.h>
#include <netinet/in.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace weir::classifier {

struct GeoLookup::Database {
  MMDB_s file{};
  bool open = false;

  Database() = default;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() {
    if (open) MMDB_close(&file);
  }
};

namespace {

tl::unexpected<Error> damaged(const std::string& path, int status) {
  return failure(ErrorCode::kCorrupt, "the database " + path + " is damaged: " + MMDB_strerror(status),
                 "replace the file, or leave it out of the settings");
}

/// Decodes one data record whole, as a lookup might.
int probe_record(MMDB_entry_s entry) {
  MMDB_entry_data_list_s* list = nullptr;
  const int status = MMDB_get_entry_data_list(&entry, &list);
  MMDB_free_entry_data_list(list);
  return status;
}

/// Walks the search tree from its root, breadth first up to a limit, and decodes the records it meets. Small
/// files are seen whole; of large ones a sample, and a lookup that fails later yields empty fields.
int probe(const MMDB_s& file) {
  std::vector<std::uint32_t> nodes{0};
  std::unordered_set<std::uint32_t> records;
  for (std::size_t at = 0; at < nodes.size() && at < kGeoProbedNodesMax; ++at) {
    MMDB_search_node_s node{};
    if (const int status = MMDB_read_node(&file, nodes[at], &node); status != MMDB_SUCCESS) return status;
    const auto side = [&](std::uint64_t record, std::uint8_t type, const MMDB_entry_s& entry) {
      if (type == MMDB_RECORD_TYPE_INVALID) return MMDB_CORRUPT_SEARCH_TREE_ERROR;
      if (type == MMDB_RECORD_TYPE_SEARCH_NODE && nodes.size() < kGeoProbedNodesMax) {
        nodes.push_back(static_cast<std::uint32_t>(record));
      }
      if (type != MMDB_RECORD_TYPE_DATA || records.size() >= kGeoProbedRecordsMax) return MMDB_SUCCESS;
      return records.insert(entry.offset).second ? probe_record(entry) : MMDB_SUCCESS;
    };
    if (const int left = side(node.left_record, node.left_record_type, node.left_record_entry);
        left != MMDB_SUCCESS) {
      return left;
    }
    const int right = side(node.right_record, node.right_record_type, node.right_record_entry);
    if (right != MMDB_SUCCESS) return right;
  }
  return MMDB_SUCCESS;
}

std::string text_at(MMDB_entry_s entry, const char* const* path) {
  MMDB_entry_data_s data{};
  if (MMDB_aget_value(&entry, &data, path) != MMDB_SUCCESS || !data.has_data ||
      data.type != MMDB_DATA_TYPE_UTF8_STRING) {
    return {};
  }
  return {data.utf8_string, std::min<std::size_t>(data.data_size, kGeoTextBytesMax)};
}

std::uint32_t number_at(MMDB_entry_s entry, const char* const* path) {
  MMDB_entry_data_s data{};
  if (MMDB_aget_value(&entry, &data, path) != MMDB_SUCCESS || !data.has_data) return 0;
  if (data.type == MMDB_DATA_TYPE_UINT32) return data.uint32;
  return data.type == MMDB_DATA_TYPE_UINT16 ? data.uint16 : 0;
}

std::optional<MMDB_entry_s> entry_of(const MMDB_s& file, const IpAddress& address) {
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  const sockaddr* where = nullptr;
  if (address.is_v4()) {
    v4.sin_family = AF_INET;
    std::memcpy(&v4.sin_addr, address.bytes().data() + 12, 4);
    where = reinterpret_cast<const sockaddr*>(&v4);
  } else {
    if (file.metadata.ip_version == 4) return std::nullopt;
    v6.sin6_family = AF_INET6;
    std::memcpy(&v6.sin6_addr, address.bytes().data(), 16);
    where = reinterpret_cast<const sockaddr*>(&v6);
  }
  int status = MMDB_SUCCESS;
  const MMDB_lookup_result_s found = MMDB_lookup_sockaddr(&file, where, &status);
  if (status != MMDB_SUCCESS || !found.found_entry) return std::nullopt;
  return found.entry;
}

bool is_country_code(std::string_view text) {
  return text.size() == 2 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

GeoLookup::GeoLookup() = default;
GeoLookup::~GeoLookup() = default;
GeoLookup::GeoLookup(GeoLookup&&) noexcept = default;
GeoLookup& GeoLookup::operator=(GeoLookup&&) noexcept = default;

Result<GeoLookup> GeoLookup::open(const std::string& country_path, const std::string& asn_path) {
  GeoLookup lookup;
  const std::array wanted = {std::pair{&country_path, &lookup.country_}, std::pair{&asn_path, &lookup.asn_}};
  for (const auto& [path, database] : wanted) {
    if (path->empty()) continue;
    if (access(path->c_str(), F_OK) != 0) {
      spdlog::warn("geo_file_absent path={} effect=\"its fields stay empty\"", *path);
      continue;
    }
    auto fresh = std::make_unique<Database>();
    int status = MMDB_open(path->c_str(), MMDB_MODE_MMAP, &fresh->file);
    fresh->open = status == MMDB_SUCCESS;
    if (status == MMDB_SUCCESS) status = probe(fresh->file);
    if (status != MMDB_SUCCESS) return damaged(*path, status);
    *database = std::move(fresh);
  }
  return lookup;
}

GeoFacts GeoLookup::find(const IpAddress& address) const {
  static constexpr std::array<const char*, 3> kNested = {"country", "iso_code", nullptr};
  static constexpr std::array<const char*, 2> kFlat = {"country_code", nullptr};
  static constexpr std::array<const char*, 2> kNumber = {"autonomous_system_number", nullptr};
  static constexpr std::array<const char*, 2> kOrganisation = {"autonomous_system_organization", nullptr};
  GeoFacts facts;
  if (country_ != nullptr) {
    if (const auto entry = entry_of(country_->file, address)) {
      std::string code = text_at(*entry, kNested.data());
      if (code.empty()) code = text_at(*entry, kFlat.data());
      if (is_country_code(code)) facts.country = std::move(code);
    }
  }
  if (asn_ != nullptr) {
    if (const auto entry = entry_of(asn_->file, address)) {
      facts.asn = number_at(*entry, kNumber.data());
      facts.as_org = text_at(*entry, kOrganisation.data());
    }
  }
  return facts;
}

}  // namespace weir::classifier
