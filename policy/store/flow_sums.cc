// SPDX-License-Identifier: Apache-2.0
#include "policy/store/flow_sums.h"

#include <algorithm>
#include <compare>
#include <cstring>
#include <map>
#include <set>

#include "policy/store/statement.h"

namespace weir::policy {
namespace {

constexpr TimeNs kAheadMax = 60 * kSecond;
constexpr std::size_t kRowsAtOnce = 1'000;

TimeNs begin_of(TimeNs at, TimeNs length) { return at / length * length; }

TimeNs kept_for(const StoreLimits& limits, TimeNs length) {
  return length == kSumMinute ? limits.keep_minutes
         : length == kSumHour ? limits.keep_hours
                              : limits.keep_days;
}

/// One length of time that began at one moment.
struct Slot {
  TimeNs length = 0;
  TimeNs begins = 0;
  auto operator<=>(const Slot&) const = default;
};

using Name = std::pair<std::string, std::string>;  // dimension, name; kind, server and service below
using ServerName = std::tuple<std::string, std::string, std::string>;

void add_slot(Statement& statement, const Slot& slot) {
  statement << "length_s = " << std::to_string(slot.length / kSecond) << " AND begins_ns = ";
  statement.value(Integer{slot.begins});
}

/// How many names each dimension or kind has in that slot.
std::map<std::string, Integer> names_in(Store::Connection& store, const Slot& slot, std::string_view table,
                                        std::string_view group) {
  std::map<std::string, Integer> counts;
  Statement select(store);
  select << "SELECT " << group << ", COUNT(*) FROM " << table << " WHERE ";
  add_slot(select, slot);
  select << " GROUP BY " << group;
  std::string name;
  Integer count = 0;
  select.into(name).into(count);
  while (select.fetch()) counts[name] = count;
  return counts;
}

/// Names that are too many are counted under kOtherObjects.
template <typename Key, typename Sum, typename IsKnown, typename Rename>
std::map<Key, Sum> within_limit(std::map<Key, Sum> sums, std::map<std::string, Integer> counts, Integer limit,
                                const IsKnown& is_known, const Rename& rename) {
  std::map<Key, Sum> kept;
  for (auto& [key, sum] : sums) {
    Key place = key;
    if (!is_known(key)) {
      Integer& count = counts[std::get<0>(key)];
      if (count >= limit) {
        rename(place);
      } else {
        ++count;
      }
    }
    kept[place].add(sum);
  }
  return kept;
}

std::set<Name> known_names(Store::Connection& store, const Slot& slot, const std::map<Name, UsageSum>& sums) {
  std::set<Name> known;
  Statement select(store);
  select << "SELECT u.dimension, u.name FROM (VALUES ";
  for (const auto& [key, sum] : sums) select.row({key.first, key.second});
  select << ") AS k CROSS JOIN usage_sums u WHERE u.dimension = k.column1 AND u.name = k.column2 AND ";
  add_slot(select, slot);
  Name name;
  select.into(name.first).into(name.second);
  while (select.fetch()) known.insert(name);
  return known;
}

void write_usage(Store::Connection& store, const Slot& slot, std::map<Name, UsageSum> sums) {
  const std::set<Name> known = known_names(store, slot, sums);
  if (known.size() < sums.size()) {
    sums = within_limit(
        std::move(sums), names_in(store, slot, "usage_sums", "dimension"), store.limits.sum_names,
        [&](const Name& key) { return known.contains(key); }, [](Name& key) { key.second = kOtherObjects; });
  }
  Statement insert(store);
  insert
      << "INSERT INTO usage_sums (length_s, begins_ns, dimension, name, flows, bytes_up, bytes_down) VALUES ";
  for (const auto& [key, sum] : sums) {
    insert.row({Integer{slot.length / kSecond}, Integer{slot.begins}, key.first, key.second,
                static_cast<Integer>(sum.flows), static_cast<Integer>(sum.bytes_up),
                static_cast<Integer>(sum.bytes_down)});
  }
  insert << " ON CONFLICT (length_s, begins_ns, dimension, name) DO UPDATE SET"
            " flows = usage_sums.flows + excluded.flows, bytes_up = usage_sums.bytes_up + excluded.bytes_up,"
            " bytes_down = usage_sums.bytes_down + excluded.bytes_down";
  insert.run();
}

/// The columns of a ServerSum as SOCI fills them.
struct ServerRow {
  Integer flows = 0, bytes = 0, packets = 0, retransmitted = 0;
  std::string round_trips, responses;

  static std::string columns(const Dialect& dialect) {
    return "flows, bytes, packets, retransmitted, " + blob_column(dialect, "round_trips") + ", " +
           blob_column(dialect, "responses");
  }
  void into(Statement& select) {
    select.into(flows).into(bytes).into(packets).into(retransmitted).into(round_trips).into(responses);
  }
  [[nodiscard]] ServerSum sum() const {
    return {static_cast<std::uint64_t>(flows),
            static_cast<std::uint64_t>(bytes),
            static_cast<std::uint64_t>(packets),
            static_cast<std::uint64_t>(retransmitted),
            LogHistogram::from_bytes(bytes_of(round_trips)),
            LogHistogram::from_bytes(bytes_of(responses))};
  }
};

/// What the slot has of these so far.
std::map<ServerName, ServerSum> present_servers(Store::Connection& store, const Slot& slot,
                                                const std::map<ServerName, ServerSum>& sums) {
  std::map<ServerName, ServerSum> present;
  Statement select(store);
  select << "SELECT kind, server, service, " << ServerRow::columns(*store.dialect) << " FROM (VALUES ";
  for (const auto& [key, sum] : sums) select.row({std::get<0>(key), std::get<1>(key), std::get<2>(key)});
  select << ") AS k CROSS JOIN server_sums WHERE kind = k.column1 AND server = k.column2 AND"
            " service = k.column3 AND ";
  add_slot(select, slot);
  ServerName name;
  ServerRow row;
  select.into(std::get<0>(name)).into(std::get<1>(name)).into(std::get<2>(name));
  row.into(select);
  while (select.fetch()) present[name] = row.sum();
  return present;
}

void write_servers(Store::Connection& store, const Slot& slot, std::map<ServerName, ServerSum> sums) {
  std::map<ServerName, ServerSum> present = present_servers(store, slot, sums);
  if (present.size() < sums.size()) {
    sums = within_limit(
        std::move(sums), names_in(store, slot, "server_sums", "kind"), store.limits.sum_names,
        [&](const ServerName& key) { return present.contains(key); },
        [](ServerName& key) {
          key = {std::get<0>(key), kOtherObjects, ""};
        });
    present = present_servers(store, slot, sums);
  }
  Statement insert(store);
  insert << "INSERT INTO server_sums (length_s, begins_ns, kind, server, service, flows, bytes, packets,"
            " retransmitted, round_trips, responses) VALUES ";
  for (auto& [key, sum] : sums) {
    if (const auto before = present.find(key); before != present.end()) sum.add(before->second);
    insert.begin_row().next().value(Integer{slot.length / kSecond}).next().value(Integer{slot.begins});
    for (const std::string& text : {std::get<0>(key), std::get<1>(key), std::get<2>(key)})
      insert.next().value(text);
    for (const std::uint64_t number : {sum.flows, sum.bytes, sum.packets, sum.retransmitted})
      insert.next().value(static_cast<Integer>(number));
    insert.next().bytes(sum.round_trips.bytes()).next().bytes(sum.responses.bytes()).end_row();
  }
  insert << " ON CONFLICT (length_s, begins_ns, kind, server, service) DO UPDATE SET flows = excluded.flows,"
            " bytes = excluded.bytes, packets = excluded.packets, retransmitted = excluded.retransmitted,"
            " round_trips = excluded.round_trips, responses = excluded.responses";
  insert.run();
}

/// In portions that fit a statement.
template <typename Key, typename Sum, typename Write>
void in_portions(std::map<Key, Sum>&& all, const Write& write) {
  std::map<Key, Sum> some;
  for (auto& one : all) {
    some.insert(std::move(one));
    if (some.size() < kRowsAtOnce) continue;
    write(std::exchange(some, {}));
  }
  if (!some.empty()) write(std::move(some));
}

/// Each length of time whose sums are still kept, of a minute.
std::vector<Slot> slots_of(const StoreLimits& limits, TimeNs minute, TimeNs now) {
  std::vector<Slot> slots;
  const TimeNs at = minute > now + kAheadMax ? now : minute;
  for (const TimeNs length : kSumLengths) {
    if (at >= now - kept_for(limits, length)) slots.push_back({length, begin_of(at, length)});
  }
  return slots;
}

void forget_old(Store::Connection& store, TimeNs now) {
  if (now - store.sums_looked_through < kSumMinute && store.sums_looked_through <= now) return;
  store.sums_looked_through = now;
  for (const TimeNs length : kSumLengths) {
    for (const std::string_view table : {"usage_sums", "server_sums"}) {
      Statement trim(store);
      trim << "DELETE FROM " << table << " WHERE length_s = " << std::to_string(length / kSecond)
           << " AND begins_ns < ";
      trim.value(Integer{now - kept_for(store.limits, length) - length}).run();
    }
  }
}

}  // namespace

void UsageSum::add(const UsageSum& more) {
  flows += more.flows;
  bytes_up += more.bytes_up;
  bytes_down += more.bytes_down;
}

void ServerSum::add(const ServerSum& more) {
  flows += more.flows;
  bytes += more.bytes;
  packets += more.packets;
  retransmitted += more.retransmitted;
  round_trips.add(more.round_trips);
  responses.add(more.responses);
}

void FlowSums::join(const Key& key, std::string& into) {
  const auto add = [&](std::string_view text) {  // what is too long to be kept tells no two apart
    const auto bytes = static_cast<std::uint16_t>(std::min(text.size(), kStoreTextBytesMax));
    into.append(reinterpret_cast<const char*>(&bytes), sizeof bytes).append(text.substr(0, bytes));
  };
  into.assign(reinterpret_cast<const char*>(&key.minute), sizeof key.minute);
  add(key.kind);
  add(key.name);
  add(key.service);
}

FlowSums::Key FlowSums::split(std::string_view joined) {
  Key key;
  const auto take = [&] {
    std::uint16_t bytes = 0;
    std::memcpy(&bytes, joined.data(), sizeof bytes);
    const std::string_view text = joined.substr(sizeof bytes, bytes);
    joined.remove_prefix(sizeof bytes + bytes);
    return text;
  };
  std::memcpy(&key.minute, joined.data(), sizeof key.minute);
  joined.remove_prefix(sizeof key.minute);
  key.kind = take();
  key.name = take();
  key.service = take();
  return key;
}

void FlowSums::add(const FlowSample& sample) {
  const TimeNs minute = begin_of(sample.ended, kSumMinute);
  const auto use = [&](const char* dimension, std::string_view name) {
    if (!name.empty()) of(usage_, {minute, dimension, name, {}}).add(sample.usage);
  };
  use(kByClient, sample.client);
  use(kByApplication, sample.application.empty() ? "unknown" : sample.application);
  for (const std::string_view category : sample.categories) use(kByCategory, category);
  for (const std::string_view rule : sample.rules) use(kByRule, rule);
  const auto serve = [&](const char* kind, std::string_view name, std::string_view service) {
    if (name.empty()) return;
    ServerSum& sum = of(servers_, {minute, kind, name, service});
    ++sum.flows;
    sum.bytes += sample.bytes;
    sum.packets += sample.packets;
    sum.retransmitted += sample.retransmitted;
    if (sample.round_trip_us > 0) sum.round_trips.add(sample.round_trip_us);
    sum.responses.add(sample.response_us, sample.responses);
  };
  serve(kServer, sample.server, sample.service);
  serve(kLink, sample.link, {});
}

Result<void> add_flow_sums(Batch& batch, const FlowSums& sums, TimeNs now) {
  return caught("cannot add up flows", [&] {
    Store::Connection& store = batch.work().connection;
    const auto text = [](std::string_view view) { return storable(std::string{view}); };
    std::map<Slot, std::map<Name, UsageSum>> usage;
    for (const auto& [joined, sum] : sums.usage()) {
      const FlowSums::Key key = FlowSums::split(joined);
      for (const Slot& slot : slots_of(store.limits, key.minute, now))
        usage[slot][{std::string{key.kind}, text(key.name)}].add(sum);
    }
    std::map<Slot, std::map<ServerName, ServerSum>> servers;
    for (const auto& [joined, sum] : sums.servers()) {
      const FlowSums::Key key = FlowSums::split(joined);
      for (const Slot& slot : slots_of(store.limits, key.minute, now))
        servers[slot][{std::string{key.kind}, text(key.name), text(key.service)}].add(sum);
    }
    for (auto& of : usage)
      in_portions(std::move(of.second), [&](auto&& some) { write_usage(store, of.first, std::move(some)); });
    for (auto& of : servers)
      in_portions(std::move(of.second),
                  [&](auto&& some) { write_servers(store, of.first, std::move(some)); });
    forget_old(store, now);
  });
}

}  // namespace weir::policy
