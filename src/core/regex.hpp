#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace marty {

/// A compiled RE2 expression; the library stays behind this door.
class Regex {
 public:
  /// Nothing when it is not RE2 syntax or longer than 1024 characters (Istio's bound); `why` then says so.
  static std::shared_ptr<const Regex> compile(const std::string& pattern, std::string& why);
  virtual ~Regex() = default;
  virtual bool matches_all_of(std::string_view text) const = 0;
  /// As JSON Schema's pattern and CEL's matches(): found anywhere, unless it has anchors.
  virtual bool is_found_in(std::string_view text) const = 0;
};

}  // namespace marty
