// SPDX-License-Identifier: Apache-2.0
#include "policy/report/collect.h"

#include "policy/report/health_part.h"
#include "policy/report/software_part.h"
#include "policy/report/traffic_part.h"
#include "policy/report/violation_part.h"
#include "policy/store/report_store.h"

namespace weir::report {

Result<Report> collect(policy::Store& store, const Request& request) {
  Report report;
  report.kind = request.kind;
  report.language = request.language;
  report.appliance = request.appliance;
  report.group = request.group;
  report.zone = request.zone;
  report.zone_name = request.zone_name;
  report.period = request.period;
  report.previous = previous_period(request.kind, request.zone, request.period);
  report.made = request.now;

  ViolationPart violations{request, report.previous};
  if (auto read = policy::each_violation(store, report.previous.begin, report.period.end,
                                         [&](const policy::Violation& one) { violations.add(one); });
      !read)
    return tl::unexpected(read.error());
  if (auto read = policy::each_closing(store, report.previous.begin, report.period.end,
                                       [&](const policy::ViolationClosing& one) { violations.add(one); });
      !read)
    return tl::unexpected(read.error());
  SoftwarePart software{request};
  if (auto read = policy::each_software(store, [&](const policy::Software& one) { software.add(one); });
      !read)
    return tl::unexpected(read.error());
  TrafficPart traffic{request};
  if (auto read = policy::each_flow(store, report.period.begin, report.period.end,
                                    [&](const policy::FlowRecord& one) { traffic.add(one); });
      !read)
    return tl::unexpected(read.error());

  if (auto read = traffic.take_sums(store, report.previous); !read) return tl::unexpected(read.error());

  violations.put(report);
  software.put(report);
  if (auto put = put_quotas(store, request, report); !put) return tl::unexpected(put.error());
  traffic.put(report);
  if (auto put = put_health(store, report); !put) return tl::unexpected(put.error());
  return report;
}

}  // namespace weir::report
