// SPDX-License-Identifier: Apache-2.0
#include "classifier/engine/settled_flow.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

namespace weir::classifier {
namespace {

// An archive takes values one after the other, in the order that `transfer` gives: Packer appends them,
// Unpacker fills them. Numbers are in groups of seven bits, lowest first.

class Packer {
 public:
  static constexpr bool kPacks = true;
  explicit Packer(std::vector<std::uint8_t>& out) : out_(out) {}

  void number(std::uint64_t& value) {
    std::uint64_t left = value;
    for (; left >= 0x80U; left >>= 7U) out_.push_back(static_cast<std::uint8_t>(left | 0x80U));
    out_.push_back(static_cast<std::uint8_t>(left));
  }
  void raw(void* from, std::size_t bytes) {
    const auto* at = static_cast<const std::uint8_t*>(from);
    out_.insert(out_.end(), at, at + bytes);
  }
  [[nodiscard]] std::size_t room(std::uint64_t wanted) const { return wanted; }
  /// A group that is all zero is one zero.
  template <typename T>
  void group(T& values) {
    const std::size_t start = out_.size();
    out_.push_back(1);
    transfer(*this, values);
    const auto first = out_.begin() + static_cast<std::ptrdiff_t>(start) + 1;
    if (std::any_of(first, out_.end(), [](std::uint8_t byte) { return byte != 0; })) return;
    out_.resize(start);
    out_.push_back(0);
  }

 private:
  std::vector<std::uint8_t>& out_;
};

/// Reads what a Packer wrote; past the end everything is zero.
class Unpacker {
 public:
  static constexpr bool kPacks = false;
  explicit Unpacker(Bytes bytes) : reader_(bytes) {}

  void number(std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t byte = reader_.u8();
      value |= std::uint64_t{byte & 0x7fU} << shift;
      if ((byte & 0x80U) == 0) break;
    }
  }
  void raw(void* to, std::size_t bytes) {
    if (const Bytes from = reader_.take(bytes); !from.empty()) std::memcpy(to, from.data(), bytes);
  }
  /// Nothing is longer than what is left.
  [[nodiscard]] std::size_t room(std::uint64_t wanted) const {
    return static_cast<std::size_t>(std::min<std::uint64_t>(wanted, reader_.left()));
  }
  template <typename T>
  void group(T& values) {
    if (reader_.u8() != 0) transfer(*this, values);
  }

 private:
  ByteReader reader_;
};

template <typename T>
concept Number = std::is_integral_v<T> || std::is_enum_v<T>;
template <typename T, typename Archive>
concept Structure = requires(Archive& archive, T& value) {
  transfer(archive, value);
};

template <typename Archive, Number T>
void field(Archive& archive, T& value) {
  constexpr bool kSigned = std::is_integral_v<T> && std::is_signed_v<T>;
  auto number = static_cast<std::uint64_t>(value);
  // Near zero on both sides is short.
  if constexpr (kSigned) number = (number << 1U) ^ (value < 0 ? ~std::uint64_t{0} : 0);
  archive.number(number);
  if constexpr (kSigned) number = (number >> 1U) ^ ((number & 1U) != 0 ? ~std::uint64_t{0} : 0);
  if constexpr (!Archive::kPacks) value = static_cast<T>(number);
}

template <typename Archive>
void field(Archive& archive, std::string& text) {
  std::uint64_t size = text.size();
  archive.number(size);
  if constexpr (!Archive::kPacks) text.resize(archive.room(size));
  archive.raw(text.data(), text.size());
}

/// Of literals alone: the address is kept.
template <typename Archive>
void field(Archive& archive, std::string_view& literal) {
  std::uint64_t size = literal.size();
  const char* data = literal.data();
  archive.number(size);
  if (size == 0) return;
  archive.raw(&data, sizeof(data));
  literal = {data, size};
}

template <typename Archive>
void field(Archive& archive, IpAddress& address) {
  constexpr std::size_t kV4At = 12;  // in the mapped form
  std::array<std::uint8_t, 16> bytes = address.bytes();
  std::uint64_t from = address.is_v4() ? kV4At : 0;
  archive.number(from);
  if (from != kV4At) {
    archive.raw(bytes.data(), bytes.size());
    address = IpAddress::v6(bytes);
    return;
  }
  const std::span<std::uint8_t, 4> v4{bytes.data() + kV4At, 4};
  archive.raw(v4.data(), v4.size());
  address = IpAddress::v4(v4);
}

template <typename Archive>
void field(Archive& archive, MacAddress& mac) {
  archive.raw(mac.bytes.data(), mac.bytes.size());
}

template <typename Archive>
void field(Archive& archive, ResponseTimes& times) {
  static_assert(std::is_trivially_copyable_v<ResponseTimes>);
  std::uint64_t count = times.count();
  archive.number(count);
  if (count > 0) archive.raw(&times, sizeof(times));
}

template <typename Archive, typename T>
void field(Archive& archive, std::optional<T>& value) {
  bool has = value.has_value();
  field(archive, has);
  if (!has) return;
  if (!value) value.emplace();
  field(archive, *value);
}

template <typename Archive, typename T>
void field(Archive& archive, std::shared_ptr<const T>& shared) {
  bool has = shared != nullptr;
  field(archive, has);
  if (!has) return;
  T value = shared != nullptr ? *shared : T{};
  field(archive, value);
  if constexpr (!Archive::kPacks) shared = std::make_shared<const T>(std::move(value));
}

template <typename Archive, typename T>
void field(Archive& archive, std::vector<T>& list) {
  std::uint64_t size = list.size();
  archive.number(size);
  if constexpr (!Archive::kPacks) list.resize(archive.room(size));
  for (T& each : list) field(archive, each);
}

template <typename Archive, typename T, std::size_t kSize>
void field(Archive& archive, std::array<T, kSize>& values) {
  for (T& value : values) field(archive, value);
}

template <typename Archive, Structure<Archive> T>
void field(Archive& archive, T& value) {
  transfer(archive, value);
}

template <typename Archive, typename... Fields>
void fields(Archive& archive, Fields&... all) {
  (field(archive, all), ...);
}

// One `transfer` a structure. The bindings name every member: a new one does not compile until it is here.

template <typename Archive>
void transfer(Archive& archive, FiveTuple& tuple) {
  auto& [initiator, responder, initiator_port, responder_port, protocol] = tuple;
  fields(archive, initiator, responder, initiator_port, responder_port, protocol);
}
template <typename Archive>
void transfer(Archive& archive, TunnelFacts& facts) {
  auto& [type, app, low_end, high_end, id, protocol, port] = facts;
  fields(archive, type, app, low_end, high_end, id, protocol, port);
}
template <typename Archive>
void transfer(Archive& archive, TlsCertificate& facts) {
  auto& [subject, issuer, names, not_before, not_after] = facts;
  fields(archive, subject, issuer, names, not_before, not_after);
}
template <typename Archive>
void transfer(Archive& archive, TlsFacts& facts) {
  auto& [seen, sni, alpn, version, ech_offered, ja3, ja4, server_version, cipher, ech, ech_config_id, ech_kdf,
         ech_aead, ech_payload_bytes, resumption_offered, resumed, early_data, retried, server_alert,
         certificate] = facts;
  fields(archive, seen, sni, alpn, version, ech_offered, ja3, ja4, server_version, cipher, ech, ech_config_id,
         ech_kdf, ech_aead, ech_payload_bytes, resumption_offered, resumed, early_data, retried, server_alert,
         certificate);
}
template <typename Archive>
void transfer(Archive& archive, HttpFacts& facts) {
  auto& [seen, method, host, path, user_agent, requests, url_path, referer, version, grpc, status,
         content_type, content_length, file_name] = facts;
  fields(archive, seen, method, host, path, user_agent, requests, url_path, referer, version, grpc, status,
         content_type, content_length, file_name);
}
template <typename Archive>
void transfer(Archive& archive, ProxyHop& hop) {
  auto& [kind, command, target, port, source] = hop;
  fields(archive, kind, command, target, port, source);
}
template <typename Archive>
void transfer(Archive& archive, DnsAnswer& answer) {
  auto& [address, ttl_s] = answer;
  fields(archive, address, ttl_s);
}
template <typename Archive>
void transfer(Archive& archive, DnsFacts& facts) {
  auto& [seen, query, query_type, response, asked, rcode, answers, aliases, alpn, engine, safe_name, ech] =
      facts;
  fields(archive, seen, query, query_type, response, asked, rcode, answers, aliases, alpn, engine, safe_name,
         ech);
}
template <typename Archive>
void transfer(Archive& archive, Attachment& part) {
  auto& [name, other_name, declared, type, bytes, sha256, encrypted] = part;
  fields(archive, name, other_name, declared, type, bytes, sha256, encrypted);
}
template <typename Archive>
void transfer(Archive& archive, MailMessage& message) {
  auto& [way, from, to, cc, subject, message_id, date, mailer, attachments, attachments_left_out, bytes,
         encrypted, headers_done, done, cut] = message;
  fields(archive, way, from, to, cc, subject, message_id, date, mailer, attachments, attachments_left_out,
         bytes, encrypted, headers_done, done, cut);
}
template <typename Archive>
void transfer(Archive& archive, MailFacts& facts) {
  auto& [seen, protocol, helo, sender, recipients, pending_recipient, starttls_offered, starttls_used, mailer,
         server_banner, user, visibility, provider, smuggling, messages, messages_begun, message] = facts;
  fields(archive, seen, protocol, helo, sender, recipients, pending_recipient, starttls_offered,
         starttls_used, mailer, server_banner, user, visibility, provider, smuggling, messages,
         messages_begun, message);
}
template <typename Archive>
void transfer(Archive& archive, SshFacts& facts) {
  auto& [seen, client_banner, server_banner, hassh, hassh_server] = facts;
  fields(archive, seen, client_banner, server_banner, hassh, hassh_server);
}
template <typename Archive>
void transfer(Archive& archive, DhcpFacts& facts) {
  auto& [seen, fingerprint, host_name, vendor_class] = facts;
  fields(archive, seen, fingerprint, host_name, vendor_class);
}
template <typename Archive>
void transfer(Archive& archive, SoftwareFact& fact) {
  auto& [product, version, evidence, confidence] = fact;
  fields(archive, product, version, evidence, confidence);
}
template <typename Archive>
void transfer(Archive& archive, RuleHit& hit) {
  auto& [rule, section, severity, action, would_block, object, tell_user] = hit;
  fields(archive, rule, section, severity, action, would_block, object, tell_user);
}
template <typename Archive>
void transfer(Archive& archive, DecisionStep& step) {
  auto& [section, rule, matched, why] = step;
  fields(archive, section, rule, matched, why);
}
template <typename Archive>
void transfer(Archive& archive, QuotaMet& met) {
  auto& [fact, used_up, counts] = met;
  auto& [rule, subject, period_ends, used] = fact;
  fields(archive, rule, subject, period_ends, used.bytes, used.seconds, used.flows, used.messages, used_up,
         counts);
}
template <typename Archive>
void transfer(Archive& archive, QuotaAccount& account) {
  auto& [bytes, bytes_said, messages_said, rules, ending] = account;
  fields(archive, bytes, bytes_said, messages_said, rules, ending);
}
template <typename Archive>
void transfer(Archive& archive, DnsUse& use) {
  auto& [domain, questions, carrying, entropy, bytes, longest, no_such_name] = use;
  fields(archive, domain, questions, carrying, entropy, bytes, longest, no_such_name);
}
template <typename Archive>
void transfer(Archive& archive, DnsAccount& account) {
  auto& [questions, unsaid] = account;
  fields(archive, questions, unsaid);
}
template <typename Archive>
void transfer(Archive& archive, ClickThrough& click) {
  auto& [rule, ends] = click;
  fields(archive, rule, ends);
}
template <typename Archive>
void transfer(Archive& archive, Decision& decision) {
  auto& [action, revision, limit, moderate, tell_user, group, rule, hits, exception, clicked_through,
         lifted_until, quotas, path] = decision;
  fields(archive, action, revision, limit.bytes_s, limit.per_client, moderate, tell_user, group, rule, hits,
         exception, clicked_through, lifted_until, quotas, path);
}
template <typename Archive>
void transfer(Archive& archive, IdentifiedTraces& traces) {
  auto& [last] = traces;
  fields(archive, last);
}
template <typename Archive>
void transfer(Archive& archive, ClientFacts& facts) {
  auto& [host_name, host_name_source, user, user_source, behind_router] = facts;
  fields(archive, host_name, host_name_source, user, user_source, behind_router);
}
template <typename Archive>
void transfer(Archive& archive, FlowFacts& facts) {
  auto& [tuple, tunnel, vlan, inner_vlans, client_mac, initiator_inside, started, host, host_source, dns_name,
         dns_name_told, dns_name_ech, encrypted_dns, client_identity, tls, http, proxies, dns, mail, ssh,
         dhcp, master, app, confidence, app_final, names_final, country, asn, as_org, software] = facts;
  fields(archive, tuple, vlan, inner_vlans, client_mac, initiator_inside, started, host, host_source,
         dns_name, dns_name_told, dns_name_ech, encrypted_dns, client_identity, proxies, master, app,
         confidence, app_final, names_final, country, asn, as_org, software);
  archive.group(tunnel);
  archive.group(tls);
  archive.group(http);
  archive.group(dns);
  archive.group(mail);
  archive.group(ssh);
  archive.group(dhcp);
}
template <typename Archive>
void transfer(Archive& archive, FlowContext& flow) {
  auto& [generation, pair, number, midstream, icmp_seen, icmp_type, icmp_code, facts, client, identity_state,
         traces, inspector, ndpi, custom, heads, responses, bytes_held, skips, owed, held_to, renumbering,
         going_on, decision, account, dns, decided_at, judged_under, final, final_action, level, exception,
         exception_action, exceptions, opened_said, news, message_said, messages_said, last_said, hits_said,
         hits_unsaid] = flow;
  static_cast<void>(std::tie(identity_state, inspector, ndpi, heads, bytes_held, skips, owed, held_to,
                             renumbering, going_on));
  fields(archive, generation, pair, number, midstream, icmp_seen, icmp_type, icmp_code, facts, client, traces,
         custom, responses, decision, account, dns, decided_at, judged_under, final, final_action, level,
         exception, exception_action, exceptions, opened_said, news, message_said, messages_said, last_said,
         hits_said, hits_unsaid);
}

}  // namespace

SettledFlow SettledFlow::pack(FlowContext& flow) {
  thread_local std::vector<std::uint8_t> packed;  // keeps its room
  packed.clear();
  Packer packer(packed);
  transfer(packer, flow);
  SettledFlow settled;
  settled.bytes_ = std::make_unique_for_overwrite<std::uint8_t[]>(packed.size());
  settled.size_ = static_cast<std::uint32_t>(packed.size());
  settled.generation_ = flow.generation;
  std::copy(packed.begin(), packed.end(), settled.bytes_.get());
  return settled;
}

void SettledFlow::unpack_into(FlowContext& flow) {
  Unpacker unpacker(bytes());
  transfer(unpacker, flow);
  clear();
}

}  // namespace weir::classifier
