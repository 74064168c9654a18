// SPDX-License-Identifier: Apache-2.0
// weirctl classify CAPTURE...: the whole pipeline over capture files, without any daemon; a row a flow, and
// one for who sent ICMP errors about it.
#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <memory>
#include <set>

#include "policy/ctl/context.h"
#include "policy/ctl/flow_row.h"
#include "policy/ctl/replay.h"
#include "policy/engine/event_codec.h"

namespace weir::ctl {
namespace {

/// Prints a flow when its last event has come; CSV and JSON at once, a table at the end.
class Printer {
 public:
  Printer(Format format, const std::vector<std::string>& captures) : format_(format), captures_(captures) {
    if (format_ == Format::kCsv) print(csv_line(classify_columns()));
  }

  void take(std::size_t capture, const event::FlowEvent& event) {
    if (event.kind() != event::KIND_FINAL) {
      if (event.hits_size() > 0) said_[event.flow_id()].MergeFrom(event.hits());
      return;
    }
    const std::string name = std::filesystem::path{captures_[capture]}.filename().string();
    if (format_ == Format::kJson) return print_json(event);
    say(classify_row(event, name));
    if (auto error = icmp_error_row(event, name); error && told_.insert(error->dump()).second)
      say(*std::move(error));
  }
  void finish() const {
    if (format_ == Format::kTable) print(render(Format::kTable, rows_, classify_columns()));
  }

 private:
  void say(Json row) {
    if (format_ == Format::kTable) {
      rows_.push_back(std::move(row));
      return;
    }
    print(csv_row(row, classify_columns()));
  }

  using Hits = google::protobuf::RepeatedPtrField<event::Hit>;

  /// A final event says only the hits that earlier ones did not; here it says them all.
  void print_json(const event::FlowEvent& event) {
    event::FlowEvent whole = event;
    if (const auto found = said_.find(event.flow_id()); found != said_.end()) {
      found->second.MergeFrom(whole.hits());
      whole.mutable_hits()->Swap(&found->second);
      said_.erase(found);
    }
    print(policy::event_to_json(whole).value_or("{}") + "\n");
  }

  Format format_;
  const std::vector<std::string>& captures_;
  std::map<std::string, Hits> said_;
  std::set<std::string> told_;  // rows about ICMP errors: one for all that an end told another
  Json rows_ = Json::array();
};

void classify(Context& context, const ReplayOptions& options) {
  Printer printer{context.format_or(Format::kCsv), options.captures};
  const auto done = replay(
      options, [&](std::size_t capture, const event::FlowEvent& event) { printer.take(capture, event); });
  printer.finish();
  if (!done) context.fail(done.error());
}

}  // namespace

void add_classify(CLI::App& app, Context& context) {
  auto options = std::make_shared<ReplayOptions>();
  CLI::App* command =
      add_command(app, "classify", "the whole pipeline over captures (pcap, pcapng); a row a flow", context,
                  [options](Context& used) { classify(used, *options); });
  command->add_option("CAPTURE", options->captures, "capture files")->required()->check(CLI::ExistingFile);
  command->add_option("--policy", options->policy, "policy to judge by; without one everything is allowed")
      ->check(CLI::ExistingFile);
  command->add_option("--catalogue", options->catalogue, "software catalogue")->check(CLI::ExistingFile);
  command->add_option("--signatures", options->signatures, "signatures of one's own applications")
      ->check(CLI::ExistingFile);
  command->add_option("--safe-search", options->safe_search, "safe names of search engines")
      ->check(CLI::ExistingFile);
  command->add_option("--country-db", options->country_database, "country database in MaxMind's format")
      ->check(CLI::ExistingFile);
  command->add_option("--asn-db", options->asn_database, "database of autonomous systems in MaxMind's format")
      ->check(CLI::ExistingFile);
}

}  // namespace weir::ctl
