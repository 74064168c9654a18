// SPDX-License-Identifier: Apache-2.0
// weirctl explain FLOW | PROTOCOL ADDRESS PORT ADDRESS PORT: looks the flow up in the streams, newest first,
// then in the store, and says in words what was decided and why.
#include <fmt/format.h>

#include <charconv>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "policy/ctl/context.h"
#include "policy/ctl/explain.h"
#include "policy/ctl/explain_words.h"
#include "policy/ctl/recorded_events.h"
#include "policy/engine/event_codec.h"
#include "policy/engine/kept_event.h"

namespace weir::ctl {
namespace {

constexpr std::uint64_t kScanEventsMax = 1'000'000;  // of one stream
constexpr TimeNs kClockSlack = 60 * kSecond;         // between the gateway's clock and Redis's

/// What was asked for: an id or both ends.
struct Wanted {
  std::string flow_id;
  std::optional<FiveTuple> tuple;

  [[nodiscard]] bool is(const event::FlowEvent& event) const {
    if (!tuple) return event.flow_id() == flow_id;
    const FiveTuple found = policy::tuple_of(event);
    const FiveTuple turned{found.responder, found.initiator, found.responder_port, found.initiator_port,
                           found.protocol};
    return found == *tuple || turned == *tuple;
  }
};

std::optional<std::uint16_t> number_of(const std::string& text, std::uint16_t most) {
  std::uint16_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > most) return std::nullopt;
  return value;
}

std::optional<std::uint8_t> protocol_of(const std::string& word) {
  if (word == "tcp") return kProtocolTcp;
  if (word == "udp") return kProtocolUdp;
  if (word == "icmp") return kProtocolIcmp;
  if (word == "icmpv6") return kProtocolIcmpV6;
  const auto number = number_of(word, 255);
  return number ? std::optional{static_cast<std::uint8_t>(*number)} : std::nullopt;
}

std::optional<Wanted> wanted_of(const std::vector<std::string>& words) {
  if (words.size() == 1) return Wanted{words[0], std::nullopt};
  if (words.size() != 5) return std::nullopt;
  const auto protocol = protocol_of(words[0]);
  const auto a = IpAddress::parse(words[1]);
  const auto b = IpAddress::parse(words[3]);
  const auto a_port = number_of(words[2], 65'535);
  const auto b_port = number_of(words[4], 65'535);
  if (!protocol || !a || !b || !a_port || !b_port) return std::nullopt;
  return Wanted{{}, FiveTuple{*a, *b, *a_port, *b_port, *protocol}};
}

/// Gathers a flow's events while a stream is walked from its newest entry backwards.
class Gatherer {
 public:
  explicit Gatherer(Wanted wanted) : wanted_(std::move(wanted)) {}

  /// False when nothing more can come.
  bool visit(const event::FlowEvent& event, TimeNs recorded) {
    if (newest_ && recorded + kClockSlack < static_cast<TimeNs>(newest_->started_ns())) return false;
    if (!wanted_.is(event)) return true;
    if (!newest_) {
      newest_ = event;
      wanted_ = Wanted{event.flow_id(), std::nullopt};  // ends are used again, ids are not
    } else {
      newest_->mutable_hits()->MergeFrom(event.hits());  // an event says only what earlier ones did not
    }
    return event.kind() != event::KIND_OPENED;
  }
  [[nodiscard]] const std::optional<event::FlowEvent>& found() const { return newest_; }

 private:
  Wanted wanted_;
  std::optional<event::FlowEvent> newest_;
};

Result<event::FlowEvent> from_streams(const Settings& settings, const Wanted& wanted) {
  auto streams = open_streams(settings);
  if (!streams) return tl::unexpected(streams.error());
  for (const std::string& stream : all_flow_streams(settings)) {
    Gatherer gatherer{wanted};
    const auto walked = walk_back(*streams, stream, kScanEventsMax, [&](const auto& event, TimeNs recorded) {
      return gatherer.visit(event, recorded);
    });
    if (!walked) return tl::unexpected(walked.error());
    if (gatherer.found()) return *gatherer.found();
  }
  return failure(ErrorCode::kNotFound, "no such flow in the streams");
}

Result<event::FlowEvent> from_store(const Settings& settings, const Wanted& wanted) {
  auto store = open_store(settings);
  if (!store) return tl::unexpected(store.error());
  const auto kept = wanted.tuple ? store->flow(*wanted.tuple) : store->flow(wanted.flow_id);
  if (!kept) return tl::unexpected(kept.error());
  return policy::kept_event(kept->event);
}

Result<event::FlowEvent> looked_up(const Settings& settings, const Wanted& wanted) {
  auto event = from_streams(settings, wanted);
  if (event) return event;
  auto kept = from_store(settings, wanted);
  if (kept) return kept;
  const bool nowhere =
      event.error().code == ErrorCode::kNotFound && kept.error().code == ErrorCode::kNotFound;
  return nowhere || event.error().code != ErrorCode::kNotFound ? event : kept;
}

void explain(Context& context, const std::vector<std::string>& words) {
  const auto wanted = wanted_of(words);
  if (!wanted) {
    std::fprintf(stderr,
                 "error: give a flow id, or a protocol and both ends (tcp 10.0.0.2 40000 192.0.2.1 443)\n");
    context.exit_code = kUsage;
    return;
  }
  const auto settings = context.settings();
  if (!settings) return;
  const auto event = looked_up(*settings, *wanted);
  if (!event) return context.fail(event.error());
  if (context.format_or(Format::kTable) == Format::kJson) {
    print(policy::event_to_json(*event).value_or("{}") + "\n");
  } else {
    print(explain_in_words(*event));
  }
}

}  // namespace

Result<event::FlowEvent> find_flow(const Settings& settings, const std::string& flow_id) {
  return looked_up(settings, Wanted{flow_id, std::nullopt});
}

void add_explain(CLI::App& app, Context& context) {
  auto words = std::make_shared<std::vector<std::string>>();
  CLI::App* command = add_command(app, "explain", "who, what, which rule of which revision, and why", context,
                                  [words](Context& used) { explain(used, *words); });
  command->add_option("FLOW", *words, "a flow id, or: tcp 10.0.0.2 40000 93.184.216.34 443")
      ->required()
      ->expected(1, 5);
}

}  // namespace weir::ctl
