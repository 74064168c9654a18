// SPDX-License-Identifier: Apache-2.0
#include "classifier/ndpi/ndpi_labeler.h"

#include <ndpi_api.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "classifier/ndpi/packet_copy.h"

namespace weir::classifier {
namespace {

struct ModuleDeleter {
  void operator()(ndpi_detection_module_struct* module) const { ndpi_exit_detection_module(module); }
};

AppConfidence confidence_of(ndpi_confidence_t confidence) {
  switch (confidence) {
    case NDPI_CONFIDENCE_MATCH_BY_PORT:
      return AppConfidence::kMatchByPort;
    case NDPI_CONFIDENCE_MATCH_BY_IP:
      return AppConfidence::kMatchByIp;
    case NDPI_CONFIDENCE_DPI_CACHE:
      return AppConfidence::kDpiCache;
    case NDPI_CONFIDENCE_DPI:
      return AppConfidence::kDpi;
    case NDPI_CONFIDENCE_UNKNOWN:
    case NDPI_CONFIDENCE_MAX:
      break;
  }
  return AppConfidence::kUnknown;
}

/// A C string of nDPI's as text; empty when a byte is not printable ASCII or the buffer may have been too
/// short.
std::string printable_copy(std::span<const char> buffer) {
  const auto* end = std::find(buffer.data(), buffer.data() + buffer.size(), '\0');
  const std::string_view text{buffer.data(), static_cast<std::size_t>(end - buffer.data())};
  const bool cut = text.size() + 1 >= buffer.size();
  const bool clean = std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  return cut || !clean ? std::string{} : std::string{text};
}

/// The next word of `text`, taken off its beginning; empty: there is none.
std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

Result<void> choose_dissectors(ndpi_detection_module_struct& module, std::string_view names) {
  NDPI_PROTOCOL_BITMASK chosen{};
  for (std::string_view word = take_word(names); !word.empty(); word = take_word(names)) {
    if (word == "all") {
      std::memset(&chosen, 0xff, sizeof(chosen));
      continue;
    }
    const bool without = word.starts_with('-');
    const std::string name{word.substr(without ? 1 : 0)};
    const std::uint16_t id = ndpi_get_proto_by_name(&module, name.c_str());
    if (id == NDPI_PROTOCOL_UNKNOWN || id >= NDPI_NUM_BITS) {
      return failure(ErrorCode::kInvalid, "ndpi_dissectors: nDPI has no protocol called " + name);
    }
    constexpr std::uint16_t kBits = 32;  // nDPI's own macros do not pass the warnings
    static_assert(sizeof(chosen.fds_bits[0]) * 8 == kBits);
    ndpi_ndpi_mask& bits = chosen.fds_bits[id / kBits];
    bits = without ? bits & ~(1U << (id % kBits)) : bits | (1U << (id % kBits));
  }
  ndpi_set_protocol_detection_bitmask2(&module, &chosen);
  return {};
}

bool looks_like_tls(Bytes payload) {
  return payload.size() >= 3 && payload[0] == 0x16 && payload[1] == 0x03 && payload[2] <= 0x04;
}

}  // namespace

/// Where a name alone decides the label, and which protocol it was named in.
struct NamedIn {
  std::uint16_t master = NDPI_PROTOCOL_UNKNOWN;  // unknown: a name decides nothing
  bool complete = false;  // a name that the table does not know means that there is no application
};

NamedIn named_in(const FlowFacts& facts) {
  constexpr std::uint16_t kDnsPort = 53;
  switch (facts.host_source) {
    case NameSource::kDnsQuery:
      if (facts.tuple.protocol != kProtocolUdp || facts.tuple.responder_port != kDnsPort) return {};
      return {NDPI_PROTOCOL_DNS, true};
    case NameSource::kQuicSni:
      return {NDPI_PROTOCOL_QUIC, true};
    case NameSource::kTlsSni:  // elsewhere the port makes it mail or encrypted DNS; a certificate may name it
                               // too
      return facts.tuple.responder_port == 443 ? NamedIn{NDPI_PROTOCOL_TLS, false} : NamedIn{};
    default:
      return {};
  }
}

struct NdpiLabeler::Impl {
  std::unique_ptr<ndpi_detection_module_struct, ModuleDeleter> module;
  PacketCopy copy;
  NdpiLimits limits;
  std::vector<ndpi_flow_struct*> pool;  // wiped
  std::size_t active = 0;

  explicit Impl(PacketCopy packet_copy) : copy(std::move(packet_copy)) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    for (auto* state : pool) std::free(state);
  }

  ndpi_flow_struct* take_state() {
    ++active;
    if (!pool.empty()) {
      auto* state = pool.back();
      pool.pop_back();
      return state;
    }
    return static_cast<ndpi_flow_struct*>(std::calloc(1, sizeof(ndpi_flow_struct)));
  }

  /// nDPI keeps mail and FTP passwords in the state: nothing of it outlives the label.
  void give_back(ndpi_flow_struct* state) {
    ndpi_free_flow_data(state);
    explicit_bzero(state, sizeof(*state));
    --active;
    if (pool.size() < kNdpiPoolFlowsMax) {
      pool.push_back(state);
    } else {
      std::free(state);
    }
  }

  /// Whose address it is, by nDPI's table of networks (IPv4 only).
  [[nodiscard]] std::uint16_t owner_of(const IpAddress& address) const {
    if (!address.is_v4()) return NDPI_PROTOCOL_UNKNOWN;
    in_addr wanted{};
    std::memcpy(&wanted, address.bytes().data() + 12, sizeof(wanted));
    return ndpi_network_ptree_match(module.get(), &wanted);
  }

  [[nodiscard]] NdpiLabel label_of(const ndpi_protocol& found, const ndpi_flow_struct& state) const {
    NdpiLabel label;
    const auto name = [this](std::uint16_t id) { return std::string{ndpi_get_proto_name(module.get(), id)}; };
    const bool two =
        found.master_protocol != NDPI_PROTOCOL_UNKNOWN && found.master_protocol != found.app_protocol;
    label.master = name(two ? found.master_protocol : found.app_protocol);
    if (two && found.app_protocol != NDPI_PROTOCOL_UNKNOWN) label.app = name(found.app_protocol);
    label.confidence = confidence_of(state.confidence);
    return label;
  }
};

NdpiLabeler::Flow::~Flow() {
  if (state_ != nullptr) owner_->give_back(static_cast<ndpi_flow_struct*>(state_));
}

NdpiLabeler::Flow::Flow(Flow&& other) noexcept
    : owner_(std::move(other.owner_)),
      state_(std::exchange(other.state_, nullptr)),
      host_(std::move(other.host_)),
      packets_(other.packets_),
      server_bytes_(other.server_bytes_),
      tls_(other.tls_) {}

NdpiLabeler::Flow& NdpiLabeler::Flow::operator=(Flow&& other) noexcept {
  std::swap(owner_, other.owner_);
  std::swap(state_, other.state_);
  std::swap(host_, other.host_);
  std::swap(packets_, other.packets_);
  std::swap(server_bytes_, other.server_bytes_);
  std::swap(tls_, other.tls_);
  return *this;
}

Result<std::unique_ptr<NdpiLabeler>> NdpiLabeler::create(const NdpiLimits& limits) {
  if (ndpi_get_api_version() != NDPI_API_VERSION) {
    return failure(ErrorCode::kSystem, "the nDPI library found is not the version that Weir was built with");
  }
  auto copy = PacketCopy::create(kNdpiPacketBytesMax, limits.guard_pages);
  if (!copy) return tl::unexpected(copy.error());
  auto impl = std::make_shared<Impl>(std::move(*copy));
  impl->limits = limits;
  impl->limits.packets_max = std::clamp(limits.packets_max, 1U, kNdpiPacketsMax);
  impl->module.reset(ndpi_init_detection_module(ndpi_no_prefs));
  if (!impl->module) return failure(ErrorCode::kSystem, "nDPI cannot be initialised");
  if (const auto chosen = choose_dissectors(*impl->module, limits.dissectors); !chosen) {
    return tl::unexpected(chosen.error());
  }
  ndpi_finalize_initialization(impl->module.get());
  return std::unique_ptr<NdpiLabeler>(new NdpiLabeler(std::move(impl)));
}

std::optional<NdpiLabel> NdpiLabeler::label_of_name(const FlowFacts& facts) const {
  const NamedIn named = named_in(facts);
  if (named.master == NDPI_PROTOCOL_UNKNOWN || facts.host.empty()) return std::nullopt;
  std::string host = facts.host;  // nDPI wants it writable
  ndpi_protocol_match_result match{};
  const int found = ndpi_match_string_subprotocol(impl_->module.get(), host.data(),
                                                  static_cast<unsigned>(host.size()), &match);
  // Who called Teams over TCP is remembered by nDPI, to know the calls over UDP.
  if (found == NDPI_PROTOCOL_MSTEAMS) return std::nullopt;
  const auto name = [this](int id) {
    return std::string{ndpi_get_proto_name(impl_->module.get(), static_cast<std::uint16_t>(id))};
  };
  if (found > NDPI_PROTOCOL_UNKNOWN) {
    return NdpiLabel{name(named.master), name(found), AppConfidence::kDpi, true};
  }
  if (!named.complete) return std::nullopt;
  std::uint16_t server = NDPI_PROTOCOL_UNKNOWN;
  if (named.master == NDPI_PROTOCOL_DNS) server = impl_->owner_of(facts.tuple.responder);
  return NdpiLabel{name(named.master), server == NDPI_PROTOCOL_UNKNOWN ? std::string{} : name(server),
                   AppConfidence::kDpi, true};
}

NdpiLabel NdpiLabeler::feed(Flow& flow, const NdpiPacket& packet, TimeNs time) {
  Impl& impl = *impl_;
  std::size_t bytes = packet.from_l3.size();
  const std::size_t offset = std::min<std::size_t>(packet.payload_offset, bytes);
  Bytes payload = packet.from_l3.subspan(offset);
  payload = payload.first(std::min<std::size_t>(payload.size(), packet.payload_bytes));
  bytes = offset + payload.size();
  if (packet.protocol == kProtocolUdp) bytes = offset + dtls_bytes_before_certificate(payload);
  const bool has_payload = bytes > offset;
  if (!has_payload && flow.state_ == nullptr) return {};  // nothing to look at yet

  if (flow.state_ == nullptr) {
    flow.state_ = impl.take_state();
    flow.owner_ = impl_;
    if (flow.state_ == nullptr) std::abort();  // calloc of a few hundred bytes: the machine is out of memory
  }
  auto& state = *static_cast<ndpi_flow_struct*>(flow.state_);
  ndpi_protocol found{};
  found.master_protocol = state.detected_protocol_stack[1];
  found.app_protocol = state.detected_protocol_stack[0];
  if (has_payload) {
    const auto copy = impl.copy.hold(packet.from_l3.first(bytes));
    if (!copy.empty()) {
      found = ndpi_detection_process_packet(impl.module.get(), &state, copy.data(),
                                            static_cast<unsigned short>(copy.size()),
                                            static_cast<u_int64_t>(time / kMillisecond));
    }
  }
  if (has_payload) ++flow.packets_;
  if (packet.direction == channel::Direction::kFromResponder && packet.protocol == kProtocolTcp) {
    flow.tls_ = flow.tls_ || looks_like_tls(payload);
    if (flow.tls_) flow.server_bytes_ += static_cast<std::uint32_t>(payload.size());
  }

  const bool budget_over = flow.packets_ >= impl.limits.packets_max || state.fail_with_unknown != 0 ||
                           flow.server_bytes_ > kNdpiTlsServerBytesMax;
  const bool known = found.app_protocol != NDPI_PROTOCOL_UNKNOWN;
  if (budget_over || (known && ndpi_extra_dissection_possible(impl.module.get(), &state) == 0))
    return finish(flow);
  return impl.label_of(found, state);
}

NdpiLabel NdpiLabeler::guess(const FiveTuple& tuple) {
  Flow flow;
  flow.owner_ = impl_;
  flow.state_ = impl_->take_state();
  if (const auto syn = impl_->copy.hold(syn_of(tuple)); flow.state_ != nullptr && !syn.empty()) {
    static_cast<void>(ndpi_detection_process_packet(impl_->module.get(),
                                                    static_cast<ndpi_flow_struct*>(flow.state_), syn.data(),
                                                    static_cast<unsigned short>(syn.size()), 0));
  }
  return finish(flow);
}

NdpiLabel NdpiLabeler::finish(Flow& flow) {
  NdpiLabel label;
  if (flow.state_ != nullptr) {
    auto* state = static_cast<ndpi_flow_struct*>(flow.state_);
    ndpi_protocol found{};
    found.master_protocol = state->detected_protocol_stack[1];
    found.app_protocol = state->detected_protocol_stack[0];
    if (found.app_protocol == NDPI_PROTOCOL_UNKNOWN) {
      std::uint8_t guessed = 0;
      found = ndpi_detection_giveup(impl_->module.get(), state, 1, &guessed);
    }
    label = impl_->label_of(found, *state);
    flow.host_ = printable_copy(state->host_server_name);
    impl_->give_back(state);
    flow.state_ = nullptr;
    flow.owner_.reset();
  }
  label.final = true;
  return label;
}

std::size_t NdpiLabeler::flows_active() const { return impl_->active; }

}  // namespace weir::classifier
