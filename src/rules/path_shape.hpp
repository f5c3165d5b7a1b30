#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace marty::rules {

/// The set of paths that a template or pattern stands for, whoever's notation it is in. Where a notation says
/// more than this can hold, the set is wider than what was meant, never narrower: "no path is in both" is
/// certain.
class PathShape {
 public:
  static PathShape exact(std::string_view path);
  static PathShape prefix(std::string_view start);
  /// Whole segments, as the Gateway API's PathPrefix: "/pets" also stands for "/pets/7", not for "/petshop".
  static PathShape segments(std::string_view start);
  /// OpenAPI: "/pets/{id}". With `anything_before`, below a base path that is not known.
  static PathShape openapi(std::string_view path, bool anything_before = false);
  /// Istio's AuthorizationPolicy: exact, "/pets/*", "*/info", "*", or with "{*}" and "{**}".
  static PathShape istio(std::string_view pattern);
  /// All of a path; '^' and '$' at the ends change nothing.
  static PathShape regex(std::string_view pattern);

  PathShape& ignore_case();
  friend bool meet(const PathShape&, const PathShape&);

 private:
  enum class Piece : char { kLetter, kAny, kNoSlash };  // one character each
  struct Step {
    Piece piece = Piece::kLetter;
    char letter = 0;
    bool repeats = false;  // any number of times, none included
  };
  void letters(std::string_view);
  void rest() { steps_.push_back({Piece::kAny, 0, true}); }
  void some_without_slash();
  static bool fit(const Step&, const Step&);

  std::vector<Step> steps_;
  bool ends_at_segment_ = false;  // as it is, or with a slash and anything behind it
  bool any_case_ = false;
};

/// Whether some path may be in both.
bool meet(const PathShape&, const PathShape&);

}  // namespace marty::rules
