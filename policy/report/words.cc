// SPDX-License-Identifier: Apache-2.0
#include "policy/report/words.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>

namespace weir::report {
namespace {

struct Entry {
  Word word;
  std::string_view english;
  std::string_view french;
};

constexpr std::array kWords{
    Entry{Word::kDailyReport, "Daily report", "Rapport quotidien"},
    Entry{Word::kWeeklyReport, "Weekly report", "Rapport hebdomadaire"},
    Entry{Word::kMonthlyReport, "Monthly report", "Rapport mensuel"},
    Entry{Word::kAppliance, "Appliance", "Appareil"},
    Entry{Word::kPeriod, "Period", "Période"},
    Entry{Word::kComparedWith, "Compared with", "Comparée à"},
    Entry{Word::kGenerated, "Generated", "Établi le"},
    Entry{Word::kGroup, "Group", "Groupe"},
    Entry{Word::kAllGroups, "all clients", "tous les clients"},
    Entry{Word::kTo, "to", "au"},
    Entry{Word::kPage, "Page {} of {}", "Page {} sur {}"},
    Entry{Word::kNothing, "Nothing in this period.", "Rien pendant cette période."},
    Entry{Word::kMoreRows, "and {} more", "et {} de plus"},
    Entry{Word::kPrivacy, "Users are numbers that mean something in this report only.",
          "Les utilisateurs sont des numéros qui n'ont de sens que dans ce rapport."},
    Entry{Word::kNewViolations, "New violations", "Nouvelles infractions"},
    Entry{Word::kOpenViolations, "Open at the end", "Ouvertes à la fin"},
    Entry{Word::kClosedViolations, "Closed", "Closes"},
    Entry{Word::kHits, "Hits", "Occurrences"},
    Entry{Word::kSubjects, "Clients and users", "Clients et utilisateurs"},
    Entry{Word::kNewProducts, "New products", "Nouveaux logiciels"},
    Entry{Word::kUnauthorisedProducts, "Unauthorised products", "Logiciels non autorisés"},
    Entry{Word::kTraffic, "Traffic", "Trafic"},
    Entry{Word::kEventsLost, "Events lost", "Événements perdus"},
    Entry{Word::kViolationsOverTime, "New violations over time, by severity",
          "Nouvelles infractions dans le temps, par gravité"},
    Entry{Word::kTrafficOverTime, "Traffic over time", "Trafic dans le temps"},
    Entry{Word::kBySeverity, "Violations by severity", "Infractions par gravité"},
    Entry{Word::kByState, "Violations by state", "Infractions par état"},
    Entry{Word::kByRule, "Violations by rule", "Infractions par règle"},
    Entry{Word::kByGroup, "Violations by group", "Infractions par groupe"},
    Entry{Word::kOldestOpen, "Longest open violations", "Infractions ouvertes depuis le plus longtemps"},
    Entry{Word::kTopObjects, "What most violations are about", "Objets les plus fréquents"},
    Entry{Word::kTopSubjects, "Who has most violations", "Sujets les plus fréquents"},
    Entry{Word::kSoftwareUnauthorised, "Unauthorised software", "Logiciels non autorisés"},
    Entry{Word::kSoftwareNew, "Software seen for the first time", "Logiciels vus pour la première fois"},
    Entry{Word::kQuotas, "Quotas reached", "Quotas atteints"},
    Entry{Word::kTrafficByApplication, "Traffic by application", "Trafic par application"},
    Entry{Word::kTrafficByCategory, "Traffic by category", "Trafic par catégorie"},
    Entry{Word::kTrafficByGroup, "Traffic by group", "Trafic par groupe"},
    Entry{Word::kTrafficByClient, "Traffic by client", "Trafic par client"},
    Entry{Word::kHealth, "Health of the appliance", "Santé de l'appareil"},
    Entry{Word::kAboutState, "Violations that were seen in the period or are open, as they stand now.",
          "Infractions vues pendant la période ou encore ouvertes, dans leur état actuel."},
    Entry{Word::kAboutByRule,
          "New in the period; hits of all that were seen in it; false positives as a share of those decided.",
          "Nouvelles pendant la période; occurrences de toutes celles vues; part des fausses alertes parmi "
          "celles jugées."},
    Entry{Word::kAboutOldest, "By the time of the first hit.", "Selon la date de la première occurrence."},
    Entry{Word::kAboutSoftwareNew, "Products that no client had before the period.",
          "Logiciels qu'aucun client n'avait avant la période."},
    Entry{Word::kAboutQuotas, "Subjects who used at least 80 % of a quota.",
          "Sujets ayant utilisé au moins 80 % d'un quota."},
    Entry{Word::kAboutTraffic, "Flows that ended in the period, as far as the store still has them.",
          "Flux terminés pendant la période, dans la mesure où ils sont conservés."},
    Entry{Word::kAboutSums, "Flows that ended in the period.", "Flux terminés pendant la période."},
    Entry{Word::kAboutCategories, "A site may be in several categories, or in none.",
          "Un site peut appartenir à plusieurs catégories, ou à aucune."},
    Entry{Word::kAboutHealth, "Counted since the store was made.", "Comptés depuis la création de la base."},
    Entry{Word::kSeverity, "Severity", "Gravité"},
    Entry{Word::kRule, "Rule", "Règle"},
    Entry{Word::kState, "State", "État"},
    Entry{Word::kNew, "New", "Nouvelles"},
    Entry{Word::kPrevious, "Before", "Avant"},
    Entry{Word::kChange, "Change", "Évolution"},
    Entry{Word::kOpen, "Open", "Ouvertes"},
    Entry{Word::kCount, "Count", "Nombre"},
    Entry{Word::kViolations, "Violations", "Infractions"},
    Entry{Word::kFalsePositives, "False pos.", "Fausses al."},
    Entry{Word::kNumber, "No.", "N°"},
    Entry{Word::kSubject, "Subject", "Sujet"},
    Entry{Word::kObject, "Object", "Objet"},
    Entry{Word::kFirstSeen, "First seen", "Première fois"},
    Entry{Word::kLastSeen, "Last seen", "Dernière fois"},
    Entry{Word::kDays, "Days", "Jours"},
    Entry{Word::kProduct, "Product", "Logiciel"},
    Entry{Word::kVersion, "Version", "Version"},
    Entry{Word::kClients, "Clients", "Clients"},
    Entry{Word::kUsed, "Used", "Utilisé"},
    Entry{Word::kReached, "Reached", "Atteint"},
    Entry{Word::kApplication, "Application", "Application"},
    Entry{Word::kCategory, "Category", "Catégorie"},
    Entry{Word::kClient, "Client", "Client"},
    Entry{Word::kFlows, "Flows", "Flux"},
    Entry{Word::kBytes, "Bytes", "Octets"},
    Entry{Word::kShare, "Share", "Part"},
    Entry{Word::kMeasure, "Measure", "Mesure"},
    Entry{Word::kValue, "Value", "Valeur"},
    Entry{Word::kInfo, "info", "information"},
    Entry{Word::kLow, "low", "faible"},
    Entry{Word::kMedium, "medium", "moyenne"},
    Entry{Word::kHigh, "high", "élevée"},
    Entry{Word::kCritical, "critical", "critique"},
    Entry{Word::kStateNew, "new", "nouvelle"},
    Entry{Word::kInReview, "in review", "en examen"},
    Entry{Word::kConfirmed, "confirmed", "confirmée"},
    Entry{Word::kJustified, "justified", "justifiée"},
    Entry{Word::kFalsePositive, "false positive", "fausse alerte"},
    Entry{Word::kClosed, "closed", "close"},
    Entry{Word::kUnknown, "unknown", "inconnu"},
    Entry{Word::kAuthorised, "authorised", "autorisé"},
    Entry{Word::kUnauthorised, "unauthorised", "non autorisé"},
    Entry{Word::kNoGroup, "(no group)", "(sans groupe)"},
    Entry{Word::kUser, "user", "utilisateur"},
    Entry{Word::kEventsApplied, "events applied", "événements traités"},
    Entry{Word::kEventsDuplicate, "events that came twice", "événements reçus en double"},
    Entry{Word::kEventsMissing, "events published and not seen yet", "événements publiés et pas encore vus"},
    Entry{Word::kEventsGone, "events trimmed before they were read", "événements supprimés avant lecture"},
    Entry{Word::kEventsDead, "events that could not be read", "événements illisibles"},
    Entry{Word::kRowsEvicted, "violations given up, since the store was full",
          "infractions abandonnées, la base étant pleine"},
};

constexpr bool in_order() {
  if (kWords.size() != static_cast<std::size_t>(Word::kEnd)) return false;
  for (std::size_t i = 0; i < kWords.size(); ++i) {
    if (kWords.at(i).word != static_cast<Word>(i)) return false;
  }
  return true;
}
static_assert(in_order(), "each word has its row, in the order of the enumeration");

constexpr std::string_view kNarrowSpace = "\u202f";  // does not break

std::string tenths_text(std::int64_t tenths, Language language) {
  const std::int64_t whole = std::abs(tenths);
  return fmt::format("{}{}{}{}", tenths < 0 ? "-" : "", whole / 10, language == Language::kFrench ? ',' : '.',
                     whole % 10);
}

}  // namespace

std::string_view text(Word word, Language language) {
  const Entry& entry = kWords.at(static_cast<std::size_t>(word));
  return language == Language::kFrench ? entry.french : entry.english;
}

std::string count_text(std::int64_t count, Language language) {
  const std::string digits = std::to_string(std::abs(count));
  std::string text = count < 0 ? "-" : "";
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += language == Language::kFrench ? kNarrowSpace : ",";
    text += digits[i];
  }
  return text;
}

std::string bytes_text(std::int64_t bytes, Language language) {
  constexpr std::array<const char*, 6> kSteps{"", "Ki", "Mi", "Gi", "Ti", "Pi"};
  const bool french = language == Language::kFrench;
  const std::string_view unit = french ? "o" : "B";
  std::size_t step = 0;
  double amount = static_cast<double>(bytes);
  for (; amount >= 1'024.0 && step + 1 < kSteps.size(); ++step) amount /= 1'024.0;
  if (step == 0) return fmt::format("{}{}{}", bytes, french ? kNarrowSpace : " ", unit);
  return fmt::format("{}{}{}{}", tenths_text(static_cast<std::int64_t>(amount * 10.0 + 0.5), language),
                     french ? kNarrowSpace : " ", kSteps.at(step), unit);
}

std::string percent_text(std::int64_t tenths, Language language) {
  return fmt::format("{}{}%", tenths_text(tenths, language),
                     language == Language::kFrench ? kNarrowSpace : " ");
}

}  // namespace weir::report
