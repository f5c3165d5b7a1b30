#pragma once

#include <string_view>
#include <unordered_map>

#include "manifest/yaml.hpp"

namespace marty::schema {

/// Default values of schemas, read from their text when they are first asked for.
class Defaults {
 public:
  /// `text` stands in a table, which outlives this; nullptr when there is none. Valid as long as this is.
  const manifest::Node* find(std::string_view text) {
    if (text.empty()) return nullptr;
    const auto [known, fresh] = read_.try_emplace(text.data());
    if (fresh) {
      Diagnostics ignored;
      known->second = manifest::parse_yaml(text, 0, ignored);
    }
    return known->second.empty() ? nullptr : &known->second.front();
  }

 private:
  std::unordered_map<const char*, std::vector<manifest::Node>> read_;
};

}  // namespace marty::schema
