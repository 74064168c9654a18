// SPDX-License-Identifier: Apache-2.0
// What leaves the appliance about a violation, by the functions of weirctl violation export.
#include <fmt/format.h>

#include <mutex>

#include "policy/console/answers.h"
#include "policy/console/policy_change.h"
#include "policy/ctl/violation_bundle.h"
#include "policy/lang/port_range.h"

namespace weir::console {
namespace {

constexpr std::size_t kDownloadBytesMax = 48U << 20U;  // below what an answer may have (kFrameBytesMax)

/// One at a time: each is in memory as a whole.
std::mutex& making() {
  static std::mutex mutex;
  return mutex;
}

std::string listed(const std::vector<std::string>& missing) {
  Json list = Json::array();
  for (const std::string& one : missing) list.push_back(ctl::printable(one));
  return list.dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace

Response export_violation(Desk& desk, const Call& call) {
  const auto id = policy::whole_number<std::int64_t>(call.arguments.front());
  if (!id) return problem(404, "not-found");
  const std::string what = call.text("what");
  if (what != "bundle" && what != "packets") return problem(422, "invalid", "what is bundle or packets");
  const std::string reason = call.text("reason");
  if (const std::string wrong = what_is_wrong_with(reason); !wrong.empty())
    return problem(422, "invalid", wrong);
  const std::unique_lock alone{making(), std::try_to_lock};
  if (!alone) return problem(409, "conflict", "another export is being made; try again in a moment");
  const bool bundle = what == "bundle";
  const auto entry = Desk::entry_of(call, bundle ? "violation export" : "violation packets", "", reason);
  const auto made = bundle ? ctl::export_bundle(desk.people(), *id, entry, kDownloadBytesMax)
                           : ctl::export_packets(desk.people(), *id, entry, kDownloadBytesMax);
  if (!made) return problem_of(made.error());
  Response response;
  response.type = "application/octet-stream";
  response.body = made->bytes;
  response.headers.emplace_back("Content-Disposition", fmt::format("attachment; filename=\"violation-{}.{}\"",
                                                                   *id, bundle ? "tar" : "pcap"));
  response.headers.emplace_back("Weir-Missing", listed(made->missing));
  return response;
}

}  // namespace weir::console
