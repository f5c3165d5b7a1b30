#include "dialect/linkerd/http_route.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace marty::dialect::linkerd {

using manifest::Node;
using R = HttpRoute;

namespace {

constexpr std::size_t kRulesMax = 16, kParentsMax = 32, kHostnamesMax = 16;
/// Newer Gateway APIs take 64 matches; the HTTPRoute of policy.linkerd.io stays at 8.
constexpr std::size_t kMatchesMax = 64, kOurMatchesMax = 8;

/// What a field table cannot say because it depends on the API group or on the parent.
class Checker {
 public:
  Checker(const manifest::Resource& resource, R& route, Diagnostics& found)
      : resource_(resource), route_(route), found_(found), ours_(resource.group() == kPolicyGroup) {}

  void run() {
    const SourceRange whole = range_of(resource_.name);
    too_many("parentRefs", route_.parent_refs.size(), kParentsMax, whole);
    too_many("hostnames", route_.hostnames.size(), kHostnamesMax, whole);
    for (auto& parent : route_.parent_refs) complete(parent);
    if (!route_.rules) return;
    too_many("rules", route_.rules->size(), kRulesMax, whole);
    for (const auto& rule : *route_.rules) check(rule);
    check_timeouts();
  }

 private:
  Diagnostic& error(std::string rule, SourceRange where, std::string message) {
    auto& finding = found_.error(std::move(rule), where, std::move(message));
    finding.object = resource_.ref();
    return finding;
  }

  void too_many(std::string_view what, std::size_t there, std::size_t max, SourceRange where) {
    if (there > max) error("too-many", where, fmt::format("{} {}: the CRD takes {}", there, what, max));
  }

  void complete(R::ParentRef& parent) {
    if (!parent.group) parent.group = Text{std::string(resource_.group())};
    if (!parent.kind) parent.kind = Text{"Gateway"};
    const auto& kind = **parent.kind;
    outbound_ = outbound_ || kind == "Service" || kind == "EgressNetwork";
    const bool service = kind == "Service", ours = kind == "Server" || kind == "EgressNetwork";
    const std::string_view group = **parent.group == "core" ? "" : std::string_view(**parent.group);
    const std::string_view home = service ? "" : kPolicyGroup;
    if ((service || ours) && group != home)
      error("invalid-value", {parent.origin, 0}, fmt::format("there is no {} in '{}'", kind, group))
          .notes.push_back(
              {{},
               service ? "write group: \"\", which is Kubernetes' core" : "write group: policy.linkerd.io"});
    if (kind == "EgressNetwork" && !parent.port)
      error("missing-field", {parent.origin, 0}, "an EgressNetwork as a parent needs 'port'");
  }

  void check(const R::Rule& rule) {
    too_many("matches", rule.matches.size(), ours_ ? kOurMatchesMax : kMatchesMax, {rule.origin, 0});
    for (const auto& filter : rule.filters) check(filter, false);
    for (const auto& to : rule.backend_refs)
      for (const auto& filter : to.filters) check(filter, true);
  }

  void check(const R::Filter& filter, bool of_backend) {
    using T = R::FilterType;
    const auto type = *filter.type;
    const bool known = type == T::kRequestHeaders || type == T::kRedirect || type == T::kResponseHeaders;
    if (ours_ && (!known || (type == T::kResponseHeaders && !of_backend))) {
      error("unknown-value", {filter.type.origin, 0},
            "HTTPRoute of policy.linkerd.io has no such filter here");
    } else if (!known) {
      error("unsupported-filter", {filter.type.origin, 0},
            of_backend ? "Linkerd cannot do this: it answers 500 for this backend"
                       : "Linkerd cannot do this, so it leaves out the whole route");
    } else if (type == T::kResponseHeaders && !outbound_) {
      auto& finding = found_.warning("not-enforced", {filter.type.origin, 0},
                                     "Linkerd's inbound proxy does not change response headers");
      finding.object = resource_.ref();
    }
  }

  /// Linkerd reads the Gateway API's timeouts with the reader of its annotations: one number, one unit.
  void check_timeouts() {
    if (ours_ && resource_.version() != "v1beta3") {
      for (const auto& rule : *route_.rules)
        if (rule.timeouts) error("unknown-field", {rule.timeouts->origin, 0}, "'timeouts' came with v1beta3");
    }
    const Node* spec = resource_.root.find("spec");
    const Node* rules = spec ? spec->find("rules") : nullptr;
    if (ours_ || !rules || !rules->is_sequence()) return;
    for (const Node& rule : rules->children) {
      const Node* timeouts = rule.find("timeouts");
      const Node* request = timeouts ? timeouts->find("request") : nullptr;
      if (!request || !request->is_scalar()) continue;
      const auto unit = request->text.find_first_not_of("0123456789");
      const bool single = unit == std::string::npos
                              ? request->text == "0"
                              : request->text.find_first_of(".0123456789", unit) == std::string::npos;
      if (single) continue;
      auto& finding = found_.warning(
          "not-enforced", request->range(),
          fmt::format("Linkerd reads one number and one unit here, so '{}' means no timeout", request->text));
      finding.object = resource_.ref();
    }
  }

  const manifest::Resource& resource_;
  R& route_;
  Diagnostics& found_;
  bool ours_, outbound_ = false;
};

}  // namespace

manifest::Manifest<R> decode_http_route(const manifest::Resource& resource, Diagnostics& found) {
  auto wire = decoded<R>(resource, found);
  Checker(resource, wire.spec, found).run();
  return wire;
}

}  // namespace marty::dialect::linkerd
