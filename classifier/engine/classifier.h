// SPDX-License-Identifier: Apache-2.0
// The classifier's story. Requests of the inspection channel come in, answers go to a queue, events go to a
// sink:
//   on_opened   a context, addresses and their place in the world, the client, the first decision
//   on_packet   bytes -> names (inspect) -> application (ndpi) -> software -> decision -> answer -> event
//               a client that is refused is told so in its own protocol where that can be done (refusing.cc),
//               and may go on where the rule lets it (clicking.cc)
//   on_closed   the last word, the FINAL event
// It reads no clock (time comes with the requests), does no input or output, and decides nothing itself: that
// is policy::decide.
//
// Threads: one.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "classifier/engine/answer_queue.h"
#include "classifier/engine/flow_context.h"
#include "classifier/engine/settled_flow.h"
#include "classifier/geo/geo_lookup.h"
#include "classifier/identity/identity_tables.h"
#include "classifier/ndpi/ndpi_labeler.h"
#include "classifier/notice/notice.h"
#include "classifier/publish/event_builder.h"
#include "classifier/publish/event_sink.h"
#include "classifier/software/identify.h"
#include "classifier/software/signatures.h"
#include "dataplane/channel/channel.h"
#include "policy/lang/safe_search.h"
#include "policy/model/settings.h"
#include "policy/model/simulation.h"

namespace weir::policy {
class Policy;
enum class Trace : std::uint8_t;
}  // namespace weir::policy

namespace weir::classifier {

inline constexpr TimeNs kUpdateInterval =
    60 * kSecond;  // between two UPDATE events of a flow without new hits
/// Of one look for clients in another group: so many slots, or flows with a final answer.
inline constexpr std::uint32_t kLookSlots = 1'024;
inline constexpr std::uint32_t kLookFlows = 8;

struct ClassifierOptions {
  InspectLimits inspect;
  std::uint64_t stream_bytes_total_max = 256U << 20U;  // assembly bytes of all flows
  std::vector<PairSettings> pairs;                     // for the exception table; a pair not listed passes
  Simulation simulation{};                             // faults that a test forces
  std::optional<Severity> keep_from{};                 // hits of this severity or a higher one are worth a
                                                       // capture of their flow; nullopt: none is
};

/// What the classifier works with; all outlive it.
struct ClassifierParts {
  NdpiLabeler& labeler;
  const GeoLookup& geo;
  const SoftwareIdentifier& software;
  EventBuilder& builder;
  EventSink& sink;
  IdentityTables& identity;
  const SignatureMatcher* signatures = nullptr;          // the operator's; nullptr: none
  const policy::SafeSearchTable* safe_search = nullptr;  // nullptr: no engine has a safe name
};

/// The policy in force, swapped whole between two requests. Revision 0: there is none, `policy` is empty and
/// the exception table speaks (policy-missing). With a canary, `policy` decides for one group alone; which
/// clients are in it, `others` says.
struct PolicyInForce {
  std::shared_ptr<const policy::Policy> policy;
  std::uint32_t revision = 0;
  std::string canary{};                            // the group; empty: `policy` decides for all
  std::shared_ptr<const policy::Policy> others{};  // decides for everybody else
};

struct ClassifierCounts {
  std::uint64_t requests = 0;
  std::uint64_t packets = 0;
  std::uint64_t opened = 0;
  std::uint64_t closed = 0;
  std::uint64_t closed_unknown = 0;  // closed without a context: their classification is lost
  std::uint64_t stale = 0;           // packets of a slot's older or unknown flow
  std::uint64_t decisions = 0;
  std::uint64_t forwarded = 0;  // final answers by action
  std::uint64_t dropped = 0;
  std::uint64_t reset = 0;
  std::uint64_t refused = 0;         // times that a client was told in the words of its protocol
  std::uint64_t made_safe = 0;       // questions answered with the safe name of a search engine
  std::uint64_t clicks = 0;          // times that one went on from a page all the same
  std::uint64_t clicks_refused = 0;  // clicks that were not its own, or too late
  std::uint64_t conflicts = 0;
  std::uint64_t ahead = 0;        // packets that came further ahead than can be kept
  std::uint64_t hits_unsaid = 0;  // over kHitsPerFlowMax
  std::array<std::uint64_t, kExceptionCauses> exceptions{};
  std::uint64_t bytes_held = 0;        // assembly bytes now
  std::uint64_t flows = 0;             // followed now
  std::uint64_t flows_undecided = 0;   // of them, those without a final answer
  std::uint64_t settled_bytes = 0;     // kept of the others
  std::uint64_t clients = 0;           // known now
  std::uint64_t dns_evidence = 0;      // addresses that a client has a name for, now
  std::uint64_t identity_evicted = 0;  // clients and names that made room for others
  std::uint64_t quota_facts = 0;       // kept now
  std::uint64_t quota_facts_lost = 0;  // over kQuotaFactsMax
  std::uint64_t regrouped = 0;         // decided flows whose client came into another group
  std::uint64_t clicks_evicted = 0;    // click-throughs that did
};

class Classifier {
 public:
  Classifier(ClassifierOptions options, ClassifierParts parts, PolicyInForce policy);

  /// A channel with `slots` flow slots was attached, of the data plane that began as `boot`. Flows of the
  /// channel before end here, each with a FINAL event.
  void attach(std::uint32_t slots, std::uint64_t boot = 0);
  void on_request(const channel::Request& request);
  /// From the next request on; decided flows ask again under the new revision.
  void set_policy(PolicyInForce policy);

  /// What the engine says of a quota.
  void learn(const QuotaFact& fact);

  /// Goes on looking for decided flows whose client is in another group by now, a few at a time (regroup.cc);
  /// each request does so too. False: there is none to look at.
  bool look_at_groups();

  [[nodiscard]] AnswerQueue& answers() { return answers_; }
  /// Called with each answer to a packet: who waits for it need not wait until the flow's event is built too.
  void on_answer(std::function<void()> answered) { answered_ = std::move(answered); }
  [[nodiscard]] const ClassifierCounts& counts() const { return counts_; }
  [[nodiscard]] const PolicyInForce& policy() const { return policy_; }
  [[nodiscard]] std::uint32_t revision() const { return policy_.revision; }
  /// Events wait for Redis from now on (or do not any more): noted with every flow that is told meanwhile.
  void set_redis_away(bool away) { redis_away_ = away; }

 private:
  void take(const channel::Request& request);
  void on_opened(const channel::Request& request);
  void on_packet(const channel::Request& request);
  void on_closed(const channel::Request& request);
  [[nodiscard]] FlowContext* find(channel::FlowRef ref);
  [[nodiscard]] FlowContext& open(std::uint32_t slot);
  void settle(std::uint32_t slot);
  void end_former(std::uint32_t slot, TimeNs now);
  void forget(std::uint32_t slot);

  [[nodiscard]] Inspected inspect(FlowContext& flow, const channel::Request& request);
  static void note_skip(FlowContext& flow, const channel::Request& request, const Inspected& seen);
  [[nodiscard]] bool label(FlowContext& flow, const channel::Request& request, bool named);
  [[nodiscard]] bool sign(FlowContext& flow, const channel::Request* request, bool named);
  [[nodiscard]] bool end_label(FlowContext& flow);
  [[nodiscard]] bool take_label(FlowContext& flow, NdpiLabel&& label) const;
  void recognise(FlowContext& flow, TimeNs now);
  void learn(FlowContext& flow, const channel::Request& request, const Inspected& seen);
  [[nodiscard]] static bool name_by_evidence(FlowContext& flow);
  // regroup.cc
  [[nodiscard]] std::uint64_t identity_state(TimeNs now) const;
  void renew_identity(FlowContext& flow, TimeNs now);
  [[nodiscard]] bool regrouped(FlowContext& flow, TimeNs now);
  [[nodiscard]] bool belongs_elsewhere(const FlowContext& flow) const;
  void look_again(std::uint32_t slot);
  /// An exception or click-through that the flow's decision stands on has ended.
  [[nodiscard]] bool lifting_ended(const FlowContext& flow) const;
  /// Another use is known of the quotas that the flow falls under, and the policy says something else by it.
  [[nodiscard]] bool quota_turned(FlowContext& flow, const channel::Request& request);
  [[nodiscard]] const policy::SafeEngine* safe_engine(const DnsFacts& dns) const;
  /// The policy in force; with a canary the one that is for this client.
  [[nodiscard]] const policy::Policy& policy_for(const FlowFacts& facts) const;
  /// By that; the decision says its revision.
  [[nodiscard]] Decision decide(const FlowFacts& facts, const DynamicFacts& dynamic, TimeNs now,
                                policy::Trace trace) const;
  void judge(FlowContext& flow, TimeNs now);
  void judge_other(FlowContext& flow, TimeNs now);
  void note_hit(FlowContext& flow, const RuleHit& hit);
  void give_up(FlowContext& flow, const Inspected& seen);
  void count_held(FlowContext& flow);
  void end_inspection(FlowContext& flow);

  [[nodiscard]] ExceptionAction exception(FlowContext& flow, ExceptionCause cause);
  void except(FlowContext& flow, ExceptionCause cause);
  void note_policy(FlowContext& flow);
  void answer(FlowContext& flow, const channel::Request& request, const Inspected& seen);
  void answer_release(FlowContext& flow, const channel::Request& request, const Inspected& seen);
  void drop_waiting(const FlowContext& flow, const channel::Request& request);
  void answer_alone(FlowContext& flow, const channel::Request& request, ExceptionCause cause);
  void answer_final(FlowContext& flow, channel::FlowRef ref, channel::VerdictAction action);
  // clicking.cc
  [[nodiscard]] std::string page_for(const FlowContext& flow, const Notice& notice, bool head) const;
  void take_click(FlowContext& flow);
  [[nodiscard]] bool answer_click(FlowContext& flow, const channel::Request& request);
  // refusing.cc
  void answer_blocked(FlowContext& flow, const channel::Request& request, const Inspected& seen);
  [[nodiscard]] bool refuse_in_words(FlowContext& flow, const channel::Request& request,
                                     const Inspected& seen);
  [[nodiscard]] bool answer_safely(FlowContext& flow, const channel::Request& request,
                                   std::string_view reference);
  [[nodiscard]] bool refuse_command(FlowContext& flow, const channel::Request& request,
                                    const Refusal& refusal);
  void give_owed(FlowContext& flow, const channel::Request& request);
  [[nodiscard]] bool holds_command(FlowContext& flow, const channel::Request& request);
  [[nodiscard]] static std::optional<std::uint32_t> acknowledged_by(const FlowContext& flow,
                                                                    const channel::Request& request);
  [[nodiscard]] static bool owed_too_late(const FlowContext& flow, const channel::Request& request);
  void inject(FlowContext& flow, const channel::Request& request, channel::InjectEnd end,
              std::string payload);
  [[nodiscard]] std::uint32_t seconds_left(const FlowContext& flow) const;
  void push(const FlowContext& flow, channel::Answer answer, std::string payload = {});

  void say(FlowContext& flow, TimeNs now);
  void say_message(FlowContext& flow, TimeNs now);
  [[nodiscard]] event::FlowEvent& event_of(FlowContext& flow, event::Kind kind, TimeNs now);
  void say_final(FlowContext& flow, const channel::FlowClosed* closed, TimeNs now);

  ClassifierOptions options_;
  ClassifierParts parts_;
  PolicyInForce policy_;
  /// A flow is open while it is looked at, and settled between its final answer and its end.
  struct FlowSlot {
    std::unique_ptr<FlowContext> open;
    SettledFlow settled;
  };
  std::vector<FlowSlot> slots_;
  AnswerQueue answers_;
  std::function<void()> answered_;
  ClassifierCounts counts_;
  TimeNs last_time_ = 0;
  QuotaTable quotas_;
  TimeNs clock_reached_ = 0;  // the latest of them: a clock set back revives no exception
  bool redis_away_ = false;
  policy::PublicSuffixes suffixes_{policy::PublicSuffixes::Source::kBuiltIn};
  bool may_refuse_ = false;      // a rule of the policy refuses single commands
  bool names_clients_ = false;   // a group of the policy does, by host name or user
  std::uint64_t looked_at_ = 0;  // identity_state of the last look at all flows
  std::uint32_t look_next_ = 0;  // the slot at which it goes on; past the last one: it is over
};

}  // namespace weir::classifier
