#include "io/connection.hpp"

#include "io/socket_driver.hpp"

namespace marty::io {
namespace {

constexpr int kSlotBits = 24;
constexpr std::uint64_t kSlotMask = (std::uint64_t{1} << kSlotBits) - 1;
constexpr std::uint64_t kGenerationMask = (std::uint64_t{1} << 39) - 1;

std::uint64_t slot_of(ConnId id) { return static_cast<std::uint64_t>(id) & kSlotMask; }
std::uint64_t generation_of(ConnId id) { return static_cast<std::uint64_t>(id) >> kSlotBits; }

}  // namespace

void Connection::on_alarm(Instant) { driver->on_deadline(*this); }

Connection& ConnectionTable::add() {
  if (free_.empty()) {
    MARTY_ASSERT(slots_.size() < kSlotMask);
    auto& fresh = slots_.emplace_back(std::make_unique<Connection>());
    fresh->id = ConnId{slots_.size()};
    free_.push_back(static_cast<std::uint32_t>(slots_.size() - 1));
  }
  Connection& connection = *slots_[free_.back()];
  free_.pop_back();
  const std::uint64_t generation = (generation_of(connection.id) + 1) & kGenerationMask;
  connection.id = ConnId{(generation << kSlotBits) | slot_of(connection.id)};
  return connection;
}

void ConnectionTable::remove(Connection& connection) {
  const ConnId id = connection.id;
  connection = Connection{};
  connection.id = id;
  free_.push_back(static_cast<std::uint32_t>(slot_of(id) - 1));
}

Connection* ConnectionTable::find(ConnId id) {
  const std::uint64_t index = slot_of(id) - 1;
  if (index >= slots_.size()) return nullptr;
  Connection* const connection = slots_[index].get();
  return connection->id == id && connection->state != Connection::State::kFree ? connection : nullptr;
}

}  // namespace marty::io
