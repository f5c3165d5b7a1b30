#include "mesh/lower_routes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

/// A VirtualService takes the first route that matches and a route has one fault block, one set of
/// destinations and one retry policy. So gates that must work together need a route for each combination:
/// chaos variant × audience (canary, experiments) × retriable method, the most demanding combination first.
namespace marty::mesh {
namespace {

using policy::RouteMatch;
using policy::StringMatch;

StringMatch exact(const Sourced<std::string>& text) {
  StringMatch match;
  match.text = text.value;
  match.origin = text.origin;
  return match;
}

std::string lower_case(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

policy::RouteMatch::Named header_is(const PolicyFile::HeaderGate& gate) {
  return {lower_case(*gate.name), exact(gate.value)};
}

/// A header that is part of a route's match, and what to call it in the route's name.
struct Gate {
  policy::RouteMatch::Named header;
  std::string name;
  Origin origin;
};

Gate gate(const PolicyFile::HeaderGate& wanted, std::string name) {
  return {header_is(wanted), std::move(name), wanted.name.origin};
}

/// One combination of chaos rules. A fault block holds one delay and one abort, so of several rules whose
/// headers are present the first with a delay gives the delay and the first with an abort the abort.
struct ChaosVariant {
  std::vector<Gate> gates;
  const PolicyFile::ChaosRule *delay = nullptr, *abort = nullptr;
};

std::uint32_t ppm(double percent) {
  return static_cast<std::uint32_t>(std::lround(std::clamp(percent, 0.0, 100.0) * 10'000));
}

std::optional<policy::Fault> fault_of(const ChaosVariant& variant) {
  if (!variant.delay && !variant.abort) return std::nullopt;
  policy::Fault fault;
  fault.origin = (variant.delay ? variant.delay : variant.abort)->origin;
  if (variant.delay) {
    const auto& delay = *variant.delay->delay;
    fault.delay = {delay.fixed, {ppm(*delay.percent), delay.percent.origin}};
  }
  if (variant.abort) {
    const auto& abort = *variant.abort->abort;
    fault.abort = {{static_cast<std::uint16_t>(*abort.status), abort.status.origin},
                   {ppm(*abort.percent), abort.percent.origin}};
  }
  return fault;
}

/// "chaos-delay", or "chaos-delay-2" for the second rule with a delay.
std::string chaos_name(const char* what, std::size_t nth) {
  return nth == 0 ? fmt::format("chaos-{}", what) : fmt::format("chaos-{}-{}", what, nth + 1);
}

const PolicyFile::ChaosRule* earlier(const PolicyFile::ChaosRule* a, const PolicyFile::ChaosRule* b) {
  return !a ? b : !b ? a : std::min(a, b);
}

/// Every pair (delaying rule or none, aborting rule or none) that some set of headers leads to, so that the
/// first match is the right one; the last is "no chaos header". One delaying and one aborting rule give four.
std::vector<ChaosVariant> chaos_variants(std::span<const PolicyFile::ChaosRule> rules) {
  std::vector<const PolicyFile::ChaosRule*> delays, aborts;
  for (const auto& rule : rules) {
    if (rule.delay) delays.push_back(&rule);
    if (rule.abort) aborts.push_back(&rule);
  }
  delays.push_back(nullptr);
  aborts.push_back(nullptr);
  std::vector<ChaosVariant> variants;
  for (std::size_t d = 0; d < delays.size(); ++d) {
    for (std::size_t a = 0; a < aborts.size(); ++a) {
      const auto *delay = delays[d], *abort = aborts[a];
      // A rule with both faults brings both along: the pair may lead to another one.
      if (earlier(delay, abort && abort->delay ? abort : nullptr) != delay) continue;
      if (earlier(abort, delay && delay->abort ? delay : nullptr) != abort) continue;
      ChaosVariant variant{{}, delay, abort};
      if (delay) variant.gates.push_back(gate(delay->header, chaos_name("delay", d)));
      if (abort && abort != delay) variant.gates.push_back(gate(abort->header, chaos_name("abort", a)));
      if (abort && abort == delay) variant.gates.back().name += "-abort";
      variants.push_back(std::move(variant));
    }
  }
  return variants;
}

policy::Retry::Config retry_config(const PolicyFile::Retries& wanted) {
  policy::Retry::Config config;
  config.origin = wanted.origin;
  config.attempts = wanted.attempts;
  config.per_try_timeout = wanted.per_try_timeout;
  if (wanted.on.empty()) return config;
  std::uint32_t mask = 0;
  for (const auto& word : wanted.on) {
    if (const auto bit = policy::Retry::word(*word)) {
      mask |= *bit;
      continue;
    }
    std::uint16_t code = 0;
    const auto* end = word->data() + word->size();
    if (std::from_chars(word->data(), end, code).ptr == end && code != 0) {
      mask |= policy::Retry::kRetriableStatusCodes;
      config.status_codes.push_back({code, word.origin});
    }
  }
  config.on = {mask, wanted.on.front().origin};
  return config;
}

/// No retry policy at all, the opposite of leaving `retries` out (which would be the mesh's default policy).
policy::Retry::Config never(Origin origin) {
  policy::Retry::Config config;
  config.attempts = {0, origin};
  config.origin = origin;
  return config;
}

struct MethodGate {
  std::optional<StringMatch> match;  ///< nothing: any method
  std::string name;
  std::optional<policy::Retry::Config> retries;
};

StringMatch any_of(const std::vector<Sourced<std::string>>& methods) {
  if (methods.size() == 1) return exact(methods.front());
  StringMatch match;
  match.kind = StringMatch::Kind::kRegex;
  for (const auto& method : methods) match.text += (match.text.empty() ? "" : "|") + *method;
  match.origin = methods.front().origin;
  std::string why;
  match.regex = policy::Regex::compile(match.text, why);
  return match;
}

std::vector<MethodGate> method_gates(const std::optional<PolicyFile::Retries>& retries) {
  if (!retries) return {{std::nullopt, "", std::nullopt}};
  if (*retries->attempts == 0) return {{std::nullopt, "", never(retries->attempts.origin)}};
  if (retries->methods.empty()) return {{std::nullopt, "", retry_config(*retries)}};
  const bool reads = std::all_of(retries->methods.begin(), retries->methods.end(), [](const auto& m) {
    return *m == "GET" || *m == "HEAD" || *m == "OPTIONS";
  });
  return {{any_of(retries->methods), reads ? "read" : "retriable", retry_config(*retries)},
          {std::nullopt, reads ? "write" : "other", never(retries->methods.front().origin)}};
}

WeightedDestination destination(const PolicyFile& file, Sourced<std::string> version,
                                Sourced<std::uint32_t> weight) {
  WeightedDestination to;
  to.host = {*file.service.name + "." + *file.ns + ".svc.cluster.local", file.service.name.origin};
  to.origin = version.origin;
  to.subset = std::move(version);
  to.port = static_cast<std::uint16_t>(*file.service.port);
  to.weight = weight;
  return to;
}

/// `audience`: whose version it is; nullptr: everybody else's.
Route make_route(const PolicyFile& file, const ChaosVariant& chaos, const Audience* audience,
                 const MethodGate& methods) {
  Route route;
  auto gates = chaos.gates;
  if (audience) gates.push_back({audience->header, audience->name, audience->header.match.origin});
  RouteMatch match;
  for (auto& gate : gates) {
    match.headers.push_back(std::move(gate.header));
    route.name += (route.name.empty() ? "" : "-") + gate.name;
    if (!match.origin.known()) match.origin = route.origin = gate.origin;
  }
  match.method = methods.match;
  if (!methods.name.empty()) route.name += (route.name.empty() ? "" : "-") + methods.name;
  if (route.name.empty()) route.name = "main";
  if (!match.matches_everything()) route.matches.push_back(std::move(match));

  const auto split =
      audience ? PolicyFile::Split{{audience->version, {100, audience->origin}}} : everybody_else(file);
  for (const auto& [version, weight] : split)
    route.destinations.push_back(destination(file, version, weight));
  if (split.empty()) route.destinations.push_back(destination(file, {}, {}));
  if (!route.origin.known()) route.origin = route.destinations.front().origin;
  route.timeout = file.routing.timeout;
  route.retries = methods.retries;
  route.fault = fault_of(chaos);
  return route;
}

/// Its place in the header is not known: after another one, before another one, or alone. Names and values
/// are words, so nothing in them means anything else to the expression.
policy::RouteMatch::Named cookie_is(const PolicyFile::HeaderGate& cookie) {
  StringMatch match;
  match.kind = StringMatch::Kind::kRegex;
  match.origin = cookie.value.origin;
  match.text = "(.*; *)?" + *cookie.name + "=" + *cookie.value + "(;.*)?";
  std::string why;
  match.regex = policy::Regex::compile(match.text, why);
  return {"cookie", match};
}

Audience audience_of(const PolicyFile::Experiment& experiment) {
  Audience audience{*experiment.name, {}, experiment.version, experiment.origin};
  if (experiment.cookie) {
    audience.header = cookie_is(*experiment.cookie);
  } else {
    audience.header = header_is(*experiment.header);
    auto& match = audience.header.match;
    if (*experiment.match == "prefix") match.kind = StringMatch::Kind::kPrefix;
    if (*experiment.match == "regex") match.kind = StringMatch::Kind::kRegex;
    std::string why;
    if (match.kind == StringMatch::Kind::kRegex) match.regex = policy::Regex::compile(match.text, why);
  }
  return audience;
}

}  // namespace

std::vector<Audience> audiences(const PolicyFile& file) {
  std::vector<Audience> all;
  if (const auto& canary = file.routing.canary)
    all.push_back({"canary", header_is(canary->header), canary->version, canary->origin});
  for (const auto& experiment : file.routing.experiments) all.push_back(audience_of(experiment));
  return all;
}

PolicyFile::Split everybody_else(const PolicyFile& file) {
  if (!file.routing.split.empty()) return file.routing.split;
  const auto named = audiences(file);
  if (named.empty()) return {};
  PolicyFile::Split left;
  for (const auto& [name, version] : file.workload.versions)
    if (std::none_of(named.begin(), named.end(), [&](const auto& one) { return one.version == name; }))
      left.push_back({name, {100, name.origin}});
  return left;
}

RouteTable lower_routes(const PolicyFile& file) {
  RouteTable table;
  table.ns = *file.ns;
  table.name = *file.name;
  table.origin = file.service.name.origin;
  table.hosts.push_back({*file.service.name + "." + *file.ns + ".svc.cluster.local", table.origin});
  const auto named = audiences(file);
  std::vector<const Audience*> all;
  for (const auto& audience : named) all.push_back(&audience);
  all.push_back(nullptr);
  const auto methods = method_gates(file.routing.retries);
  for (const auto& chaos : chaos_variants(file.active_chaos()))
    for (const auto* audience : all)
      for (const auto& gate : methods) table.routes.push_back(make_route(file, chaos, audience, gate));
  return table;
}

}  // namespace marty::mesh
