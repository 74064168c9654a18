// SPDX-License-Identifier: Apache-2.0
// Country and autonomous system of an address, from files in MaxMind's format (any that has country.iso_code,
// or autonomous_system_number and autonomous_system_organization; also the flat country_code of CC0 sets). A
// file that is not there is said once and its fields stay empty; a damaged file is refused at the start.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "policy/model/error.h"
#include "policy/model/ip_address.h"

namespace weir::classifier {

inline constexpr std::size_t kGeoTextBytesMax = 128;  // of an organisation's name
inline constexpr std::uint32_t kGeoProbedNodesMax =
    65'536;  // of the search tree, walked when a file is opened
inline constexpr std::uint32_t kGeoProbedRecordsMax = 2'048;  // data records decoded when a file is opened

struct GeoFacts {
  std::string country;  // ISO 3166-1 alpha-2; empty: not known
  std::uint32_t asn = 0;
  std::string as_org;
  bool operator==(const GeoFacts&) const = default;
};

class GeoLookup {
 public:
  /// An empty path means: none. kCorrupt names the file and what is wrong with it.
  [[nodiscard]] static Result<GeoLookup> open(const std::string& country_path, const std::string& asn_path);
  GeoLookup(GeoLookup&&) noexcept;
  GeoLookup& operator=(GeoLookup&&) noexcept;
  ~GeoLookup();

  [[nodiscard]] GeoFacts find(const IpAddress& address) const;

 private:
  struct Database;
  GeoLookup();
  std::unique_ptr<Database> country_;
  std::unique_ptr<Database> asn_;
};

}  // namespace weir::classifier
