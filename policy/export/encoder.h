// SPDX-License-Identifier: Apache-2.0
// From an event to records of one format.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "policy/audit/pseudonym.h"
#include "policy/export/record.h"
#include "policy/model/flow_event.pb.h"

namespace weir::output {

class Encoder {
 public:
  virtual ~Encoder() = default;
  /// Appends what the output's settings ask for. `event` has passed decode_event.
  virtual void encode(const event::FlowEvent& event, Records& records) = 0;
  /// Appends what of the output so far is worth a record; nothing in most formats.
  virtual void sum_up(TimeNs now, Records& records);
};

/// The text of one record.
struct Line {
  std::string body;
  std::string structured;
};

/// Of a format with a line for each hit and one for the end of a flow (`hit` is null).
class LineEncoder : public Encoder {
 public:
  using Write = Line (*)(const event::FlowEvent& event, const event::Hit* hit, bool people);
  LineEncoder(const OutputSettings& settings, Write write)
      : types_(settings.types),
        severity_(settings.severity),
        people_(settings.people != People::kNone),
        write_(write) {}
  void encode(const event::FlowEvent& event, Records& records) override;

 private:
  RecordTypes types_;
  Severity severity_;
  bool people_;
  Write write_;
};

/// `pseudonyms` is there where the output has `people: pseudonym` (pseudonymise.h).
[[nodiscard]] std::unique_ptr<Encoder> make_encoder(const OutputSettings& settings,
                                                    const std::optional<policy::Pseudonyms>& pseudonyms);

}  // namespace weir::output
