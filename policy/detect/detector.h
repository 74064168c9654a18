// SPDX-License-Identifier: Apache-2.0
// What a detector is: it looks at events, says what is to be counted or noted about whom, and judges the
// sums. One file each; none keeps a state of its own, so that any engine may judge what another counted.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/detect/round.h"
#include "policy/detect/sight.h"
#include "policy/lang/detectors.h"
#include "policy/store/detect_store.h"

namespace weir::policy {

/// A violation, as its detector says it.
struct Alarm {
  std::string subject;
  std::string object;
  std::string text;
  std::string flow{};  // empty: those of the window, or none
};

struct Judged {
  const Counted& counted;
  const DetectWindow& window;
};

class Detector {
 public:
  Detector(DetectorSettings settings, const DetectContext& context)
      : settings_(std::move(settings)), context_(context) {}
  Detector(const Detector&) = delete;
  Detector& operator=(const Detector&) = delete;
  virtual ~Detector() = default;

  [[nodiscard]] const DetectorSettings& settings() const { return settings_; }
  /// The client's group and the name are not among those left out.
  [[nodiscard]] bool looks_at(const Sight& sight) const;

  virtual void see(const Sight& sight, DetectRound& round) const = 0;
  /// What the sums of a window say; asked of a window whenever something was added.
  [[nodiscard]] virtual Result<std::optional<Alarm>> judge(const Judged& judged, DetectStore& store) const;
  /// Takes up what was noted; may count it in `round`.
  [[nodiscard]] virtual Result<std::vector<Alarm>> know(const Noted& noted, DetectStore& store,
                                                        DetectRound& round) const;

 protected:
  [[nodiscard]] bool leaves_out(std::string_view name) const;
  [[nodiscard]] std::string name() const { return std::string(to_string(settings_.kind)); }
  /// "10m".
  [[nodiscard]] std::string within() const;
  [[nodiscard]] const DetectContext& context() const { return context_; }

  /// Learning about the subject begins with its first event.
  void watch(const std::string& subject, const Sight& sight, DetectRound& round) const;
  enum class News : std::uint8_t { kKnown, kLearned, kNew };
  /// Whether a thing was noted for the first time, and then after the subject has been learned about for long
  /// enough. A subject is everybody (empty) or a client; of the beginning of its watch it is kKnown.
  [[nodiscard]] Result<News> news_of(const Noted& noted, DetectStore& store) const;

 private:
  DetectorSettings settings_;
  const DetectContext& context_;
};

using DetectorPtr = std::unique_ptr<Detector>;

/// Each is in the file of its name.
[[nodiscard]] DetectorPtr make_new_software(DetectorSettings settings, const DetectContext& context);
[[nodiscard]] DetectorPtr make_unauthorised_software(DetectorSettings settings, const DetectContext& context);
[[nodiscard]] DetectorPtr make_old_version(DetectorSettings settings, const DetectContext& context);
[[nodiscard]] DetectorPtr make_product_gone(DetectorSettings settings, const DetectContext& context);
[[nodiscard]] DetectorPtr make_updates_overdue(DetectorSettings settings, const DetectContext& context);
[[nodiscard]] DetectorPtr make_new_device(DetectorSettings settings, const DetectContext& context);
[[nodiscard]] DetectorPtr make_mail_burst(DetectorSettings settings, const DetectContext& context);
[[nodiscard]] DetectorPtr make_many_recipients(DetectorSettings settings, const DetectContext& context);
[[nodiscard]] DetectorPtr make_direct_to_mx(DetectorSettings settings, const DetectContext& context);
[[nodiscard]] DetectorPtr make_mail_to_new_domains(DetectorSettings settings, const DetectContext& context);
[[nodiscard]] DetectorPtr make_after_hours(DetectorSettings settings, const DetectContext& context);
[[nodiscard]] DetectorPtr make_new_country(DetectorSettings settings, const DetectContext& context);
[[nodiscard]] DetectorPtr make_new_network(DetectorSettings settings, const DetectContext& context);
[[nodiscard]] DetectorPtr make_dns_tunnel(DetectorSettings settings, const DetectContext& context);
[[nodiscard]] DetectorPtr make_generated_names(DetectorSettings settings, const DetectContext& context);
[[nodiscard]] DetectorPtr make_beacon(DetectorSettings settings, const DetectContext& context);
[[nodiscard]] DetectorPtr make_many_blocks(DetectorSettings settings, const DetectContext& context);
[[nodiscard]] DetectorPtr make_uninspected(DetectorSettings settings, const DetectContext& context);
[[nodiscard]] DetectorPtr make_slow_server(DetectorSettings settings, const DetectContext& context);
[[nodiscard]] DetectorPtr make_slow_link(DetectorSettings settings, const DetectContext& context);
/// That of the kind of its settings.
[[nodiscard]] DetectorPtr make_detector(DetectorSettings settings, const DetectContext& context);

}  // namespace weir::policy
