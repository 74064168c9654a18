// SPDX-License-Identifier: Apache-2.0
// Second stage: IP fragments are held until their datagram is whole. Then it goes on through the other stages
// as one packet of the batch, a bundle: a copy of the whole datagram with the fragments, as they came and in
// the order of their arrival, chained behind it. What is judged is the copy; what leaves, is dropped or waits
// is the fragments (see Transmitter). What never becomes whole follows the exception table.
//
// A batch without fragments pays one comparison.
#pragma once

#include <vector>

#include "dataplane/flow/fragment_table.h"
#include "dataplane/pipeline/batch.h"
#include "dataplane/pipeline/path.h"

namespace weir::dataplane {

class FragmentStage {
 public:
  FragmentStage(Path& path, const PipelineOptions& options);
  ~FragmentStage();
  FragmentStage(const FragmentStage&) = delete;
  FragmentStage& operator=(const FragmentStage&) = delete;

  void operator()(Batch& batch, TimeNs now) noexcept {
    if (batch.fragments > 0) hold_or_complete(batch, now);
  }
  /// Ends datagrams that did not become whole in time, the oldest first.
  void expire(TimeNs now) noexcept;
  /// The same for all of them, whatever their age.
  void end_all() noexcept;
  void shift_time(TimeNs step) noexcept { table_.shift_time(step); }

  [[nodiscard]] std::uint32_t held() const noexcept { return table_.held_count(); }
  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return table_.memory_bytes() + packets_.size() * sizeof(rte_mbuf*);
  }

 private:
  void hold_or_complete(Batch& batch, TimeNs now) noexcept;
  void take(Batch& batch, std::size_t i, TimeNs now) noexcept;
  void complete(Batch& batch, std::size_t i, std::uint32_t datagram) noexcept;
  /// Its datagram, old or new; what is oldest gives way to it.
  [[nodiscard]] std::uint32_t make_room(const Fragment& fragment, TimeNs now) noexcept;
  /// nullptr: no buffer for it.
  [[nodiscard]] rte_mbuf* copy_whole(const Datagram& datagram) noexcept;
  void parse_whole(Batch& batch, std::size_t i) noexcept;
  /// What is held of a datagram leaves, each fragment by the exception table.
  void end_by_cause(std::uint32_t datagram, ExceptionCause cause) noexcept;
  void drop_overlapping(std::uint32_t datagram) noexcept;

  Path& path_;
  FragmentTable table_;
  std::vector<rte_mbuf*> packets_;  // by the index of the held fragment
  TimeNs timeout_;
  rte_mempool* large_;
};

}  // namespace weir::dataplane
