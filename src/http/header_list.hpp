#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "core/header.hpp"

namespace marty::http {

/// ASCII-only, as HTTP field names are (RFC 9110 5.1).
bool equals_ignoring_case(std::string_view a, std::string_view b);

/// Whether a comma-separated list value ("close, Upgrade") has that member, ignoring case (RFC 9110 5.6.1).
bool list_contains(std::string_view list, std::string_view member);

using marty::Header;

/// The field lines of one message in order of arrival, as views into somebody else's bytes. Reuse one object
/// for many messages: `clear` keeps the capacity, so the steady path does not allocate.
class HeaderList {
 public:
  void clear() { lines_.clear(); }
  void add(std::string_view name, std::string_view value) { lines_.push_back({name, value}); }
  /// The first line of that name (any case), or nullptr.
  const Header* find(std::string_view name) const;
  std::size_t size() const { return lines_.size(); }
  std::span<const Header> lines() const { return lines_; }
  auto begin() const { return lines_.begin(); }
  auto end() const { return lines_.end(); }

 private:
  std::vector<Header> lines_;
};

}  // namespace marty::http
