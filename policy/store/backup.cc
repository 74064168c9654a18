// SPDX-License-Identifier: Apache-2.0
#include "policy/store/backup.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>

#include "policy/model/durable_file.h"
#include "policy/store/migrations.h"
#include "policy/store/statement.h"

namespace weir::policy {
namespace {

using Json = nlohmann::json;

constexpr const char* kBackupFormat = "weir-store-backup 1";
constexpr std::size_t kRowValuesAtOnce = 8'000;
constexpr std::size_t kWriteBytesAtOnce = 1U << 20U;

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
  }
  void add(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
  [[nodiscard]] std::string digits() {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int bytes = 0;
    EVP_DigestFinal_ex(context_.get(), digest, &bytes);
    std::string text;
    for (unsigned int i = 0; i < bytes; ++i) text += fmt::format("{:02x}", digest[i]);
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context_;
};

/// The file that a backup becomes; taken away again unless it is finished.
class NewFile {
 public:
  explicit NewFile(std::string path) : path_(std::move(path)), beside_(path_ + ".part") {
    descriptor_ = ::open(beside_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    failed_ = descriptor_ < 0 ? errno : 0;
  }
  ~NewFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!finished_ && descriptor_ >= 0) ::unlink(beside_.c_str());
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  void add(std::string_view line) {
    hash_.add(line);
    hash_.add("\n");
    waiting_ += line;
    waiting_ += '\n';
    if (waiting_.size() >= kWriteBytesAtOnce) write();
  }
  [[nodiscard]] Result<void> finish() {
    const std::string last = Json{{"end", "weir-store-backup"}, {"sha256", hash_.digits()}}.dump();
    waiting_ += last + "\n";
    write();
    if (failed_ == 0 && ::fsync(descriptor_) != 0) failed_ = errno;
    if (failed_ == 0 && ::rename(beside_.c_str(), path_.c_str()) != 0) failed_ = errno;
    if (failed_ != 0)
      return failure(ErrorCode::kSystem, fmt::format("cannot write {}: {}", path_, std::strerror(failed_)));
    finished_ = true;
    return {};
  }

 private:
  void write() {
    if (failed_ == 0 && !write_all(descriptor_, waiting_)) failed_ = errno;
    waiting_.clear();
  }
  std::string path_;
  std::string beside_;
  int descriptor_ = -1;
  int failed_ = 0;
  bool finished_ = false;
  Sha256 hash_;
  std::string waiting_;
};

struct Table {
  std::string name;
  std::vector<std::string> columns;
  std::string types;  // i: integer, t: text, b: bytes; one a column
};

std::vector<std::string> names_of(Store::Connection& store, std::string_view sql) {
  std::vector<std::string> names;
  std::string name;
  Statement select(store);
  select << sql;
  select.into(name);
  while (select.fetch()) names.push_back(name);
  return names;
}

/// In the order in which they were made: what is named by a row comes before it.
std::vector<Table> tables_of(Store::Connection& store) {
  std::vector<Table> tables;
  for (const std::string& name : names_of(store, store.dialect->tables)) {
    Table table{name, {}, {}};
    std::string column, type;
    Statement select(store);
    select << store.dialect->columns;
    select.value(name) << store.dialect->columns_order;
    select.into(column).into(type);
    while (select.fetch()) {
      table.columns.push_back(column);
      const char first = type.empty() ? 't' : static_cast<char>(type.front() | 0x20);
      table.types += first == 't' ? 't' : type == store.dialect->blob_type ? 'b' : 'i';
    }
    tables.push_back(std::move(table));
  }
  return tables;
}

std::uint64_t copy_rows(Store::Connection& store, const Table& table, NewFile& file) {
  Statement select(store);
  std::vector<std::string> texts(table.columns.size());
  std::vector<Integer> numbers(table.columns.size());
  select << "SELECT ";
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (i > 0) select << ", ";
    const std::string& column = table.columns[i];
    select << (table.types[i] == 'b' ? blob_column(*store.dialect, column) : column);
    table.types[i] == 'i' ? select.into(numbers[i]) : select.into(texts[i]);
  }
  select << " FROM " << table.name;
  std::uint64_t rows = 0;
  while (select.fetch()) {
    Json row = Json::array();
    for (std::size_t i = 0; i < texts.size(); ++i) {
      table.types[i] == 'i' ? row.push_back(numbers[i]) : row.push_back(texts[i]);
    }
    file.add(row.dump(-1, ' ', false, Json::error_handler_t::replace));
    ++rows;
  }
  return rows;
}

/// Gives each line without its end to `work`, but the last, which has to hold the hash of those before it.
Result<void> each_line(const std::string& path, const std::function<Result<void>(const Json&)>& work) {
  const auto corrupt = [&](const std::string& why) {
    return failure(ErrorCode::kCorrupt, fmt::format("{} is no whole backup of a store: {}", path, why));
  };
  std::ifstream in(path, std::ios::binary);
  if (!in)
    return failure(ErrorCode::kNotFound, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  Sha256 hash;
  std::string line;
  for (std::uint64_t number = 1; std::getline(in, line); ++number) {
    if (line.size() > kBackupLineBytesMax) return corrupt(fmt::format("line {} is too long", number));
    const Json json = Json::parse(line, nullptr, false);
    if (json.is_discarded()) return corrupt(fmt::format("line {} is damaged", number));
    if (json.is_object() && json.contains("end")) {
      if (json.value("sha256", "") != hash.digits()) return corrupt("it was changed after it was made");
      return in.get() == std::ifstream::traits_type::eof() ? Result<void>{}
                                                           : corrupt("something stands behind its end");
    }
    hash.add(line);
    hash.add("\n");
    try {
      if (auto done = work(json); !done) return done;
    } catch (const Json::exception&) {
      return corrupt(fmt::format("line {} is not as it should be", number));
    }
  }
  return corrupt("its end is missing");
}

/// Fits all of the file together: what it says of itself, then tables, each with its rows.
class BackupReader {
 public:
  using Begin = std::function<void(const BackupFacts&)>;
  using Row = std::function<void(const Table&, const Json&)>;
  BackupReader(Begin begin, Row row) : begin_(std::move(begin)), row_(std::move(row)) {}

  Result<BackupFacts> read(const std::string& file) {
    auto done = each_line(file, [&](const Json& line) { return take(file, line); });
    if (!done) return tl::unexpected(done.error());
    return facts_;
  }

 private:
  Result<void> take(const std::string& file, const Json& line) {
    if (facts_.schema == 0) {
      if (!line.is_object() || line.at("format") != kBackupFormat)
        return failure(ErrorCode::kCorrupt, fmt::format("{} is no backup of a store", file));
      line.at("schema").get_to(facts_.schema);
      line.at("database").get_to(facts_.database);
      line.at("made_ns").get_to(facts_.made);
      if (facts_.schema < 1 || facts_.schema > newest_schema_version()) {
        return failure(ErrorCode::kInvalid,
                       fmt::format("{} has schema version {}, this Weir knows {}", file, facts_.schema,
                                   newest_schema_version()),
                       "use the Weir that wrote it, or a newer one");
      }
      begin_(facts_);
      return {};
    }
    if (line.is_object()) {
      table_ = {line.at("table").get<std::string>(), line.at("columns").get<std::vector<std::string>>(),
                line.at("types").get<std::string>()};
      const bool plain = table_.name.find_first_not_of(kNameLetters) == std::string::npos &&
                         table_.columns.size() == table_.types.size() && !table_.columns.empty();
      for (const std::string& column : table_.columns) {
        if (!plain || column.find_first_not_of(kNameLetters) != std::string::npos)
          return failure(ErrorCode::kCorrupt, fmt::format("{} names a table that cannot be", file));
      }
      facts_.rows[table_.name] = 0;
      return {};
    }
    if (line.size() != table_.columns.size() || table_.columns.empty())
      return failure(ErrorCode::kCorrupt, fmt::format("{} has a row that does not fit its table", file));
    ++facts_.rows[table_.name];
    row_(table_, line);
    return {};
  }

  static constexpr std::string_view kNameLetters = "abcdefghijklmnopqrstuvwxyz0123456789_";
  Begin begin_;
  Row row_;
  BackupFacts facts_;
  Table table_;
};

/// Rows of one table at a time, many in a statement.
class RowWriter {
 public:
  explicit RowWriter(Store::Connection& store) : store_(store) {}
  void add(const Table& table, const Json& row) {
    if (insert_ && (table.name != table_ || insert_->values() + row.size() > kRowValuesAtOnce)) flush();
    if (!insert_) {
      table_ = table.name;
      insert_ = std::make_unique<Statement>(store_);
      *insert_ << "INSERT INTO " << table.name << " (" << fmt::format("{}", fmt::join(table.columns, ", "))
               << ") VALUES ";
    }
    insert_->begin_row();
    for (std::size_t i = 0; i < row.size(); ++i) {
      insert_->next();
      if (table.types[i] == 'i') {
        insert_->value(row[i].get<Integer>());
      } else if (table.types[i] == 'b') {
        insert_->bytes(bytes_of(row[i].get<std::string>()));
      } else {
        insert_->value(row[i].get<std::string>());
      }
    }
    insert_->end_row();
  }
  void flush() {
    if (insert_) insert_->run();
    insert_.reset();
  }

 private:
  Store::Connection& store_;
  std::string table_;
  std::unique_ptr<Statement> insert_;
};

/// The schema of that version, without a row.
void make_empty(Store::Connection& store, int version) {
  for (const std::string& table : names_of(store, store.dialect->tables_to_drop))
    store.session << "DROP TABLE " + table;
  store.session << "DELETE FROM schema_version";
  migrate(store.session, *store.dialect, version);
  for (const Table& table : tables_of(store)) store.session << "DELETE FROM " + table.name;
}

/// Numbers that the database gives go on behind those that were given.
void go_on_counting(Store::Connection& store) {
  if (store.dialect->next_key.empty()) return;
  for (const Table& table : tables_of(store)) {
    if (table.columns.front() != "id" || table.types.front() != 'i') continue;
    store.session << fmt::format(fmt::runtime(store.dialect->next_key), table.name);
  }
}

}  // namespace

Result<BackupFacts> back_up(Store& store, const std::string& path, TimeNs now) {
  BackupFacts facts{newest_schema_version(), std::string{store.connection().dialect->name}, now, {}};
  NewFile file(path);
  auto copied = caught("cannot back up the store", [&] {
    Store::Connection& connection = store.connection();
    Transaction snapshot(connection.session, *connection.dialect, false);
    file.add(Json{{"format", kBackupFormat},
                  {"schema", facts.schema},
                  {"database", facts.database},
                  {"made_ns", facts.made}}
                 .dump());
    for (const Table& table : tables_of(connection)) {
      file.add(Json{{"table", table.name}, {"columns", table.columns}, {"types", table.types}}.dump());
      facts.rows[table.name] = copy_rows(connection, table, file);
    }
  });
  if (!copied) return tl::unexpected(copied.error());
  if (auto finished = file.finish(); !finished) return tl::unexpected(finished.error());
  return facts;
}

Result<BackupFacts> read_backup(const std::string& file) {
  return BackupReader{[](const BackupFacts&) {}, [](const Table&, const Json&) {}}.read(file);
}

Result<BackupFacts> restore(Store& store, const std::string& file, TimeNs now) {
  if (auto whole = read_backup(file); !whole) return whole;
  auto restored = caught("cannot restore the store", [&] {
    Store::Connection& connection = store.connection();
    Transaction all(connection.session, *connection.dialect, true);
    RowWriter writer(connection);
    auto facts = BackupReader{
        [&](const BackupFacts& of) { make_empty(connection, of.schema); },
        [&](const Table& table, const Json& row) {
          writer.add(table, row);
        }}.read(file);
    if (!facts) return facts;
    writer.flush();
    go_on_counting(connection);
    migrate(connection.session, *connection.dialect, newest_schema_version());
    const Integer revision = now;  // engines that run read the suppressions again
    connection.session << "UPDATE row_counts SET kept = :n WHERE name = 'suppressions_revision'",
        soci::use(revision);
    all.commit();
    return facts;
  });
  if (!restored) return tl::unexpected(restored.error());
  return std::move(*restored);
}

Result<std::vector<std::string>> check_store(Store& store) {
  return caught("cannot check the store", [&] {
    Store::Connection& connection = store.connection();
    std::vector<std::string> faults;
    for (const std::string_view check : connection.dialect->checks) {
      for (std::string& fault : names_of(connection, check))
        if (fault != "ok") faults.push_back(std::move(fault));
    }
    for (const std::string& fault : names_of(
             connection,
             "SELECT 'violation ' || id || ' is in the unknown state ' || state FROM violations WHERE state"
             " NOT IN ('new', 'in_review', 'confirmed', 'justified', 'false_positive', 'closed')"))
      faults.push_back(fault);
    return faults;
  });
}

}  // namespace weir::policy
