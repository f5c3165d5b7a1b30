#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/regex.hpp"

namespace marty::schema {

/// Regular expressions of schemas: few, and asked for again and again.
class Patterns {
 public:
  /// nullptr when it is not RE2. Valid until a later call.
  const Regex* find(std::string_view pattern) {
    const auto known = compiled_.find(pattern);
    if (known != compiled_.end()) return known->second.get();
    if (compiled_.size() > kKeptMax) compiled_.clear();
    std::string text(pattern), why;
    auto regex = Regex::compile(text, why);
    return compiled_.emplace(std::move(text), std::move(regex)).first->second.get();
  }

 private:
  static constexpr std::size_t kKeptMax = 1000;  // CEL can make patterns out of what a manifest says
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unordered_map<std::string, std::shared_ptr<const Regex>, Hash, std::equal_to<>> compiled_;
};

}  // namespace marty::schema
