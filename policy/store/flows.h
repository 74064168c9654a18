// SPDX-License-Identifier: Apache-2.0
// The flows that one transaction keeps, written at the commit by one statement that the connection keeps
// prepared. What the database throws comes through.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "policy/store/records.h"

namespace soci {
class session;
}

namespace weir::policy {

/// INSERT INTO flows, prepared once a connection.
class FlowWriter {
 public:
  explicit FlowWriter(soci::session& sql);
  ~FlowWriter();
  void write(const FlowRecord& flow);

 private:
  struct Statement;
  std::unique_ptr<Statement> statement_;
};

class FlowRows {
 public:
  void add(FlowRecord flow) { flows_.push_back(std::move(flow)); }
  /// The newest that the table keeps; takes out what it then has too many of.
  void write(soci::session& sql, FlowWriter& writer, const StoreLimits& limits) const;

 private:
  std::vector<FlowRecord> flows_;
};

}  // namespace weir::policy
