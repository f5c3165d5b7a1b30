#include "petstore/sqlite.hpp"

#include <sqlite3.h>

namespace marty::petstore {
namespace {

/// Long enough for another pod's commit on the same file, short enough not to stall the loop for good.
constexpr int kBusyTimeoutMs = 1000;

std::string way_out(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return "free space on that disk; nothing was written";
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
      return "choose a writable place with --store sqlite:PATH, or --store memory";
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return "move that file away, or choose another with --store sqlite:PATH";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another process holds the database; try again";
    default:
      return "check the disk that holds the database";
  }
}

Error error_of(sqlite3* database, int code) {
  const char* const text = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  return {.text = std::string("sqlite: ") + text, .next = way_out(code)};
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* compiled) const { sqlite3_finalize(compiled); }

void Statement::bind(int place, std::int64_t value) { sqlite3_bind_int64(compiled_.get(), place, value); }

void Statement::bind(int place, std::string_view text) {
  // A null pointer would be bound as NULL rather than as the empty text.
  const char* const bytes = text.empty() ? "" : text.data();
  sqlite3_bind_text(compiled_.get(), place, bytes, static_cast<int>(text.size()), SQLITE_STATIC);
}

void Statement::bind_null(int place) { sqlite3_bind_null(compiled_.get(), place); }

Result<Statement::Step> Statement::step() {
  const int code = sqlite3_step(compiled_.get());
  if (code == SQLITE_ROW) return Step::kRow;
  if (code == SQLITE_DONE) return Step::kDone;
  return error_of(database_, code);
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(compiled_.get(), column); }

std::string_view Statement::text(int column) const {
  const auto* const bytes = reinterpret_cast<const char*>(sqlite3_column_text(compiled_.get(), column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(compiled_.get(), column))};
}

void Statement::finish() { sqlite3_reset(compiled_.get()); }

Status Query::run() {
  auto step = statement_.step();
  if (!step) return std::move(step.error());
  return ok();
}

void Database::Close::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }

Result<Database> Database::open(const std::string& path) {
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  Database database;
  database.handle_.reset(handle);
  if (code != SQLITE_OK) return error_of(handle, code);
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  return database;
}

Status Database::use_write_ahead_log() {
  // SQLite does not call its busy handler for this switch, so the waiting is done here.
  constexpr int kPauseMs = 10;
  int code = SQLITE_BUSY;
  for (int waited = 0; waited < kBusyTimeoutMs && (code & 0xff) == SQLITE_BUSY; waited += kPauseMs) {
    if (waited > 0) sqlite3_sleep(kPauseMs);
    code = sqlite3_exec(handle_.get(), "PRAGMA journal_mode = WAL", nullptr, nullptr, nullptr);
  }
  if (code != SQLITE_OK) return error_of(handle_.get(), code);
  return ok();
}

Status Database::execute(const char* sql) {
  const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return error_of(handle_.get(), code);
  return ok();
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* compiled = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &compiled, nullptr);
  if (code != SQLITE_OK) return error_of(handle_.get(), code);
  return Statement(handle_.get(), compiled);
}

Result<std::int64_t> Database::number(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return std::move(statement.error());
  auto step = statement->step();
  if (!step) return std::move(step.error());
  return statement->integer(0);
}

std::int64_t Database::last_insert_id() const { return sqlite3_last_insert_rowid(handle_.get()); }

std::int64_t Database::changed_rows() const { return sqlite3_changes64(handle_.get()); }

Result<Transaction> Transaction::begin(Database& database) {
  MARTY_TRY(database.execute("BEGIN IMMEDIATE"));
  return Transaction(database);
}

Transaction::~Transaction() {
  if (database_ == nullptr) return;
  // SQLite may have rolled back already, after a full disk for example; then there is nothing left to undo.
  [[maybe_unused]] const Status undone = database_->execute("ROLLBACK");
}

Status Transaction::commit() {
  MARTY_TRY(database_->execute("COMMIT"));
  database_ = nullptr;
  return ok();
}

}  // namespace marty::petstore
