// SPDX-License-Identifier: Apache-2.0
// What the API can do and who may do it: one row an operation of api/openapi.yaml. What has no row there is
// refused, and a role that a row does not name may not do it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/console/message.h"

namespace weir::console {

class Desk;
struct Call;

enum class Role : std::uint8_t { kOfficer, kSeniorOfficer, kTechnician, kAuditor, kAdmin };
inline constexpr std::array<std::string_view, 5> kRoleNames{"officer", "senior-officer", "technician",
                                                            "auditor", "admin"};
[[nodiscard]] std::optional<Role> role_of(std::string_view name);

using RoleSet = std::uint8_t;  // bit n: Role n
[[nodiscard]] constexpr RoleSet roles(std::initializer_list<Role> all) {
  unsigned set = 0;
  for (const Role one : all) set |= 1U << static_cast<unsigned>(one);
  return static_cast<RoleSet>(set);
}

/// What an operation is besides, as bits.
inline constexpr unsigned kPeopleOnly = 1;  // not with the token of a program
inline constexpr unsigned kPreviews = 2;    // with dry_run=true it says what it would do, and does nothing
inline constexpr unsigned kNeverKept = 4;   // its answer is not for the store: no Idempotency-Key

struct Operation {
  std::string_view id;
  std::string_view method;
  std::string_view path;  // under /api/v1; a {name} stands for one segment
  bool open = false;      // without a session; `may` is empty then
  RoleSet may = 0;
  Response (*answer)(Desk& desk, const Call& call) = nullptr;
  unsigned traits = 0;

  [[nodiscard]] bool is(unsigned trait) const { return (traits & trait) != 0; }
};

[[nodiscard]] std::span<const Operation> operations();
[[nodiscard]] bool allowed(const Operation& operation, Role role);

struct Route {
  const Operation* operation = nullptr;  // nullptr: no such path, or not this method
  bool path_known = false;
  std::vector<std::string> arguments;  // for the {names}, decoded
};
/// `path` as sent, with /api/v1.
[[nodiscard]] Route route(std::string_view method, std::string_view path);
inline constexpr std::string_view kApi = "/api/v1";

}  // namespace weir::console
