#include "rules/annotations.hpp"

#include <algorithm>
#include <charconv>

#include "manifest/yaml.hpp"

namespace marty::rules {

namespace {

using std::string_view;

bool anything(string_view) { return true; }
/// As Go's ParseBool has it.
bool boolean(string_view value) {
  static constexpr string_view kAll[] = {"1", "t", "T", "true",  "True",  "TRUE",
                                         "0", "f", "F", "false", "False", "FALSE"};
  return std::ranges::count(kAll, value) > 0;
}
bool yes_or_no(string_view value) {
  static constexpr string_view kMore[] = {"y", "yes", "on", "n", "no", "off"};
  return boolean(value) || std::ranges::count(kMore, value) > 0;
}
bool count(string_view value) {
  return !value.empty() && std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
}
bool port(string_view value) {
  unsigned number = 0;
  const auto end = value.data() + value.size();
  const auto [stop, failure] = std::from_chars(value.data(), end, number);
  return failure == std::errc{} && stop == end && number >= 1 && number <= 65535;
}

/// Items between commas, blanks around them dropped; an empty text has none.
bool each_item(string_view list, bool (*takes)(string_view)) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    auto item = list.substr(0, comma);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (!takes(item)) return false;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return true;
}
bool ports(string_view value) { return each_item(value, port); }
bool ports_or_all(string_view value) { return value == "*" || ports(value); }
bool range(string_view value) {
  const auto slash = value.find('/');
  return slash != value.npos && count(value.substr(slash + 1)) &&
         value.find_first_not_of("0123456789abcdefABCDEF.:") == slash;
}
bool ranges(string_view value) { return each_item(value, range); }
bool ranges_or_all(string_view value) { return value == "*" || ranges(value); }
bool interception(string_view value) { return value == "REDIRECT" || value == "TPROXY" || value == "NONE"; }
bool level(string_view value) {
  static constexpr string_view kLevels[] = {"trace", "debug", "info",     "warning",
                                            "warn",  "error", "critical", "off"};
  return std::ranges::count(kLevels, value) > 0;
}
bool yaml_mapping(string_view value) {
  Diagnostics problems;
  const auto documents = manifest::parse_yaml(value, 0, problems);
  return !problems.has_errors() && documents.size() == 1 && documents.front().is_mapping();
}

constexpr string_view kBool = "\"true\" or \"false\"", kPort = "a port number",
                      kPorts = "port numbers, separated by commas",
                      kRanges = "address ranges such as 10.0.0.0/8, separated by commas",
                      kLevel = "trace, debug, info, warning, error, critical or off", kCount = "a number",
                      kAny = "any text";

constexpr PodAnnotation kAll[] = {
    {"inject.istio.io/templates", anything, kAny},
    {"prometheus.istio.io/merge-metrics", boolean, kBool},
    {"proxy.istio.io/config", yaml_mapping, "a ProxyConfig as YAML, such as concurrency: 2"},
    {"proxy.istio.io/overrides", anything, kAny},
    {"readiness.status.sidecar.istio.io/applicationPorts", ports, kPorts},
    {"readiness.status.sidecar.istio.io/failureThreshold", count, kCount},
    {"readiness.status.sidecar.istio.io/initialDelaySeconds", count, kCount},
    {"readiness.status.sidecar.istio.io/periodSeconds", count, kCount},
    {"sidecar.istio.io/agentLogLevel", anything, kAny},
    {"sidecar.istio.io/bootstrapOverride", anything, kAny},
    {"sidecar.istio.io/componentLogLevel", anything, kAny},
    {"sidecar.istio.io/controlPlaneAuthPolicy", anything, kAny},
    {"sidecar.istio.io/discoveryAddress", anything, kAny},
    {"sidecar.istio.io/enableCoreDump", boolean, kBool},
    {"sidecar.istio.io/extraStatTags", anything, kAny},
    {"sidecar.istio.io/inject", yes_or_no, kBool},
    {"sidecar.istio.io/interceptionMode", interception, "REDIRECT, TPROXY or NONE"},
    {"sidecar.istio.io/logLevel", level, kLevel},
    {"sidecar.istio.io/nativeSidecar", boolean, kBool},
    {"sidecar.istio.io/proxyCPU", anything, kAny},
    {"sidecar.istio.io/proxyCPULimit", anything, kAny},
    {"sidecar.istio.io/proxyImage", anything, kAny},
    {"sidecar.istio.io/proxyImageType", anything, kAny},
    {"sidecar.istio.io/proxyMemory", anything, kAny},
    {"sidecar.istio.io/proxyMemoryLimit", anything, kAny},
    {"sidecar.istio.io/rewriteAppHTTPProbers", boolean, kBool},
    {"sidecar.istio.io/statsCompression", boolean, kBool},
    {"sidecar.istio.io/statsEvictionInterval", anything, kAny},
    {"sidecar.istio.io/statsHistogramBuckets", anything, kAny},
    {"sidecar.istio.io/statsInclusionPrefixes", anything, kAny},
    {"sidecar.istio.io/statsInclusionRegexps", anything, kAny},
    {"sidecar.istio.io/statsInclusionSuffixes", anything, kAny},
    {"sidecar.istio.io/status", anything, kAny},
    {"sidecar.istio.io/userVolume", anything, kAny},
    {"sidecar.istio.io/userVolumeMount", anything, kAny},
    {"status.sidecar.istio.io/port", port, kPort},
    {"traffic.sidecar.istio.io/excludeInboundPorts", ports, kPorts},
    {"traffic.sidecar.istio.io/excludeInterfaces", anything, kAny},
    {"traffic.sidecar.istio.io/excludeOutboundIPRanges", ranges, kRanges},
    {"traffic.sidecar.istio.io/excludeOutboundPorts", ports, kPorts},
    {"traffic.sidecar.istio.io/includeInboundPorts", ports_or_all, kPorts},
    {"traffic.sidecar.istio.io/includeOutboundIPRanges", ranges_or_all, kRanges},
    {"traffic.sidecar.istio.io/includeOutboundPorts", ports_or_all, kPorts},
    {"traffic.sidecar.istio.io/kubevirtInterfaces", anything, kAny},
};

}  // namespace

std::span<const PodAnnotation> pod_annotations() { return kAll; }

bool is_for_pods(string_view key) {
  return std::ranges::find(kAll, key, &PodAnnotation::name) != std::end(kAll);
}

void each_pod_annotation(const Estate& estate,
                         const std::function<void(const Pods&, const Node&, const Node&)>& see) {
  for (const auto& pods : estate.pods()) {
    const Node* all = pods.metadata == nullptr ? nullptr : pods.metadata->find("annotations");
    for (std::size_t i = 0; all != nullptr && all->is_mapping() && i < all->size(); ++i)
      see(pods, all->entry(i).key, all->entry(i).value);
  }
}

}  // namespace marty::rules
