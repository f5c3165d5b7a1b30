#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Command-line flags as data: a command lists them, and parsing, help and did-you-mean follow from the list.
/// The only place that knows the command-line library.
namespace marty::cli {

struct Flag {
  enum class Kind : unsigned char {
    kToggle,       ///< --check
    kText,         ///< --service NAME, at most once
    kOptional,     ///< --dry-run or --dry-run=client; alone it means the fallback
    kRepeated,     ///< -H 'name: value', any number of times
    kPositional,   ///< METHOD, required
    kPositionals,  ///< PATH…, any number
    kRest,         ///< everything after `--`, untouched
  };
  Kind kind = Kind::kText;
  std::string_view names;  ///< "--service" or "-o,--output"; of a positional the name shown, such as "URL"
  std::string_view value;  ///< what help shows for the value, such as "NAME"
  std::string_view help;
  std::string_view choices{};   ///< "table|json|github": nothing else is accepted
  std::string_view fallback{};  ///< the value when not given
};

/// What the user gave, asked for by the flag itself.
class Arguments {
 public:
  bool given(const Flag& flag) const { return values_.contains(&flag); }
  /// The value, the fallback, or an empty text.
  std::string text(const Flag&) const;
  const std::vector<std::string>& all(const Flag&) const;

 private:
  friend struct Parsed parse(std::span<const Flag* const>, std::span<const std::string>);
  std::map<const Flag*, std::vector<std::string>> values_;
};

struct Parsed {
  Arguments arguments;
  std::string problem;  ///< not empty: what is wrong with the command line, with did-you-mean
};
Parsed parse(std::span<const Flag* const>, std::span<const std::string> words);

/// "table|json" → {"table", "json"}; also for names, with ','.
std::vector<std::string_view> split(std::string_view text, char separator);

}  // namespace marty::cli
