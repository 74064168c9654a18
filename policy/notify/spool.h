// SPDX-License-Identifier: Apache-2.0
// Messages between who has the store and who has the network: a folder for each receiver, a file for each
// message. The engine puts messages in, weir-notify takes them out. A message is in exactly one of the
// folders waiting, sent and failed, and goes from one to the other by a rename, so that it counts once
// whenever either process dies.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "policy/model/error.h"
#include "policy/model/time.h"

namespace weir::notify {

inline constexpr std::size_t kMessageBytesMax = 16U << 20U;  // of a file, with its attachment
inline constexpr std::size_t kWaitingMax = 64;               // messages of one receiver
inline constexpr std::size_t kEndedKept = 100;  // messages of one receiver in sent, and in failed

struct Attachment {
  std::string name;
  std::string type;  // "application/pdf"
  std::string content;
};

struct Message {
  std::string key;  // the same whenever it is tried; also the name of its file
  std::string receiver;
  TimeNs made = 0;
  std::string title;  // of a mail, ASCII
  std::string body;   // text of a mail, JSON of a webhook, one line a syslog message
  std::optional<Attachment> attachment{};
};

/// How the sender stands with a receiver.
struct Progress {
  std::string key;  // of the message that is tried; empty: none is
  std::uint32_t tries = 0;
  TimeNs next_try = 0;
  std::string error;  // of the last try; empty: it went well
  std::uint64_t sent = 0;
  std::uint64_t failed = 0;
  TimeNs last_sent = 0;
};

enum class Box : std::uint8_t { kWaiting, kSent, kFailed };

/// Sorts by time; [a-z0-9-].
[[nodiscard]] std::string message_key(TimeNs made, const std::string& appliance, const std::string& receiver);

/// Held by one composer at a time; let go with the object.
class SpoolLock {
 public:
  explicit SpoolLock(int descriptor) : descriptor_(descriptor) {}
  ~SpoolLock();
  SpoolLock(SpoolLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  SpoolLock& operator=(SpoolLock&&) = delete;
  [[nodiscard]] bool held() const { return descriptor_ >= 0; }

 private:
  int descriptor_;  // -1: somebody else has it
};

class Spool {
 public:
  explicit Spool(std::string directory) : directory_(std::move(directory)) {}

  /// On disk when it returns. A key that is in any folder already: nothing is done. kLimit: too long, or too
  /// many wait.
  [[nodiscard]] Result<void> put(const Message& message) const;
  /// Names of the files, oldest first; empty where there is no folder yet.
  [[nodiscard]] std::vector<std::string> keys(const std::string& receiver, Box box) const;
  /// kNotFound: there is no such message. kCorrupt: it is damaged.
  [[nodiscard]] Result<Message> read(const std::string& receiver, Box box, const std::string& key) const;
  /// From waiting into `box`, of which the oldest go when there are more than kEndedKept.
  [[nodiscard]] Result<void> end(const std::string& receiver, const std::string& key, Box box) const;

  /// The default where there is none, or it is damaged.
  [[nodiscard]] Progress progress(const std::string& receiver) const;
  [[nodiscard]] Result<void> save(const std::string& receiver, const Progress& progress) const;
  [[nodiscard]] Result<SpoolLock> lock() const;
  /// Makes the folders of a receiver where they are missing.
  [[nodiscard]] Result<void> prepare(const std::string& receiver) const;

 private:
  [[nodiscard]] std::string folder(const std::string& receiver, Box box) const;
  [[nodiscard]] std::string file(const std::string& receiver, Box box, const std::string& key) const;

  std::string directory_;
};

}  // namespace weir::notify
