#pragma once

#include <atomic>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rules/walk.hpp"

namespace marty::rules {

/// What the ways of rules (so a bounded number) lead to in each of many objects, followed once for all that
/// ask. Threads may ask side by side: at worst two follow the same step, and one of the results is kept.
class Found {
 public:
  struct Value {
    const Node* node;
    std::uint32_t object;  ///< in which of the objects
    std::uint32_t from;    ///< the number of the value around it, of those a step before
    std::uint32_t at;      ///< which item or entry of that one
  };

  explicit Found(std::vector<Value> objects) : values_(std::move(objects)) {}
  Found(const Found&) = delete;
  Found& operator=(const Found&) = delete;
  ~Found();

  /// In the order of the objects, and in each in the order of its text.
  const std::vector<Value>& values() const { return values_; }
  const Found& below(const Way&) const;
  /// The way to one of the values in its object, "spec.http[0].route[1]".
  std::string path(std::size_t value) const;

 private:
  Found(const Found& up, const Way::Step&);
  void follow(const Way::Step&);
  const Found& next(const Way::Step&) const;
  static const Found* known(const Found* first, const Found* last, const Way::Step&);

  const Found* up_ = nullptr;
  std::string key_;  // of the step from there
  std::uint32_t mark_ = 0;
  std::vector<Value> values_;
  mutable std::atomic<const Found*> below_ = nullptr;  // the youngest; the others are beside it
  const Found* beside_ = nullptr;
};

/// Calls `see` for every value that the ways lead to: object after object, in each way after way. `way` and
/// `object` are their numbers.
void each(const Found& objects, std::span<const Way> ways,
          FunctionRef<void(std::size_t object, std::size_t way, const Place&)> see);

/// Things that the files hold, in their order.
template <class T>
class Listed {
 public:
  using List = std::vector<T>;
  List& list() { return list_; }
  /// To be called when the list is complete: ways begin at `root_of(one)`.
  template <class RootOf>
  void index(const RootOf& root_of) {
    std::vector<Found::Value> roots;
    roots.reserve(list_.size());
    for (const auto& one : list_)
      roots.push_back({&root_of(one), static_cast<std::uint32_t>(roots.size()), 0, 0});
    found_ = std::make_unique<const Found>(std::move(roots));
  }

  operator const List&() const { return list_; }
  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }
  bool empty() const { return list_.empty(); }
  std::size_t size() const { return list_.size(); }
  const T& front() const { return list_.front(); }
  const T& operator[](std::size_t i) const { return list_[i]; }
  const Found& found() const { return *found_; }

 private:
  List list_;
  std::unique_ptr<const Found> found_;
};

/// Calls `see(one, place)` for every value that the ways lead to: one after the other, in each way after way.
template <class T, class See>
void each(const Listed<T>& all, std::span<const Way> ways, const See& see) {
  if (!all.empty())
    each(all.found(), ways, [&](std::size_t i, std::size_t, const Place& place) { see(all[i], place); });
}
template <class T, class See>
void each(const Listed<T>& all, std::initializer_list<Way> ways, const See& see) {
  each(all, std::span(ways.begin(), ways.size()), see);
}
template <class T, class See>
void each(const Listed<T>& all, const Way& way, const See& see) {
  each(all, std::span(&way, 1), see);
}

/// Whether one of the ways leads anywhere.
template <class T>
bool any(const Listed<T>& all, std::initializer_list<Way> ways) {
  for (const auto& way : ways)
    if (!all.empty() && !all.found().below(way).values().empty()) return true;
  return false;
}

}  // namespace marty::rules
