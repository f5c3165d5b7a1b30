#include <fmt/format.h>

#include <cstdlib>

#include "core/regex.hpp"
#include "rules/looks.hpp"
#include "rules/refusals.hpp"
#include "schema/addresses.hpp"

namespace marty::rules::catalog {
namespace {

/// prefixRewrite replaces what a prefix matched; other matches have no such part.
void check_prefix_rewrite(const Resource& resource, const Place& route, Report& report) {
  if (get(route.node, "redirect.prefixRewrite") == nullptr) return;
  bool prefixes = false, others = false;
  each(route.node, "match[]",
       [&](const Place& match) { (get(match.node, "uri.prefix") != nullptr ? prefixes : others) = true; });
  if (!prefixes || others)
    refuse(resource, route, "redirect.prefixRewrite",
           "this needs a uri of type prefix in every match of the route", report);
}

void check_regex(const Resource& resource, const Place& in, std::string_view field, Report& report) {
  std::string why;
  const auto pattern = text(in.node, field);
  if (!pattern.empty() && Regex::compile(std::string(pattern), why) == nullptr)
    refuse(resource, in, field, fmt::format("this is no regular expression: {}", why), report);
}

/// Whether a route has one of the parts that are looked at.
bool has_parts(const Node& route) {
  for (const auto part : {"mirror", "directResponse", "redirect", "rewrite"})
    if (route.find(part) != nullptr) return true;
  return false;
}

void check_http(const Resource& resource, const Place& route, Report& report) {
  if (!has_parts(route.node)) return;
  check_exclusive(resource, route, "mirror", "mirrors", report);
  check_exclusive(resource, route, "directResponse", "rewrite", report);
  const auto below = [&](const Way& field, const auto& check) {
    const Node* node = get(route.node, field);
    if (node != nullptr) check(Place{*node, route.path + "." + std::string(field.words())});
  };
  below("redirect", [&](const Place& redirect) {
    check_needs_one(resource, redirect, {"uri", "prefixRewrite", "authority", "port", "derivePort", "scheme"},
                    report);
    check_exclusive(resource, redirect, "uri", "prefixRewrite", report);
    check_exclusive(resource, redirect, "port", "derivePort", report);
    const auto scheme = text(redirect.node, "scheme");
    if (!scheme.empty() && scheme != "http" && scheme != "https")
      refuse(resource, redirect, "scheme", fmt::format("nobody is redirected to '{}': http or https", scheme),
             report);
  });
  check_prefix_rewrite(resource, route, report);
  below("rewrite", [&](const Place& rewrite) {
    check_needs_one(resource, rewrite, {"uri", "uriRegexRewrite", "authority"}, report);
    check_exclusive(resource, rewrite, "uri", "uriRegexRewrite", report);
  });
  below("rewrite.uriRegexRewrite", [&](const Place& regex) {
    for (const auto field : {"match", "rewrite"})
      if (regex.node.find(field) == nullptr)
        refuse(resource, regex, {}, fmt::format("a rewrite by regex needs '{}', too", field), report);
    check_regex(resource, regex, "match", report);
  });
}

/// What every request has in common is no match.
void check_prefix(const Resource& resource, const Place& prefix, Report& report) {
  if (prefix.node.text.empty())
    report.at(resource, prefix, "every text begins with nothing: leave this match out");
}

/// More than all requests cannot be mirrored.
void check_share(const Resource& resource, const Place& share, Report& report) {
  const auto percent = std::strtod(share.node.text.c_str(), nullptr);
  if (percent > 100 || percent < 0) report.at(resource, share, "a share of all requests is 0 to 100");
}

/// Hosts of destinations are names; '*' is none.
void check_destination(const Resource& resource, const Place& host, Report& report) {
  if (host.node.text == "*") report.at(resource, host, "'*' names no destination");
}

void check_tcp(const Resource& resource, const Place& route, Report& report) {
  if (!has(route.node, "route")) refuse(resource, route, {}, "a route for TCP needs 'route'", report);
}

void check_subnet(const Resource& resource, const Place& net, Report& report) {
  if (!schema::is_ip(net.node.text) && !schema::is_cidr(net.node.text))
    report.at(resource, net, fmt::format("'{}' is neither address nor network", net.node.text));
}

constexpr Look kLooks[] = {{"spec.http[]", check_http},
                           {"spec.http[].route[].destination.host", check_destination},
                           {"spec.tcp[].route[].destination.host", check_destination},
                           {"spec.tls[].route[].destination.host", check_destination},
                           {"spec.http[].mirror.host", check_destination},
                           {"spec.http[].match[].uri.prefix", check_prefix},
                           {"spec.http[].match[].authority.prefix", check_prefix},
                           {"spec.http[].match[].headers{}.prefix", check_prefix},
                           {"spec.http[].match[].method.prefix", check_prefix},
                           {"spec.http[].mirrorPercentage.value", check_share},
                           {"spec.http[].mirrors[].percentage.value", check_share},
                           {"spec.tcp[]", check_tcp},
                           {"spec.tcp[].match[].destinationSubnets[]", check_subnet},
                           {"spec.tls[].match[].destinationSubnets[]", check_subnet}};

void check(const Estate& estate, Report& report) { each(estate.of("VirtualService"), kLooks, report); }

}  // namespace

extern const Rule route_parts{
    .id = "route-parts",
    .severity = Severity::kError,
    .peers = "IST0106 VAL",
    .title = "parts of a route that exclude each other, or say nothing",
    .why =
        "A redirect or rewrite must say what to change, and in one way only; a mirror is written once, as "
        "'mirror' or in 'mirrors'; a route for TCP leads somewhere. The CRD's schema lets all of that pass, "
        "and "
        "then Istio's webhook refuses the object, or, where nobody asks the webhook, the route is left out.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - match: [{uri: {prefix: /old}}]
    redirect: {redirectCode: 302} # <<
  - match: [{uri: {prefix: /v1}}]
    rewrite:
      uri: /
      uriRegexRewrite: {match: ^/v1, rewrite: /} # <<
    route: [{destination: {host: pets}}]
  - match: [{uri: {exact: /a}}]
    redirect: {prefixRewrite: /b} # <<
  - mirror: {host: pets}
    mirrors: [{destination: {host: pets}}] # <<
    route: [{destination: {host: pets}}]
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - match: [{uri: {prefix: /old}}]
    redirect: {uri: /new, redirectCode: 302}
  - match: [{uri: {prefix: /v1/}}]
    rewrite: {uri: /}
    route: [{destination: {host: pets}}]
  - mirrors: [{destination: {host: pets}}]
    route: [{destination: {host: pets}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
