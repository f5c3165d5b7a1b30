#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "manifest/resource.hpp"

namespace marty::rules {

/// Objects by kind, namespace and name. A table with open addressing: one piece of memory, whatever their
/// number.
class Names {
 public:
  explicit Names(const std::vector<manifest::Resource>&);
  /// The first of that name; of kinds in several groups the group tells, unless it is empty.
  const manifest::Resource* find(std::string_view kind, std::string_view ns, std::string_view name,
                                 std::string_view group) const;

 private:
  struct Slot {
    const manifest::Resource* object = nullptr;
    std::uint32_t tag = 0;
  };
  std::size_t next(std::size_t slot) const { return (slot + 1) & (slots_.size() - 1); }

  std::vector<Slot> slots_;  // a power of two, at most half of them used
};

}  // namespace marty::rules
