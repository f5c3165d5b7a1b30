#include "petstore/options.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace marty::petstore {
namespace {

struct Flag {
  std::string_view name;   ///< without dashes
  std::string_view takes;  ///< empty: no value
  std::string_view help;
  bool (*set)(Options&, std::string_view value);  ///< false: not what it takes
};

bool set_port(std::uint16_t& port, std::string_view value) {
  const auto number = whole_number(value, 0, UINT16_MAX);
  port = static_cast<std::uint16_t>(number.value_or(0));
  return number.has_value();
}

bool set_level(Options& options, std::string_view value) {
  for (LogLevel level : {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarn, LogLevel::kError}) {
    if (value != to_string(level)) continue;
    options.log_level = level;
    return true;
  }
  return false;
}

bool is_switch_on(std::string_view value) { return value == "1" || value == "true"; }
bool is_switch(std::string_view value) { return is_switch_on(value) || value == "0" || value == "false"; }

constexpr Flag kFlags[] = {
    {"host", "ADDRESS", "IPv4 address or unix:/path to listen on (127.0.0.1)",
     [](Options& o, std::string_view v) { return o.host = v, !v.empty(); }},
    {"port", "0-65535", "port of the API, /health and /ready (8080)",
     [](Options& o, std::string_view v) { return set_port(o.port, v); }},
    {"metrics-port", "0-65535", "port of /metrics (9000)",
     [](Options& o, std::string_view v) { return set_port(o.metrics_port, v); }},
    {"version-label", "v1|v2", "what x-petstore-version says (v1); v2 adds \"self\" to each pet",
     [](Options& o, std::string_view v) { return o.service.version_label = v, v == "v1" || v == "v2"; }},
    {"store", "sqlite:PATH|memory", "where pets are kept (sqlite:petstore.db)",
     [](Options& o, std::string_view v) {
       return o.store = v, v == "memory" || (v.starts_with("sqlite:") && v.size() > 7);
     }},
    {"log-level", "debug|info|warn|error", "least important line to write (info: one per request)",
     set_level},
    {"seed-demo", "", "put a few pets into an empty store",
     [](Options& o, std::string_view v) {
       return o.seed_demo = is_switch_on(v) ? SeedDemo::kYes : SeedDemo::kNo, is_switch(v);
     }},
    {"allow-fault-admin", "",
     "let POST /admin/fail on the metrics port make answers fail, for demonstrations",
     [](Options& o, std::string_view v) {
       return o.service.fault_admin = is_switch_on(v) ? FaultAdmin::kAllowed : FaultAdmin::kOff, is_switch(v);
     }},
};

std::string variable_of(const Flag& flag) {
  std::string name = "PETSTORE_" + std::string(flag.name);
  for (char& c : name) c = c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return name;
}

Status set(const Flag& flag, const std::string& spelled, std::string_view value, Options& out) {
  if (flag.set(out, value)) return ok();
  return Error{.code = ErrorCode::kInput,
               .text = fmt::format("{} cannot be '{}'", spelled, value),
               .next = fmt::format("give it {}", flag.takes.empty() ? "true or false" : flag.takes)};
}

}  // namespace

std::string api_address(const Options& options) {
  return options.host.starts_with("unix:") ? options.host : fmt::format("{}:{}", options.host, options.port);
}

std::string metrics_address(const Options& options) {
  if (options.host.starts_with("unix:")) return options.host + ".metrics";
  return fmt::format("{}:{}", options.host, options.metrics_port);
}

Result<Options> read_options(std::span<const std::string_view> arguments, const Environment& environment) {
  Options out;
  for (const Flag& flag : kFlags) {
    const std::string variable = variable_of(flag);
    const auto found = environment.find(variable);
    if (found != environment.end()) MARTY_TRY(set(flag, variable, found->second, out));
  }
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    const std::size_t equals = std::min(argument.find('='), argument.size());
    const std::string spelled(argument.substr(0, equals));
    const auto flag =
        std::ranges::find_if(kFlags, [&](const Flag& f) { return spelled == fmt::format("--{}", f.name); });
    if (flag == std::end(kFlags)) {
      return Error{.code = ErrorCode::kInput, .text = "there is no option " + spelled, .next = "see --help"};
    }
    std::string_view value = "true";
    if (equals < argument.size()) {
      value = argument.substr(equals + 1);
    } else if (!flag->takes.empty()) {
      if (++i == arguments.size()) {
        return Error{.code = ErrorCode::kInput,
                     .text = spelled + " needs a value",
                     .next = fmt::format("give it {}", flag->takes)};
      }
      value = arguments[i];
    }
    MARTY_TRY(set(*flag, spelled, value, out));
  }
  return out;
}

std::string options_text() {
  std::string out = "petstore-domain: pets over HTTP/JSON, as described in openapi.yaml\n\n";
  for (const Flag& flag : kFlags) {
    out += fmt::format("  {:<36}{}\n", fmt::format("--{} {}", flag.name, flag.takes), flag.help);
  }
  out +=
      "\nEach can also be set as PETSTORE_<OPTION>, for example PETSTORE_LOG_LEVEL=warn.\n"
      "SIGTERM: stop accepting, finish what is in flight (at most 10 s), exit 0.\n";
  return out;
}

}  // namespace marty::petstore
