#include <fmt/format.h>

#include "petstore/sqlite.hpp"
#include "petstore/store.hpp"

namespace marty::petstore {
namespace {

/// Step i brings a database from user_version i to i + 1. Steps are only ever added.
constexpr const char* kMigrations[] = {
    "CREATE TABLE pets (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, status TEXT NOT NULL,"
    " tags TEXT NOT NULL) STRICT",
    "CREATE INDEX pets_by_status ON pets (status, id)",
};
constexpr auto kSchemaVersion = static_cast<std::int64_t>(std::size(kMigrations));

/// Tags hold no control characters, so a line break separates them.
std::string join(const std::vector<std::string>& tags) { return fmt::format("{}", fmt::join(tags, "\n")); }

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> tags;
  while (!text.empty()) {
    tags.emplace_back(text.substr(0, text.find('\n')));
    text.remove_prefix(std::min(text.size(), tags.back().size() + 1));
  }
  return tags;
}

/// A row of "id, name, status, tags".
Pet read_row(const Statement& row) {
  const auto status = pet_status(row.text(2)).value_or(PetStatus::kAvailable);
  return {row.integer(0), {std::string(row.text(1)), status, split(row.text(3))}};
}

Status migrate(Database& database) {
  auto transaction = Transaction::begin(database);
  if (!transaction) return std::move(transaction.error());
  auto version = database.number("PRAGMA user_version");
  if (!version) return std::move(version.error());
  if (*version > kSchemaVersion) {
    return Error{.text = fmt::format("its schema is version {}, this program knows up to {}", *version,
                                     kSchemaVersion),
                 .next = "use the newer program, or another file with --store sqlite:PATH"};
  }
  if (*version == kSchemaVersion) return ok();
  for (auto step = static_cast<std::size_t>(*version); step < std::size(kMigrations); ++step) {
    MARTY_TRY(database.execute(kMigrations[step]));
  }
  MARTY_TRY(database.execute(fmt::format("PRAGMA user_version = {}", kSchemaVersion).c_str()));
  return transaction->commit();
}

class SqliteStore final : public PetStore {
 public:
  explicit SqliteStore(Database database) : database_(std::move(database)) {}

  Status prepare() {
    const std::pair<Statement&, std::string_view> statements[] = {
        {insert_, "INSERT INTO pets (name, status, tags) VALUES (?1, ?2, ?3)"},
        {insert_as_, "INSERT INTO pets (name, status, tags, id) VALUES (?1, ?2, ?3, ?4)"},
        {update_, "UPDATE pets SET name = ?1, status = ?2, tags = ?3 WHERE id = ?4"},
        {find_, "SELECT id, name, status, tags FROM pets WHERE id = ?1"},
        {remove_, "DELETE FROM pets WHERE id = ?1"},
        {page_, "SELECT id, name, status, tags FROM pets ORDER BY id LIMIT ?1 OFFSET ?2"},
        {page_of_status_,
         "SELECT id, name, status, tags FROM pets WHERE status = ?3 ORDER BY id LIMIT ?1 OFFSET ?2"},
        {count_, "SELECT status, count(*) FROM pets GROUP BY status"},
    };
    for (const auto& [statement, sql] : statements) {
      auto prepared = database_.prepare(sql);
      if (!prepared) return std::move(prepared.error());
      statement = std::move(*prepared);
    }
    return ok();
  }

  Result<Pet> add(const PetFields& fields) override {
    MARTY_TRY(write(insert_, fields, std::nullopt));
    return Pet{database_.last_insert_id(), fields};
  }

  Result<std::optional<Pet>> find(PetId id) override {
    Query query(find_);
    query->bind(1, id);
    auto step = query->step();
    if (!step) return std::move(step.error());
    return *step == Statement::Step::kRow ? std::optional(read_row(find_)) : std::nullopt;
  }

  Result<Placed> put(const Pet& pet) override {
    auto transaction = Transaction::begin(database_);
    if (!transaction) return std::move(transaction.error());
    MARTY_TRY(write(update_, pet.fields, pet.id));
    const bool existed = database_.changed_rows() > 0;
    if (!existed) MARTY_TRY(write(insert_as_, pet.fields, pet.id));
    MARTY_TRY(transaction->commit());
    return existed ? Placed::kReplaced : Placed::kCreated;
  }

  Result<std::optional<Pet>> change(PetId id, const Change& change) override {
    auto transaction = Transaction::begin(database_);
    if (!transaction) return std::move(transaction.error());
    auto pet = find(id);
    if (!pet || !*pet || change(**pet) == Keep::kNo) return pet;
    MARTY_TRY(write(update_, (*pet)->fields, id));
    MARTY_TRY(transaction->commit());
    return pet;
  }

  Status remove(PetId id) override {
    Query query(remove_);
    query->bind(1, id);
    return query.run();
  }

  Result<Page> list(const PageQuery& wanted) override {
    auto counts = count();
    if (!counts) return std::move(counts.error());
    Page page;
    for (PetStatus status : kPetStatuses) {
      if (!wanted.status || *wanted.status == status)
        page.total += (*counts)[static_cast<std::size_t>(status)];
    }
    Statement& rows = wanted.status ? page_of_status_ : page_;
    Query query(rows);
    query->bind(1, wanted.limit);
    query->bind(2, wanted.offset);
    if (wanted.status) query->bind(3, to_string(*wanted.status));
    for (;;) {
      auto step = query->step();
      if (!step) return std::move(step.error());
      if (*step == Statement::Step::kDone) return page;
      page.pets.push_back(read_row(rows));
    }
  }

  Result<PetCounts> count() override {
    PetCounts counts{};
    Query query(count_);
    for (;;) {
      auto step = query->step();
      if (!step) return std::move(step.error());
      if (*step == Statement::Step::kDone) return counts;
      if (const auto status = pet_status(query->text(0))) {
        counts[static_cast<std::size_t>(*status)] = query->integer(1);
      }
    }
  }

 private:
  Status write(Statement& statement, const PetFields& fields, std::optional<PetId> id) {
    const std::string tags = join(fields.tags);
    Query query(statement);
    query->bind(1, fields.name);
    query->bind(2, to_string(fields.status));
    query->bind(3, tags);
    if (id) query->bind(4, *id);
    return query.run();
  }

  // Statements go before the database they belong to.
  Database database_;
  Statement insert_, insert_as_, update_, find_, remove_, page_, page_of_status_, count_;
};

/// WAL lets a reader and a writer work at once. NORMAL does not wait for the disk at each commit: a killed
/// process loses nothing, because the log is in the kernel's hands by then; a power cut may lose the last
/// commits but leaves the file whole. A pet shop can live with that, at a hundredth of the latency.
Status configure(Database& database) {
  MARTY_TRY(database.use_write_ahead_log());
  return database.execute("PRAGMA synchronous = NORMAL");
}

}  // namespace

Result<std::unique_ptr<PetStore>> open_sqlite_store(const std::string& path) {
  const std::string doing = "opening the database " + path;
  auto database = Database::open(path);
  if (!database) return std::move(database.error()).within(doing);
  if (Status configured = configure(*database); !configured)
    return std::move(configured.error()).within(doing);
  if (Status migrated = migrate(*database); !migrated) return std::move(migrated.error()).within(doing);
  auto store = std::make_unique<SqliteStore>(std::move(*database));
  if (Status prepared = store->prepare(); !prepared) return std::move(prepared.error()).within(doing);
  return std::unique_ptr<PetStore>(std::move(store));
}

}  // namespace marty::petstore
