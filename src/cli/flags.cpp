#include "cli/flags.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>

#include "core/diagnostic.hpp"

namespace marty::cli {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::string Arguments::text(const Flag& flag) const {
  const auto found = values_.find(&flag);
  return found == values_.end() || found->second.empty() ? std::string(flag.fallback) : found->second.front();
}

const std::vector<std::string>& Arguments::all(const Flag& flag) const {
  static const std::vector<std::string> kNone;
  const auto found = values_.find(&flag);
  return found == values_.end() ? kNone : found->second;
}

namespace {

CLI::Option* declare(CLI::App& app, const Flag& flag) {
  constexpr int kAnyNumber = -1;
  const std::string names(flag.names);
  switch (flag.kind) {
    case Flag::Kind::kToggle:
      return app.add_flag(names)->disable_flag_override();
    case Flag::Kind::kText:
      return app.add_option(names);
    case Flag::Kind::kOptional:
      return app.add_option(names)->expected(0, 1);
    case Flag::Kind::kRepeated:
      return app.add_option(names)->expected(1, kAnyNumber)->allow_extra_args(false);
    case Flag::Kind::kPositional:
      return app.add_option(names)->required();
    case Flag::Kind::kPositionals:
      return app.add_option(names)->expected(1, kAnyNumber)->allow_extra_args();
    case Flag::Kind::kRest:
      break;
  }
  return nullptr;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates) {
  const auto near = closest(word, candidates);
  return near ? fmt::format("; did you mean {}?", *near) : std::string();
}

std::string unknown(std::string_view word, std::span<const Flag* const> flags) {
  if (!word.starts_with('-')) return fmt::format("unexpected argument '{}'", word);
  std::vector<std::string_view> names{"--help"};
  for (const Flag* flag : flags)
    for (const auto name : split(flag->names, ','))
      if (name.starts_with('-')) names.push_back(name);
  word = word.substr(0, word.find('='));
  return fmt::format("unknown flag {}{}", word, did_you_mean(word, names));
}

std::string bad_choice(const Flag& flag, std::string_view given) {
  const auto choices = split(flag.choices, '|');
  if (std::find(choices.begin(), choices.end(), given) != choices.end()) return {};
  return fmt::format("{} takes {}, not '{}'{}", split(flag.names, ',').back(), fmt::join(choices, ", "),
                     given, did_you_mean(given, choices));
}

}  // namespace

Parsed parse(std::span<const Flag* const> flags, std::span<const std::string> words) {
  Parsed parsed;
  const auto rest = std::find_if(flags.begin(), flags.end(),
                                 [](const Flag* flag) { return flag->kind == Flag::Kind::kRest; });
  auto end = words.end();
  if (rest != flags.end()) {
    end = std::find(words.begin(), words.end(), "--");
    if (end != words.end()) parsed.arguments.values_[*rest].assign(end + 1, words.end());
  }

  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::vector<CLI::Option*> options;
  for (const Flag* flag : flags) options.push_back(declare(app, *flag));
  std::string library_says;
  try {
    app.parse(std::vector<std::string>(std::reverse_iterator(end), words.rend()));
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string_view says = error.what();
    library_says = fmt::format("{} takes one value, and is given once", says.substr(0, says.find(':')));
  } catch (const CLI::ParseError& error) {
    library_says = error.what();
  }
  // Unknown words first: they are usually the reason for whatever else is missing.
  if (const auto extras = app.remaining(); !extras.empty()) {
    const auto flag = std::find_if(extras.begin(), extras.end(), [](auto& w) { return w.starts_with('-'); });
    parsed.problem = unknown(flag == extras.end() ? extras.front() : *flag, flags);
    return parsed;
  }
  if (!library_says.empty()) {
    parsed.problem = library_says;
    return parsed;
  }
  for (std::size_t i = 0; i < flags.size(); ++i) {
    if (!options[i] || options[i]->count() == 0) continue;
    auto& values = parsed.arguments.values_[flags[i]] = options[i]->results();
    if (flags[i]->kind == Flag::Kind::kOptional && values.front().empty())
      values.front() = flags[i]->fallback;
    if (flags[i]->choices.empty()) continue;
    parsed.problem = bad_choice(*flags[i], values.front());
    if (!parsed.problem.empty()) return parsed;
  }
  return parsed;
}

}  // namespace marty::cli
