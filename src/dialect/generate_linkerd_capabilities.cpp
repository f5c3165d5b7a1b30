#include <fmt/format.h>

#include "dialect/generate_linkerd_parts.hpp"
#include "manifest/duration.hpp"

/// What Linkerd cannot do as mesh.yaml asks for it. Nothing is left out without a line here.
namespace marty::dialect::generated {

namespace {

class Findings {
 public:
  explicit Findings(const PolicyFile& file) : file_(file), profile_(uses_profile(file)) {}

  void routing() {
    const auto& wanted = file_.routing;
    if (wanted.retries && *wanted.retries->attempts > 0) retries(*wanted.retries);
    if (!profile_) return;
    for (const auto& audience : mesh::audiences(file_))
      say(audience.origin, fmt::format("routing: '{}' by header", audience.name), "",
          "a TrafficSplit knows no headers; target.linkerdApi: httproute does it");
  }

  void connections() {
    if (!file_.connections) return;
    say(file_.connections->origin, "connections", "",
        "Linkerd's proxy has no limits of connections or requests to set; it refuses what waits too long for "
        "a pod "
        "(503, 504)");
  }

  void outliers() {
    if (!file_.outliers) return;
    const auto& wanted = *file_.outliers;
    if (profile_)
      return say(wanted.origin, "outliers", "",
                 "no circuit breaking: a ServiceProfile with routes switches failure accrual off; "
                 "target.linkerdApi: "
                 "httproute has it");
    if (wanted.consecutive_gateway_errors)
      say(wanted.consecutive_gateway_errors->origin, "outliers.consecutiveGatewayErrors",
          wanted.consecutive_5xx ? "" : "failures in a row, of any 5xx", "Linkerd counts every 5xx alike");
    if (wanted.interval)
      say(wanted.interval->origin, "outliers.interval", "",
          "a breaker opens at the failure that fills the count");
    if (wanted.max_ejected_percent)
      say(wanted.max_ejected_percent->origin, "outliers.maxEjectedPercent", "",
          "Linkerd may shut off all pods: a version with one pod is then out until its penalty ends, and "
          "callers get "
          "504, then 503");
  }

  void rate_limit() {
    if (!file_.rate_limit) return;
    const auto& wanted = *file_.rate_limit;
    if (linkerd_minor(file_) < 17)
      return say(wanted.origin, "rateLimit", "", "HTTPLocalRateLimitPolicy came with Linkerd 2.17");
    say(wanted.origin,
        fmt::format("rateLimit ({} at once, then {} every {}, per pod)", *wanted.burst, *wanted.refill,
                    manifest::print_duration(*wanted.every)),
        fmt::format("{} a second, per pod and caller identity", per_second(wanted)),
        wanted.per_second
            ? "Linkerd counts single seconds; of a total, the kubelet's probes would be a part"
            : "Linkerd counts single seconds, so refill / every is rounded up and the burst is lost; "
              "rateLimit.perSecond says another number");
  }

  void security() {
    if (!is_strict(file_))
      say(file_.security.mtls.origin, "security.allow", "counted, not enforced",
          "while mTLS is permissive a caller may have no identity to be allowed by; Server.accessPolicy is "
          "'audit'");
    for (const auto& allow : file_.security.allow) {
      if (mesh::names_nobody(allow, mesh::MeshKind::kLinkerd)) {
        say(allow.origin, fmt::format("security.allow '{}'", *allow.name), "",
            "all of its callers are of another mesh");
      } else if (profile_) {
        whole_port(allow);
      } else {
        for (const auto& permission : allow.to)
          for (const auto& path : permission.paths) wider_path(path);
      }
    }
  }

  void chaos() {
    for (const auto& rule : file_.active_chaos()) {
      if (rule.delay) say(rule.origin, "chaos: delay", "", "Linkerd has nothing that delays a request");
      if (!rule.abort) continue;
      if (profile_)
        say(rule.origin, "chaos: abort", "",
            "a TrafficSplit knows no headers, and would fail everybody's requests");
      else
        say(rule.abort->status.origin,
            fmt::format("chaos: abort with {} for {} %", *rule.abort->status, *rule.abort->percent),
            fmt::format("500 for {} %, not retried", *rule.abort->percent),
            "Linkerd has no fault injection; a backend that cannot exist is answered 500 for its share of a "
            "route");
    }
  }

  void tracing() {
    say(file_.observability.tracing_sampling.written() ? file_.observability.tracing_sampling.origin
                                                       : file_.name.origin,
        "observability.tracing.sampling", "",
        "Linkerd's proxies begin no traces: they take part in those that a caller or an ingress has sampled");
  }

  std::vector<Capability> all;

 private:
  void say(Origin origin, std::string asked, std::string becomes, std::string why) {
    all.push_back({origin, std::move(asked), std::move(becomes), std::move(why)});
  }

  void retries(const PolicyFile::Retries& wanted) {
    if (profile_) {
      say(wanted.attempts.origin, fmt::format("routing.retries.attempts ({})", *wanted.attempts),
          "as many as budget and timeout allow", "a ServiceProfile's route counts no attempts");
      if (!wanted.on.empty())
        say(wanted.on.front().origin, "routing.retries.on", "every 5xx",
            "other classes would also change what counts as a success in the metrics");
      if (wanted.per_try_timeout)
        say(wanted.per_try_timeout->origin, "routing.retries.perTryTimeout", "",
            "a route has one timeout, for all tries");
      if (wanted.budget && (*wanted.budget->ttl < Duration{1s} || *wanted.budget->ttl > Duration{60s}))
        say(wanted.budget->ttl.origin, "routing.retries.budget.ttl", "1s to 60s", "the proxy takes no other");
      return;
    }
    if (wanted.budget)
      say(wanted.budget->ratio.origin, "routing.retries.budget", "",
          "retries by annotation have a limit per request and no budget; target.linkerdApi: serviceprofile "
          "has one");
    const bool has_502 = std::any_of(wanted.on.begin(), wanted.on.end(), [](const auto& condition) {
      return *condition == "gateway-error" || *condition == "5xx" || *condition == "502";
    });
    for (const auto& condition : wanted.on) {
      const auto status = retried_status(*condition);
      if (!status)
        say(condition.origin, fmt::format("routing.retries.on: {}", *condition), "",
            "Linkerd retries by status, and what never reached a server");
      else if (*status == "502" && !has_502)
        say(condition.origin, fmt::format("routing.retries.on: {}", *condition), "status 502",
            "Linkerd's proxy answers 502 when a connection fails, and cannot tell it from an application's "
            "502");
    }
  }

  void whole_port(const PolicyFile::Allow& allow) {
    if (allow.from.empty())
      say(allow.origin, fmt::format("security.allow '{}'", *allow.name), "",
          "a ServerAuthorization opens a whole port, so a rule for everybody would open all; the kubelet's "
          "probes come in "
          "without it");
    else if (!allow.to.empty())
      say(allow.to.front().origin, fmt::format("security.allow '{}': its methods and paths", *allow.name),
          "the whole port",
          "a ServerAuthorization cannot tell requests apart; target.linkerdApi: httproute does");
  }

  void wider_path(const Sourced<std::string>& path) {
    if (path->size() > 2 && path->ends_with("/*"))
      say(path.origin, fmt::format("security.allow: {}", *path),
          fmt::format("{0} and {0}/…", path->substr(0, path->size() - 2)),
          "a PathPrefix is of whole segments, with or without a slash at its end");
  }

  const PolicyFile& file_;
  bool profile_;
};

}  // namespace

std::vector<Capability> linkerd_capabilities(const PolicyFile& file) {
  Findings found(file);
  found.routing();
  found.connections();
  found.outliers();
  found.rate_limit();
  found.security();
  found.chaos();
  found.tracing();
  return std::move(found.all);
}

}  // namespace marty::dialect::generated
