#include <algorithm>

#include "mesh/lower_routes.hpp"
#include "mesh/policy_file.hpp"

namespace marty::mesh {
namespace {

using policy::Authorization;
using policy::StringMatch;

constexpr const char* kAppLabel = "app";
constexpr const char* kVersionLabel = "version";

Labels app_labels(const PolicyFile& file) { return {{kAppLabel, *file.name}}; }

void lower_service(const PolicyFile& file, Model& model) {
  Service service;
  service.ns = *file.ns;
  service.name = *file.service.name;
  service.selector = app_labels(file);
  service.origin = file.service.name.origin;
  const auto port = static_cast<std::uint16_t>(*file.service.port);
  // Istio takes the protocol from the port's name.
  service.ports.push_back({*file.service.protocol + "-api", port, port});
  if (const auto metrics = static_cast<std::uint16_t>(*file.workload.metrics_port))
    service.ports.push_back({"http-metrics", metrics, metrics});
  model.services.push_back(std::move(service));
}

void lower_workloads(const PolicyFile& file, Model& model) {
  for (const auto& [version, spec] : file.workload.versions) {
    Workload workload;
    workload.ns = *file.ns;
    workload.name = *file.name + "-" + *version;
    workload.service_account = *file.name;
    workload.labels = {{kAppLabel, *file.name},
                       {kVersionLabel, *version},
                       {"app.kubernetes.io/name", *file.name},
                       {"app.kubernetes.io/version", *version}};
    workload.replicas = *spec.replicas;
    workload.ports.push_back(static_cast<std::uint16_t>(*file.service.port));
    if (*file.workload.metrics_port != 0)
      workload.ports.push_back(static_cast<std::uint16_t>(*file.workload.metrics_port));
    if (!file.workload.readiness->empty()) {
      workload.readiness_path = *file.workload.readiness;
      workload.readiness_port = static_cast<std::uint16_t>(*file.service.port);
    }
    workload.origin = version.origin;
    model.workloads.push_back(std::move(workload));
  }
}

/// The workload's own account, and callers' accounts that live in our namespace; the others belong to whoever
/// owns their namespace.
void lower_accounts(const PolicyFile& file, Model& model) {
  auto add = [&](const Sourced<std::string>& account) {
    Sourced<std::string> entry{*file.ns + "/" + *account, account.origin};
    auto& known = model.service_accounts;
    if (std::find(known.begin(), known.end(), entry) == known.end()) known.push_back(std::move(entry));
  };
  add(file.name);
  for (const auto& allow : file.security.allow)
    for (const auto& caller : allow.from)
      if (caller.ns == file.ns) add(caller.service_account);
}

policy::ConnectionLimits::Config limits(const PolicyFile::Connections& wanted) {
  policy::ConnectionLimits::Config config;
  auto bound = [](const Sourced<std::uint32_t>& value, Sourced<std::uint32_t>& into) {
    if (*value != 0) into = value;  // Istio reads 0 as "not set"
  };
  bound(wanted.max, config.max_connections);
  bound(wanted.pending, config.max_pending_requests);
  bound(wanted.requests, config.max_requests);
  if (wanted.connect_timeout) config.connect_timeout = *wanted.connect_timeout;
  config.origin = wanted.origin;
  return config;
}

policy::OutlierDetection::Config outliers(const PolicyFile::Outliers& wanted) {
  policy::OutlierDetection::Config config;
  if (wanted.consecutive_5xx) config.consecutive_5xx = *wanted.consecutive_5xx;
  if (wanted.consecutive_gateway_errors)
    config.consecutive_gateway_errors = *wanted.consecutive_gateway_errors;
  if (wanted.interval) config.interval = *wanted.interval;
  if (wanted.base_ejection) config.base_ejection_time = *wanted.base_ejection;
  if (wanted.max_ejected_percent) config.max_ejection_percent = *wanted.max_ejected_percent;
  config.origin = wanted.origin;
  return config;
}

/// One policy for the host; the subsets inherit its blocks.
void lower_destination(const PolicyFile& file, Model& model) {
  DestinationPolicy destination;
  destination.ns = *file.ns;
  destination.host = *file.service.name + "." + *file.ns + ".svc.cluster.local";
  destination.origin = file.service.name.origin;
  if (file.connections) destination.policy.limits = limits(*file.connections);
  if (file.outliers) destination.policy.outliers = outliers(*file.outliers);
  for (const auto& [version, spec] : file.workload.versions)
    destination.subsets.push_back({*version, {{kVersionLabel, *version}}, {}, version.origin});
  model.destinations.push_back(std::move(destination));
}

/// The metrics port stays open to a Prometheus outside of the mesh. Probes need no exception here or in the
/// authorization: Istio's injector points them at its agent, which asks the application directly.
void lower_mtls(const PolicyFile& file, Model& model) {
  using policy::MtlsMode;
  policy::MtlsPolicy mtls;
  mtls.ns = *file.ns;
  mtls.name = *file.name + "-mtls";
  mtls.selector = app_labels(file);
  const auto& word = file.security.mtls;
  mtls.mode = {*word == "permissive" ? MtlsMode::kPermissive : MtlsMode::kStrict, word.origin};
  if (const auto metrics = static_cast<std::uint16_t>(*file.workload.metrics_port);
      metrics != 0 && *mtls.mode == MtlsMode::kStrict)
    mtls.ports[metrics] = {MtlsMode::kPermissive, file.workload.metrics_port.origin};
  mtls.origin = word.origin;
  model.mtls.push_back(std::move(mtls));
}

/// Istio's string forms: exact, "prefix*", "*suffix" and "*" for "present".
StringMatch pattern(const Sourced<std::string>& wanted) {
  StringMatch match;
  match.origin = wanted.origin;
  const std::string& text = *wanted;
  if (text == "*") {
    match.kind = StringMatch::Kind::kPresent;
  } else if (text.ends_with('*')) {
    match.kind = StringMatch::Kind::kPrefix;
    match.text = text.substr(0, text.size() - 1);
  } else if (text.starts_with('*')) {
    match.kind = StringMatch::Kind::kSuffix;
    match.text = text.substr(1);
  } else {
    match.text = text;
  }
  return match;
}

AuthorizationScope scope(const PolicyFile& file, const std::string& name, Authorization::Rule rule) {
  AuthorizationScope covered;
  covered.selector = app_labels(file);
  covered.policy.ns = *file.ns;
  covered.policy.name = *file.name + "-" + name;
  covered.policy.origin = rule.origin;
  covered.policy.rules.push_back(std::move(rule));
  return covered;
}

Authorization::Rule allow_rule(const PolicyFile::Allow& allow) {
  Authorization::Rule rule;
  rule.origin = allow.origin;
  if (!allow.from.empty()) {
    auto& source = rule.from.emplace_back();
    source.origin = allow.from.front().service_account.origin;
    for (const auto& caller : allow.from) {
      if (!caller.is_in(MeshKind::kIstio)) continue;
      source.principals.push_back(
          pattern({"cluster.local/ns/" + *caller.ns + "/sa/" + *caller.service_account,
                   caller.service_account.origin}));
    }
  }
  for (const auto& permission : allow.to) {
    auto& operation = rule.to.emplace_back();
    operation.origin = permission.origin;
    for (const auto& method : permission.methods) operation.methods.push_back(pattern(method));
    for (const auto& path : permission.paths) operation.paths.push_back(pattern(path));
  }
  return rule;
}

void lower_scrapes(const PolicyFile& file, Model& model) {
  const Origin origin = file.workload.metrics_port.origin;
  Authorization::Rule scrapes;
  scrapes.origin = origin;
  auto& operation = scrapes.to.emplace_back();
  operation.origin = origin;
  operation.methods.push_back(pattern({"GET", origin}));
  operation.paths.push_back(pattern({"/metrics", origin}));
  operation.ports.push_back({std::to_string(*file.workload.metrics_port), origin});
  model.authorization.push_back(scope(file, "scrapes", std::move(scrapes)));
}

/// One policy per named entry, so that a denial or a permit names the entry. No entries: no policy, so
/// everybody may call; with any, the scrape must be allowed by its own.
///
/// While plaintext is taken, rules that ask for an identity would lock out every caller that is not in the
/// mesh yet, and one enforced rule makes the others' callers strangers: then all of them are a dry run.
void lower_authorization(const PolicyFile& file, Model& model) {
  if (file.security.allow.empty()) return;
  for (const auto& allow : file.security.allow) {
    auto covered = scope(file, *allow.name, allow_rule(allow));
    if (names_nobody(allow, MeshKind::kIstio)) covered.policy.rules.clear();
    model.authorization.push_back(std::move(covered));
  }
  if (*file.workload.metrics_port != 0) lower_scrapes(file, model);
  for (auto& covered : model.authorization) covered.dry_run = authorization_is_dry_run(file);
}

/// Without a declaration every host stays known. The sidecar itself calls one more: the collector of its
/// spans.
void lower_sidecar(const PolicyFile& file, Model& model) {
  const auto& declared = file.service.depends_on;
  if (!declared) return;
  SidecarScope scope{*file.ns, *file.name, app_labels(file), {}, file.service.name.origin};
  scope.egress = {{"./*", scope.origin}, {"istio-system/*", scope.origin}};
  for (const auto& [ns, fqdn, origin] : dependencies(file))
    if (ns != *file.ns && ns != "istio-system") scope.egress.push_back({ns + "/" + fqdn, origin});
  if (const auto& to = file.observability.collector; *file.observability.tracing_sampling > 0)
    scope.egress.push_back({*to.ns + "/" + *to.service + "." + *to.ns + ".svc.cluster.local", to.ns.origin});
  model.sidecars.push_back(std::move(scope));
}

void lower_rate_limit(const PolicyFile& file, Model& model) {
  constexpr std::uint32_t kAll = 1'000'000;
  const auto& wanted = *file.rate_limit;
  InboundRateLimit limit;
  limit.ns = *file.ns;
  limit.name = *file.name + "-rate-limit";
  limit.selector = app_labels(file);
  limit.port = static_cast<std::uint16_t>(*file.service.port);  // scrapes are not counted
  limit.origin = limit.limit.origin = limit.limit.bucket.origin = wanted.origin;
  limit.limit.bucket.max_tokens = wanted.burst;
  limit.limit.bucket.tokens_per_fill = wanted.refill;
  limit.limit.bucket.fill_interval = wanted.every;
  // Both shares default to 0 in Envoy, which would make the filter do nothing.
  limit.limit.enabled_ppm = limit.limit.enforced_ppm = {kAll, wanted.origin};
  limit.limit.response_headers = {{"x-local-rate-limit", "true"}};
  model.rate_limits.push_back(std::move(limit));
}

}  // namespace

bool authorization_is_dry_run(const PolicyFile& file) {
  const auto& rules = file.security.allow;
  return *file.security.mtls == "permissive" &&
         std::any_of(rules.begin(), rules.end(), [](const auto& allow) { return !allow.from.empty(); });
}

std::vector<Dependency> dependencies(const PolicyFile& file) {
  constexpr std::string_view kDomain = ".svc.cluster.local";
  std::vector<Dependency> all;
  if (!file.service.depends_on) return all;
  for (const auto& host : *file.service.depends_on) {
    std::string name = *host;
    if (name.ends_with(kDomain)) name.resize(name.size() - kDomain.size());
    all.push_back({name.substr(name.find('.') + 1), name + std::string(kDomain), host.origin});
  }
  return all;
}

bool names_nobody(const PolicyFile::Allow& allow, MeshKind mesh) {
  return !allow.from.empty() && std::none_of(allow.from.begin(), allow.from.end(),
                                             [&](const auto& caller) { return caller.is_in(mesh); });
}

std::vector<std::string> caller_namespaces(const PolicyFile& file, MeshKind mesh) {
  std::vector<std::string> all;
  for (const auto& allow : file.security.allow)
    for (const auto& caller : allow.from)
      if (caller.is_in(mesh) && std::find(all.begin(), all.end(), *caller.ns) == all.end())
        all.push_back(*caller.ns);
  return all;
}

std::vector<std::string> scrapers(const PolicyFile& file) {
  std::vector<std::string> all;
  for (const auto& ns : file.observability.scraped_from) all.push_back(*ns);
  return all.empty() ? std::vector<std::string>{"monitoring", "linkerd-viz"} : all;
}

Model lower(const PolicyFile& file) {
  Model model;
  model.namespaces.push_back({*file.ns, {{"istio-injection", "enabled"}}, file.ns.origin});
  lower_accounts(file, model);
  lower_service(file, model);
  lower_workloads(file, model);
  model.route_tables.push_back(lower_routes(file));
  lower_destination(file, model);
  lower_mtls(file, model);
  lower_authorization(file, model);
  if (file.rate_limit) lower_rate_limit(file, model);
  lower_sidecar(file, model);
  return model;
}

}  // namespace marty::mesh
