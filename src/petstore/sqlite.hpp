#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace marty::petstore {

/// One prepared statement, kept for the life of its database. Fill, step, read; `finish` before the next use,
/// or let a Query do it: an unfinished statement holds its snapshot and so keeps the write-ahead log from
/// shrinking.
class Statement {
 public:
  Statement() = default;
  Statement(sqlite3* database, sqlite3_stmt* compiled) : database_(database), compiled_(compiled) {}

  /// Parameters count from 1, columns from 0. Text must stay until `finish`.
  void bind(int place, std::int64_t value);
  void bind(int place, std::string_view text);
  void bind_null(int place);
  enum class Step { kRow, kDone };
  Result<Step> step();
  std::int64_t integer(int column) const;
  std::string_view text(int column) const;  ///< valid until the next step or finish
  void finish();

 private:
  struct Finalize {
    void operator()(sqlite3_stmt*) const;
  };
  sqlite3* database_ = nullptr;
  std::unique_ptr<sqlite3_stmt, Finalize> compiled_;
};

/// One use of a statement.
class Query {
 public:
  explicit Query(Statement& statement) : statement_(statement) {}
  ~Query() { statement_.finish(); }
  Query(const Query&) = delete;
  Statement* operator->() { return &statement_; }
  /// For statements that give no rows.
  Status run();

 private:
  Statement& statement_;
};

/// A SQLite database file. Errors say what SQLite says and what to do about it. One thread.
class Database {
 public:
  static Result<Database> open(const std::string& path);
  Status execute(const char* sql);
  /// Switches to the write-ahead log. Waits up to a second for other processes that open the file at this
  /// moment.
  Status use_write_ahead_log();
  Result<Statement> prepare(std::string_view sql);
  /// The first column of the first row.
  Result<std::int64_t> number(std::string_view sql);
  std::int64_t last_insert_id() const;
  std::int64_t changed_rows() const;

 private:
  struct Close {
    void operator()(sqlite3*) const;
  };
  std::unique_ptr<sqlite3, Close> handle_;
};

/// Takes the write lock at once, so it cannot fail half-way because another process wrote in between. Rolls
/// back unless committed.
class Transaction {
 public:
  static Result<Transaction> begin(Database&);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  ~Transaction();
  Status commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace marty::petstore
