#include "cli/status_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace marty::cli {

using Json = nlohmann::ordered_json;
using rollout::Level;

namespace {

struct Look {
  std::string_view unicode, plain, color;
};
Look look_of(Level level) {
  switch (level) {
    case Level::kOk:
      return {"√", "ok  ", "32"};
    case Level::kWarning:
      return {"‼", "warn", "33"};
    case Level::kFailed:
      break;
  }
  return {"×", "FAIL", "31"};
}

class Table {
 public:
  Table(Symbols symbols, Color color) : symbols_(symbols), color_(color) {}

  void heading(std::string_view text) { out += fmt::format("{}{}\n", out.empty() ? "" : "\n", text); }
  void line(Level level, std::string_view text) {
    const auto look = look_of(level);
    const auto mark = symbols_ == Symbols::kUnicode ? look.unicode : look.plain;
    out += color_ == Color::kYes ? fmt::format("\x1b[{}m{}\x1b[0m {}\n", look.color, mark, text)
                                 : fmt::format("{} {}\n", mark, text);
  }
  void advice(std::string_view word, std::string_view text) {
    if (!text.empty()) out += fmt::format("    {}: {}\n", word, text);
  }

  std::string out;

 private:
  Symbols symbols_;
  Color color_;
};

std::string figure(const std::optional<double>& value, std::string_view unit) {
  return value ? fmt::format("{:.1f}{}", *value, unit) : "-";
}

void local(const StatusShot& shot, Table& table) {
  table.heading(fmt::format("local mesh at {}", *shot.local));
  table.line(shot.local_ready ? Level::kOk : Level::kFailed,
             shot.local_ready ? "all pods are ready" : "starting");
  if (!shot.local_ready) table.advice("look", fmt::format("curl http://{}/config", *shot.local));
  table.out += fmt::format("  {:<36} {:>8} {:>9} {:>10} {:>10} {:>8}\n", "SERVICE", "RPS", "SUCCESS", "P50",
                           "P99", "MTLS");
  for (const auto& one : shot.rates)
    table.out +=
        fmt::format("  {:<36} {:>8.1f} {:>9} {:>10} {:>10} {:>8}\n", one.service, one.requests_per_second,
                    figure(one.success_percent, "%"), figure(one.p50_ms, "ms"), figure(one.p99_ms, "ms"),
                    figure(one.mutual_tls_percent, "%"));
  if (shot.rates.empty()) table.out += "  no requests yet\n";
}

Json number_or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(); }
Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

}  // namespace

std::size_t StatusShot::count(Level level) const {
  return static_cast<std::size_t>(
      std::count_if(checks.begin(), checks.end(), [&](const auto& check) { return check.level == level; }));
}

std::string status_table(const StatusShot& shot, Symbols symbols, Color color) {
  Table table(symbols, color);
  if (shot.cluster) {
    std::string section;
    for (const auto& check : shot.checks) {
      if (check.section != section) table.heading(section = check.section);
      table.line(check.level, fmt::format("{}: {}", check.subject, check.says));
      table.advice("look", check.look);
      table.advice("mend", check.mend);
    }
  } else {
    table.out += fmt::format("no cluster: {}\n", shot.no_cluster);
  }
  if (shot.local) local(shot, table);
  return table.out;
}

std::string status_json(const StatusShot& shot, bool one_line) {
  Json checks = Json::array();
  for (const auto& check : shot.checks)
    checks.push_back({{"section", check.section},
                      {"level", to_string(check.level)},
                      {"subject", check.subject},
                      {"says", check.says},
                      {"look", text_or_null(check.look)},
                      {"mend", text_or_null(check.mend)}});
  Json out{{"schema", "marty/v1"},
           {"service", shot.service->name},
           {"namespace", shot.service->ns},
           {"mesh", shot.service->mesh},
           {"cluster", nullptr},
           {"checks", std::move(checks)},
           {"local", nullptr}};
  if (shot.cluster) out["cluster"] = {{"context", shot.cluster->context}, {"server", shot.cluster->server}};
  if (shot.local) {
    Json rates = Json::array();
    for (const auto& one : shot.rates)
      rates.push_back({{"service", one.service},
                       {"requestsPerSecond", one.requests_per_second},
                       {"successPercent", number_or_null(one.success_percent)},
                       {"p50Ms", number_or_null(one.p50_ms)},
                       {"p99Ms", number_or_null(one.p99_ms)},
                       {"mutualTlsPercent", number_or_null(one.mutual_tls_percent)}});
    out["local"] = {{"admin", *shot.local}, {"ready", shot.local_ready}, {"rates", std::move(rates)}};
  }
  out["summary"] = {{"ok", shot.count(Level::kOk)},
                    {"warning", shot.count(Level::kWarning)},
                    {"failed", shot.count(Level::kFailed)}};
  return out.dump(one_line ? -1 : 2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace marty::cli
