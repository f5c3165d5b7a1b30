#include "telemetry/registry.hpp"

#include <algorithm>
#include <cstring>

#include "core/assert.hpp"

namespace marty::telemetry {
namespace {

constexpr std::size_t kFirstSlots = 256;
constexpr std::size_t kLabelsMax = 32;

std::string_view cut(std::string_view value) { return value.substr(0, Registry::kLabelValueMax); }

/// Eight bytes at a time; mixes by multiplication. Keys are ours or bounded, the table is not a target.
std::uint64_t mix(std::uint64_t hash, std::uint64_t word) {
  hash = (hash ^ word) * 0x9fb21c651e98df25u;
  return hash ^ (hash >> 35);
}

std::uint64_t hash_of(MetricId id, Registry::Labels values) {
  std::uint64_t hash = mix(0x2545f4914f6cdd1du, static_cast<std::uint64_t>(id));
  for (auto value : values) {
    value = cut(value);
    hash ^= value.size();
    while (value.size() >= 8) {
      std::uint64_t word;
      std::memcpy(&word, value.data(), 8);
      hash = mix(hash, word);
      value.remove_prefix(8);
    }
    std::uint64_t rest = 0;
    if (!value.empty()) std::memcpy(&rest, value.data(), value.size());
    hash = mix(hash, rest);
  }
  return hash;
}

// A length never reaches 512, so two bytes hold it.
constexpr std::size_t kLengthBytes = 2;

std::string key_of(Registry::Labels values) {
  std::string key;
  for (auto value : values) {
    value = cut(value);
    key += static_cast<char>(value.size() & 0xff);
    key += static_cast<char>(value.size() >> 8);
    key += value;
  }
  return key;
}

/// Takes the next value off a key.
std::string_view next_value(std::string_view& key) {
  const auto size = static_cast<unsigned char>(key[0]) + 256u * static_cast<unsigned char>(key[1]);
  const auto value = key.substr(kLengthBytes, size);
  key.remove_prefix(kLengthBytes + size);
  return value;
}

bool has_values(std::string_view key, Registry::Labels values) {
  for (const auto value : values)
    if (next_value(key) != cut(value)) return false;
  return true;
}

}  // namespace

Registry::Registry(std::size_t series_max)
    : slots_(kFirstSlots), overflow_(metric_table().size()), series_max_(series_max) {}
Registry::~Registry() = default;

std::uint64_t& Registry::counter(MetricId id, Labels values) {
  return find_or_make(id, MetricType::kCounter, values).counter;
}
std::int64_t& Registry::gauge(MetricId id, Labels values) {
  return find_or_make(id, MetricType::kGauge, values).gauge;
}
Histogram& Registry::histogram(MetricId id, Labels values) {
  return *find_or_make(id, MetricType::kHistogram, values).histogram;
}

Registry::Series& Registry::find_or_make(MetricId id, MetricType type, Labels values) {
  const auto& row = metric(id);
  MARTY_ASSERT(row.type == type && row.labels.size() == values.size());
  const auto hash = hash_of(id, values);
  auto& slot = slot_for(hash, id, values);
  if (slot.series) return *slot.series;
  return series_.size() < series_max_ ? make(slot, hash, id, values) : overflow(id);
}

Registry::Slot& Registry::slot_for(std::uint64_t hash, MetricId id, Labels values) {
  const auto mask = slots_.size() - 1;
  for (auto index = static_cast<std::size_t>(hash) & mask;; index = (index + 1) & mask) {
    auto& slot = slots_[index];
    if (!slot.series) return slot;
    if (slot.hash == hash && slot.series->id == id && has_values(slot.series->key, values)) return slot;
  }
}

Registry::Series& Registry::make(Slot& slot, std::uint64_t hash, MetricId id, Labels values) {
  auto& made = series_.emplace_back();
  made.id = id;
  made.key = key_of(values);
  if (const auto& row = metric(id); row.type == MetricType::kHistogram)
    made.histogram = std::make_unique<Histogram>(row.bounds);
  slot = {hash, &made};
  if (series_.size() * 2 > slots_.size()) grow();
  return made;
}

/// The overflow series are on top of the limit: at most one per metric.
Registry::Series& Registry::overflow(MetricId id) {
  const auto overflow_series = [&](MetricId of) -> Series& {
    auto& known = overflow_[static_cast<std::size_t>(of)];
    if (!known) {
      std::array<std::string_view, kLabelsMax> values;
      values.fill("overflow");
      const Labels all(values.data(), metric(of).labels.size());
      const auto hash = hash_of(of, all);
      auto& slot = slot_for(hash, of, all);
      known = slot.series ? slot.series : &make(slot, hash, of, all);
    }
    return *known;
  };
  ++overflow_series(MetricId::kSeriesOverflow).counter;
  return overflow_series(id);
}

void Registry::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  const auto mask = slots_.size() - 1;
  for (const auto& slot : old) {
    if (!slot.series) continue;
    auto index = static_cast<std::size_t>(slot.hash) & mask;
    while (slots_[index].series) index = (index + 1) & mask;
    slots_[index] = slot;
  }
}

std::vector<std::string_view> label_values(const Registry::Series& series) {
  std::vector<std::string_view> values;
  for (std::string_view key = series.key; !key.empty();) values.push_back(next_value(key));
  return values;
}

std::string Registry::prometheus() const {
  const NamedRegistry self{{}, this};
  return render({&self, 1});
}

}  // namespace marty::telemetry
