#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/regex.hpp"
#include "dialect/names.hpp"
#include "manifest/duration.hpp"
#include "rules/refusals.hpp"

namespace marty::rules::catalog {
namespace {

constexpr std::array<std::string_view, 10> kMethods{"GET",    "HEAD",    "POST",    "PUT",   "PATCH",
                                                    "DELETE", "CONNECT", "OPTIONS", "TRACE", "*"};

void check_policy(const Resource& resource, const Place& cors, Report& report) {
  const auto inside = [&](std::string_view pattern, const auto& check) {
    each(cors.node, pattern, [&](const Place& at) { check(at.node, cors.path + "." + at.path); });
  };
  inside("allowOrigins[]{}", [&](const Node& origin, std::string path) {
    if (origin.text.empty()) report.at(resource, origin, std::move(path), "an empty origin is nobody's");
  });
  inside("allowOrigins[].regex", [&](const Node& regex, std::string path) {
    std::string why;
    if (!regex.text.empty() && Regex::compile(regex.text, why) == nullptr)
      report.at(resource, regex, std::move(path), fmt::format("this is no regular expression: {}", why));
  });
  inside("allowMethods[]", [&](const Node& method, std::string path) {
    if (std::find(kMethods.begin(), kMethods.end(), method.text) == kMethods.end())
      suggest(report.at(resource, method, std::move(path), fmt::format("'{}' is no method", method.text)),
              method.text, {kMethods.begin(), kMethods.end()});
  });
  for (const auto list : {"allowHeaders[]", "exposeHeaders[]"})
    inside(list, [&](const Node& name, std::string path) {
      if (name.text != "*" && !dialect::is_header_name(name.text))
        report.at(resource, name, std::move(path), fmt::format("'{}' is no name of a header", name.text));
    });
  inside("maxAge", [&](const Node& age, std::string path) {
    const auto duration = manifest::parse_duration(age.text);
    if (duration && *duration % 1s != Duration{})
      report.at(resource, age, std::move(path), "browsers are told whole seconds");
  });
}

void check(const Estate& estate, Report& report) {
  each(estate.of("VirtualService"), "spec.http[].corsPolicy",
       [&](const Resource* resource, const Place& cors) { check_policy(*resource, cors, report); });
}

}  // namespace

extern const Rule cors_refused{
    .id = "cors-refused",
    .severity = Severity::kError,
    .peers = "IST0106 VAL",
    .title = "a CORS policy with a value that HTTP does not have",
    .why =
        "A CORS policy is told to browsers in headers: methods as HTTP knows them, names of headers, whole "
        "seconds. The schema takes any text; Istio's webhook refuses the object.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - corsPolicy:
      allowOrigins: [{exact: "https://pets.example.com"}]
      allowMethods: [GET, POTS] # <<
      maxAge: 1500ms # <<
    route: [{destination: {host: pets}}]
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - corsPolicy:
      allowOrigins: [{exact: "https://pets.example.com"}]
      allowMethods: [GET, POST]
      maxAge: 24h
    route: [{destination: {host: pets}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
