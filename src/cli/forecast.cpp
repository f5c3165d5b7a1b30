#include "cli/forecast.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

namespace marty::cli {

namespace {

using Json = nlohmann::ordered_json;

/// The directory all known places lie in, with its '/'; empty when they lie in several.
std::string common_directory(const engine::Forecast& forecast) {
  std::optional<std::string> common;
  const auto look = [&](const std::vector<engine::Sentence>& all) {
    for (const auto& one : all) {
      if (!one.origin.known()) continue;
      const auto directory = one.place.substr(0, one.place.rfind('/') + 1);
      if (!common) common = directory;
      if (*common != directory) common = "";
    }
  };
  look(forecast.client);
  for (const auto& branch : forecast.branches) look(branch.server);
  return common.value_or("");
}

/// Sentences with their places in one column, unless a sentence is very long.
std::string sentences(const std::vector<engine::Sentence>& all, std::size_t cut, Color color) {
  constexpr std::size_t kWidest = 96;
  std::size_t width = 0;
  for (const auto& one : all)
    if (one.text.size() <= kWidest) width = std::max(width, one.text.size());
  const std::string_view on = color == Color::kYes ? "\x1b[2m" : "",
                         off = color == Color::kYes ? "\x1b[0m" : "";
  std::string out;
  for (const auto& one : all) {
    const auto place = std::string_view(one.place).substr(one.origin.known() ? cut : 0);
    out += fmt::format("  {:<{}}  {}{}{}\n", one.text, width, on, place, off);
  }
  return out;
}

std::string outcome(int refused_with) {
  return refused_with ? fmt::format("refused with {}", refused_with) : std::string("reaches the application");
}

Json sentences_json(const std::vector<engine::Sentence>& all, const SourceMap& sources) {
  Json out = Json::array();
  for (const auto& one : all) {
    const bool known = one.origin.known();
    out.push_back({{"text", one.text},
                   {"place", one.place},
                   {"file", known ? Json(sources.name(one.origin.file)) : Json()},
                   {"line", known ? Json(one.origin.line) : Json()},
                   {"column", known ? Json(one.origin.column) : Json()}});
  }
  return out;
}

}  // namespace

int Foretold::refused_with() const {
  if (forecast.answered_locally >= 400) return forecast.answered_locally;
  for (const auto& branch : forecast.branches)
    if (branch.refused_with != 0 && branch.percent > 0) return branch.refused_with;
  return 0;
}

std::string forecast_table(const Foretold& told, Color color) {
  auto out = fmt::format("{} http://{}{}\n", told.method, told.authority, told.path);
  for (const auto& [name, value] : told.headers) out += fmt::format("{}: {}\n", name, value);
  out += fmt::format("from {}\n", told.identity);
  const auto directory = common_directory(told.forecast);
  if (!directory.empty()) out += fmt::format("lines are in {}\n", directory);
  out += "\nat the client\n" + sentences(told.forecast.client, directory.size(), color);
  if (told.forecast.answered_locally) {
    out += fmt::format("answered by the client's own sidecar with {}\n", told.forecast.answered_locally);
    return out;
  }
  for (const auto& branch : told.forecast.branches) {
    out +=
        fmt::format("\n{:g} % to {}: {}\n", branch.percent, branch.destination, outcome(branch.refused_with));
    out += sentences(branch.server, directory.size(), color);
  }
  return out;
}

std::string forecast_json(const Foretold& told, const SourceMap& sources) {
  Json headers = Json::array();
  for (const auto& [name, value] : told.headers) headers.push_back({{"name", name}, {"value", value}});
  Json branches = Json::array();
  for (const auto& branch : told.forecast.branches)
    branches.push_back({{"destination", branch.destination},
                        {"percent", branch.percent},
                        {"refusedWith", branch.refused_with ? Json(branch.refused_with) : Json()},
                        {"server", sentences_json(branch.server, sources)}});
  const int refused = told.refused_with(), local = told.forecast.answered_locally;
  const Json out{{"schema", "marty/v1"},
                 {"request",
                  {{"method", told.method},
                   {"authority", told.authority},
                   {"path", told.path},
                   {"headers", headers},
                   {"identity", told.identity}}},
                 {"refusedWith", refused ? Json(refused) : Json()},
                 {"answeredLocally", local ? Json(local) : Json()},
                 {"client", sentences_json(told.forecast.client, sources)},
                 {"branches", branches}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace marty::cli
