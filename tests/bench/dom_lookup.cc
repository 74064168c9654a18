// SPDX-License-Identifier: Apache-2.0
// dom.lookup: how long it takes to say whether a host name or one of its parents is listed, against
// std::unordered_set asked for each suffix and libmarisa asked for the prefixes of the reversed name. All
// three hold the same names and answer the same queries, drawn without repetition from the whole, so that
// what is asked is seldom in a cache. A figure is nanoseconds a name.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <marisa.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <unordered_set>
#include <vector>

#include "policy/categories/category_builder.h"
#include "policy/categories/category_file.h"
#include "tests/bench/name_maker.h"

namespace weir::bench {
namespace {

using policy::CategoryFile;
using Names = std::vector<std::string>;

/// Names one behind the other, so that reading what is asked costs no cache miss of its own: a name that a
/// parser has just made lies in the cache.
class Queries {
 public:
  void add(std::string_view name) {
    starts_.push_back(static_cast<std::uint32_t>(text_.size()));
    text_ += name;
  }
  [[nodiscard]] std::string_view operator[](std::size_t i) const {
    const std::size_t end = i + 1 < starts_.size() ? starts_[i + 1] : text_.size();
    return {text_.data() + starts_[i], end - starts_[i]};
  }

 private:
  std::string text_;
  std::vector<std::uint32_t> starts_;
};

enum class Query : std::uint8_t { kHit, kMiss, kDeep };
constexpr std::size_t kQueries = 1U << 18U;

/// One size's names, in all three forms.
struct Bed {
  explicit Bed(std::size_t count) {
    NameMaker maker;
    std::unordered_set<std::string> names;
    while (names.size() < count) names.insert(maker.listed());
    listed.assign(names.begin(), names.end());
    std::sort(listed.begin(), listed.end());
    std::shuffle(listed.begin(), listed.end(), std::mt19937_64{1});
    for (std::size_t i = 0; i < kQueries; ++i) {
      const std::string& one = listed[maker.below(listed.size())];
      queries[0].add(i % 2 == 0 ? one : "www." + one);
      queries[1].add((i % 2 == 0 ? "" : "www.") + maker.listed());
      queries[2].add(
          fmt::format("a.b.{}.c.{}.{}", maker.label(), maker.label(), i % 2 == 0 ? one : maker.listed()));
    }
  }

  const CategoryFile& file() {
    if (file_) return *file_;
    policy::CategoryBuilder builder;
    std::array<std::uint16_t, 8> lists{};
    for (std::uint16_t& list : lists) list = builder.add_list({"c", "bench", "plain", "", 0, 0}).value();
    const auto begin = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < listed.size(); ++i)
      static_cast<void>(builder.add(lists[i % 8], listed[i], false));
    const std::string bytes = builder.build(0).value();
    build_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const std::string path =
        std::filesystem::temp_directory_path() / fmt::format("weir-bench-{}.wcat", getpid());
    std::ofstream(path, std::ios::binary) << bytes;
    const auto load = std::chrono::steady_clock::now();
    file_ = CategoryFile::open(path).value();
    load_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - load).count();
    std::filesystem::remove(path);
    return *file_;
  }

  const std::unordered_set<std::string_view>& set() {
    if (set_.empty()) set_.insert(listed.begin(), listed.end());
    return set_;
  }

  const marisa::Trie& trie() {
    if (!trie_.empty_) return trie_.trie;
    marisa::Keyset keys;
    for (const std::string& name : listed) {
      const std::string reversed(name.rbegin(), name.rend());
      keys.push_back(reversed.data(), reversed.size());
    }
    trie_.trie.build(keys);
    trie_.empty_ = false;
    return trie_.trie;
  }

  Names listed;
  std::array<Queries, 3> queries;  // by Query
  double build_s = 0;
  double load_ms = 0;

 private:
  struct Trie {
    bool empty_ = true;
    marisa::Trie trie;
  };
  std::optional<CategoryFile> file_;
  std::unordered_set<std::string_view> set_;
  Trie trie_;
};

Bed& bed(std::size_t count) {
  static std::unique_ptr<Bed> held;
  if (!held || held->listed.size() != count) {
    held.reset();
    held = std::make_unique<Bed>(count);
  }
  return *held;
}

struct Weir {
  explicit Weir(Bed& from) : file(from.file()) {}
  std::size_t hits(std::string_view name) const {
    std::size_t found = 0;
    file.lookup(name, [&](const policy::CategoryHit&) { ++found; });
    return found;
  }
  const CategoryFile& file;
};

struct UnorderedSet {
  explicit UnorderedSet(Bed& from) : set(from.set()) {}
  std::size_t hits(std::string_view name) const {
    std::size_t found = 0;
    for (;;) {
      found += set.count(name);
      const std::size_t dot = name.find('.');
      if (dot == std::string_view::npos) return found;
      name.remove_prefix(dot + 1);
    }
  }
  const std::unordered_set<std::string_view>& set;
};

struct Marisa {
  explicit Marisa(Bed& from) : trie(from.trie()) {}
  std::size_t hits(std::string_view name) {
    std::reverse_copy(name.begin(), name.end(), reversed.begin());
    agent.set_query(reversed.data(), name.size());
    std::size_t found = 0;
    while (trie.common_prefix_search(agent)) {
      const std::size_t length = agent.key().length();
      found += length == name.size() || reversed[length] == '.';
    }
    return found;
  }
  const marisa::Trie& trie;
  marisa::Agent agent;
  std::array<char, 256> reversed{};
};

/// What a structure finds must be what the others find.
void check(benchmark::State& state, Bed& from, Query query, std::size_t hits) {
  const UnorderedSet reference{from};
  std::size_t expected = 0;
  const Queries& queries = from.queries[static_cast<std::size_t>(query)];
  for (std::size_t i = 0; i < kQueries; ++i) expected += reference.hits(queries[i]);
  if (hits != expected) state.SkipWithError(fmt::format("{} hits, not {}", hits, expected).c_str());
}

template <typename Structure>
void scalar(benchmark::State& state, Query query) {
  Bed& from = bed(static_cast<std::size_t>(state.range(0)));
  Structure structure{from};
  const Queries& queries = from.queries[static_cast<std::size_t>(query)];
  std::size_t all = 0;
  for (std::size_t i = 0; i < kQueries; ++i) all += structure.hits(queries[i]);
  check(state, from, query, all);
  std::size_t at = 0;
  std::size_t found = 0;
  for (auto _ : state) {
    found += structure.hits(queries[at]);
    at = (at + 1) % kQueries;
  }
  benchmark::DoNotOptimize(found);
}

void batch(benchmark::State& state, Query query) {
  Bed& from = bed(static_cast<std::size_t>(state.range(0)));
  const CategoryFile& file = from.file();
  const Queries& queries = from.queries[static_cast<std::size_t>(query)];
  std::array<std::string_view, CategoryFile::kBatch> names;
  std::size_t found = 0;
  const auto ask = [&](std::size_t at) {
    for (std::size_t i = 0; i < names.size(); ++i) names[i] = queries[at + i];
    file.lookup_batch(names, [&](std::size_t, const policy::CategoryHit&) { ++found; });
  };
  for (std::size_t at = 0; at < kQueries; at += CategoryFile::kBatch) ask(at);
  check(state, from, query, found);
  std::size_t at = 0;
  while (state.KeepRunningBatch(CategoryFile::kBatch)) {
    ask(at);
    at = (at + CategoryFile::kBatch) % kQueries;
  }
  benchmark::DoNotOptimize(found);
}

/// Not a time: bytes a domain, and how long it takes to build and to load.
void cost(benchmark::State& state) {
  Bed& from = bed(static_cast<std::size_t>(state.range(0)));
  const CategoryFile& file = from.file();
  for (auto _ : state) continue;
  const auto per_domain = [&](std::size_t bytes) {
    return static_cast<double>(bytes) / static_cast<double>(file.domains());
  };
  state.counters["index_B"] = per_domain(file.index_bytes());
  state.counters["file_B"] = per_domain(file.file_bytes());
  state.counters["marisa_B"] = per_domain(from.trie().io_size());
  state.counters["build_s"] = from.build_s;
  state.counters["load_ms"] = from.load_ms;
}

/// One dependent read after another, anywhere in as much memory as the file has: what a single cache miss
/// costs here.
void memory(benchmark::State& state) {
  const std::size_t words = bed(static_cast<std::size_t>(state.range(0))).file().file_bytes() / 64;
  struct alignas(64) Line {
    std::size_t next = 0;
  };
  std::vector<Line> lines(words);
  for (std::size_t i = 0; i < words; ++i) lines[i].next = i;
  std::mt19937_64 dice{3};
  for (std::size_t i = words - 1; i > 0; --i) std::swap(lines[i].next, lines[dice() % i].next);  // one cycle
  std::size_t at = 0;
  for (auto _ : state) at = lines[at].next;
  benchmark::DoNotOptimize(at);
}

void add_all() {
  constexpr std::array<std::pair<Query, const char*>, 3> kAll{
      {{Query::kHit, "hit"}, {Query::kMiss, "miss"}, {Query::kDeep, "deep"}}};
  for (const std::int64_t size : {1'000, 10'000, 100'000, 1'000'000, 5'000'000}) {
    const auto add = [&](const std::string& name, auto&& run) {
      benchmark::RegisterBenchmark(name.c_str(), run)->Arg(size);
    };
    for (const auto& [query, word] : kAll) {
      const Query asked = query;
      add(fmt::format("{}/weir", word), [asked](benchmark::State& state) { scalar<Weir>(state, asked); });
      add(fmt::format("{}/weir_batch", word), [asked](benchmark::State& state) { batch(state, asked); });
      add(fmt::format("{}/unordered_set", word),
          [asked](benchmark::State& state) { scalar<UnorderedSet>(state, asked); });
      add(fmt::format("{}/marisa", word), [asked](benchmark::State& state) { scalar<Marisa>(state, asked); });
    }
    add("memory", memory);
    benchmark::RegisterBenchmark("cost", cost)->Arg(size)->Iterations(1);
  }
}

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
  weir::bench::add_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
