// SPDX-License-Identifier: Apache-2.0
// The labeler alone over the reference captures, against what the stock nDPI reader says of the same flows.
// The captures are not part of the repository: WEIR_SHARED_DIR names the directory that has corpus/.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "classifier/ndpi/ndpi_labeler.h"
#include "tests/support/capture.h"

namespace weir::classifier {
namespace {

struct Row {
  std::string master;
  std::string app;
};
using Labels = std::map<std::string, Row>;  // by capture and 5-tuple as the initiator has it

std::string key_of(const std::string& capture, const std::string& l4, const FiveTuple& t) {
  std::ostringstream key;
  key << capture << ' ' << l4 << ' ' << t.initiator.to_string() << ' ' << t.initiator_port << ' '
      << t.responder.to_string() << ' ' << t.responder_port;
  return key.str();
}

std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> out;
  std::stringstream in{line};
  for (std::string cell; std::getline(in, cell, ',');) out.push_back(cell);
  out.resize(11);
  return out;
}

Labels reference_rows(const std::string& csv) {
  Labels rows;
  std::ifstream in{csv};
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    const auto cell = cells(line);
    const auto from = IpAddress::parse(cell[2]);
    const auto to = IpAddress::parse(cell[4]);
    if (cell[9] != "DPI" || !from || !to || (cell[1] != "TCP" && cell[1] != "UDP")) continue;
    FiveTuple tuple{*from, *to, static_cast<std::uint16_t>(std::stoi(cell[3])),
                    static_cast<std::uint16_t>(std::stoi(cell[5])), 0};
    rows[key_of(cell[0], cell[1], tuple)] = {cell[7], cell[8]};
  }
  return rows;
}

/// Labels every TCP and UDP flow of a capture the way the reader does: at the end, undecided flows are
/// guessed.
Labels label_capture(const std::filesystem::path& path) {
  struct Open {
    NdpiLabeler::Flow flow;
    NdpiLabel label;
    FiveTuple tuple;
  };
  auto labeler = NdpiLabeler::create({.packets_max = 32, .guard_pages = false});
  EXPECT_TRUE(labeler);
  std::map<FiveTuple, std::size_t> index;
  std::vector<Open> flows;
  for (const auto& packet : test::read_capture(path.string())) {
    const auto& t = packet.tuple;
    if (t.protocol != kProtocolTcp && t.protocol != kProtocolUdp) continue;
    const FiveTuple reverse{t.responder, t.initiator, t.responder_port, t.initiator_port, t.protocol};
    const bool back = index.contains(reverse);
    const auto [at, fresh] = index.try_emplace(back ? reverse : t, flows.size());
    if (fresh) flows.push_back({.flow = {}, .label = {}, .tuple = t});
    Open& open = flows[at->second];
    if (open.label.final) continue;
    open.label = (*labeler)->feed(
        open.flow,
        {packet.from_l3, packet.l4_offset, packet.payload_offset, packet.payload_bytes, t.protocol,
         packet.tcp_flags, back ? channel::Direction::kFromResponder : channel::Direction::kFromInitiator},
        packet.time);
  }
  Labels rows;
  for (auto& open : flows) {
    if (!open.label.final) open.label = (*labeler)->finish(open.flow);
    const std::string l4 = open.tuple.protocol == kProtocolTcp ? "TCP" : "UDP";
    const FiveTuple& t = open.tuple;
    const FiveTuple reverse{t.responder, t.initiator, t.responder_port, t.initiator_port, t.protocol};
    rows[key_of(path.filename(), l4, t)] = {open.label.master, open.label.app};
    rows.try_emplace(key_of(path.filename(), l4, reverse), Row{open.label.master, open.label.app});
  }
  EXPECT_EQ((*labeler)->flows_active(), 0U);
  return rows;
}

TEST(NdpiCorpus, LabelsAsTheStockReader) {
  const char* shared = std::getenv("WEIR_SHARED_DIR");
  const std::filesystem::path corpus = std::filesystem::path{shared == nullptr ? "" : shared} / "corpus";
  if (shared == nullptr || !std::filesystem::exists(corpus / "ndpi-flows.csv")) {
    GTEST_SKIP() << "WEIR_SHARED_DIR names no directory with corpus/ndpi-flows.csv: NOT TESTED";
  }
  const Labels wanted = reference_rows(corpus / "ndpi-flows.csv");
  ASSERT_GT(wanted.size(), 100U);
  std::size_t compared = 0;
  std::size_t same_master = 0;
  std::size_t same_app = 0;
  std::map<std::string, int> differences;
  for (const auto& file : std::filesystem::directory_iterator{corpus / "ndpi"}) {
    const Labels got = label_capture(file.path());
    for (const auto& [key, row] : got) {
      const auto want = wanted.find(key);
      if (want == wanted.end()) continue;
      ++compared;
      same_master += row.master == want->second.master ? 1U : 0U;
      same_app += row.master == want->second.master && row.app == want->second.app ? 1U : 0U;
      if (row.master != want->second.master || row.app != want->second.app) {
        ++differences[file.path().filename().string() + ": " + want->second.master + "." + want->second.app +
                      " -> " + row.master + "." + row.app];
      }
    }
  }
  for (const auto& [what, count] : differences) std::cerr << count << " x " << what << '\n';
  std::cerr << "compared=" << compared << " of " << wanted.size() << " master=" << same_master
            << " app=" << same_app << '\n';
  EXPECT_GE(compared * 100, wanted.size() * 95);
  EXPECT_GE(same_master * 100, compared * 99);
  EXPECT_GE(same_app * 100, compared * 98);
}

}  // namespace
}  // namespace weir::classifier
