#pragma once

#include "dialect/istio/parts.hpp"
#include "manifest/resource.hpp"

/// EnvoyFilter (networking.istio.io/v1alpha3), of which one use is carried out: the local rate limit of
/// inbound sidecars, in the forms of istio.md 1.6.
namespace marty::dialect::istio {

struct LabelSelector {
  mesh::Labels labels;
};
struct EnvoyFilter {
  static constexpr const char* kKind = "EnvoyFilter";
  struct Match {
    Text context;
    manifest::Node proxy, listener, route_configuration, cluster, waypoint;
  };
  struct Patch {
    Text operation, filter_class;
    manifest::Node value;
  };
  struct ConfigPatch {
    Text apply_to;
    std::optional<Match> match;
    std::optional<Patch> patch;
    Origin origin;
  };
  std::optional<LabelSelector> selector;
  std::vector<TargetRef> target_refs;
  Sourced<std::int32_t> priority{0};
  std::vector<ConfigPatch> patches;
};
const manifest::Table& fields(Tag<EnvoyFilter>);

/// Parts of LocalRateLimit. They stand outside of it because clang takes no std::optional of a nested struct
/// with initializers while the struct around it is not complete.
struct TokenBucket {
  Sourced<std::uint32_t> max_tokens, tokens_per_fill{1};
  Text fill_interval;  ///< protobuf JSON: seconds only, "60s" or "0.5s"
  Origin origin;
};
enum class FractionDenominator { kHundred, kTenThousand, kMillion };
struct FractionalPercent {
  Sourced<std::uint32_t> numerator{0};
  Sourced<FractionDenominator> denominator{FractionDenominator::kHundred};
  Origin origin;
};

/// Envoy's LocalRateLimit message, the part that is carried out.
struct LocalRateLimit {
  using Bucket = TokenBucket;
  using Denominator = FractionDenominator;
  using Fraction = FractionalPercent;
  struct Runtime {
    Text runtime_key;
    std::optional<Fraction> default_value;
    Origin origin;
  };
  struct Header {
    Text key, value;
  };
  struct HeaderOption {
    Text append_action;
    Maybe<bool> append;
    Header header;
  };
  struct Status {
    manifest::Node code;  ///< a number, or a name such as ServiceUnavailable
  };
  Text stat_prefix;
  std::optional<Bucket> bucket;
  std::optional<Runtime> enabled, enforced;
  std::vector<HeaderOption> response_headers;
  std::optional<Status> status;
  Origin origin;
};
const manifest::Table& fields(Tag<LocalRateLimit>);

void read_envoy_filter(const manifest::Resource&, mesh::Model&, Diagnostics&);
EnvoyFilter from_model(const mesh::InboundRateLimit&);

}  // namespace marty::dialect::istio
