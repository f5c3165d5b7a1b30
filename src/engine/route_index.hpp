#pragma once

#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/program.hpp"

namespace marty::engine {

/// Finds the first matching route of a virtual host without trying them all: each match is filed under its
/// exact path, else its path prefix, else the exact value of a header; only the rest is tried in turn, and
/// skipped at once when the request lacks a header it needs. Same answer as trying all in order.
class RouteIndex {
 public:
  explicit RouteIndex(const VirtualHost&);

  struct Found {
    const ProgramRoute* route = nullptr;
    const policy::RouteMatch* match = nullptr;  ///< nullptr: the route has no conditions
  };
  Found find(const policy::RequestView&) const;

 private:
  struct Entry {
    const ProgramRoute* route;
    const policy::RouteMatch* match;
    std::uint64_t needs;  // one bit per header name, see names_
  };
  using Bucket = std::vector<std::uint32_t>;  // entries in order
  struct Name {
    std::string text;
    TextMap<Bucket> by_value;
  };
  /// The number of a header that entries ask for; nothing for pseudo-headers and beyond 64 names.
  std::optional<std::size_t> number(const std::string& name);
  void file(std::uint32_t entry);
  template <class Visit>
  void each_known(std::span<const Header>, Visit) const;
  void search(const Bucket&, const policy::RequestView&, std::uint64_t present, std::uint32_t& best) const;

  std::vector<Entry> entries_;
  std::vector<Name> names_;
  TextMap<Bucket> by_path_, by_prefix_;
  std::vector<std::size_t> prefix_lengths_;  // ascending
  Bucket rest_;
};

}  // namespace marty::engine
