#include "dialect/istio/envoy_filter.hpp"

#include <fmt/format.h>

#include <charconv>

#include "manifest/duration.hpp"

namespace marty::dialect::istio {

using manifest::Node;

namespace {

constexpr std::string_view kFilterName = "envoy.filters.http.local_ratelimit";
constexpr std::string_view kMessage = "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit";
constexpr std::string_view kHttpManager = "envoy.filters.network.http_connection_manager";

/// Protobuf takes fillInterval for fill_interval; one spelling is enough for the table.
Node snake_case(Node node) {
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    Node& child = node.children[i];
    if (node.is_mapping() && i % 2 == 0) {
      std::string name;
      for (char c : child.text) {
        if (c >= 'A' && c <= 'Z') name += '_';
        name += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
      }
      child.rename(std::move(name));
    } else {
      child = snake_case(std::move(child));
    }
  }
  return node;
}

std::string_view text_of(const Node* node) {
  return node && node->is_scalar() ? std::string_view(node->text) : "";
}

/// The LocalRateLimit inside a typed_config: written directly, or wrapped in a TypedStruct. nullptr,
/// reported, when it is neither.
const Node* unwrap(const Node& config, const ObjectRef& object, Diagnostics& found) {
  const std::string_view type = text_of(config.find("@type"));
  if (type.ends_with("udpa.type.v1.TypedStruct") || type.ends_with("xds.type.v3.TypedStruct")) {
    const Node* inner = config.find("value");
    const Node* url = config.find("type_url");
    if (inner && text_of(url).ends_with(kMessage)) return inner;
    const SourceRange where = url ? url->range() : config.range();
    found
        .error("envoy-type", where,
               fmt::format("a TypedStruct needs 'value' and type_url: type.googleapis.com/{}", kMessage))
        .object = object;
    return nullptr;
  }
  if (type.ends_with(kMessage)) return &config;
  const Node* place = config.find("@type");
  auto& finding = found.error("envoy-type", place ? place->range() : config.range(),
                              type.empty() ? "typed_config needs '@type', or Envoy rejects the whole listener"
                                           : fmt::format("'{}' is no local rate limit", type));
  finding.notes.push_back({{}, fmt::format("write \"@type\": type.googleapis.com/{}", kMessage)});
  finding.object = object;
  return nullptr;
}

Sourced<std::uint32_t> ppm_of(const std::optional<LocalRateLimit::Runtime>& runtime) {
  if (!runtime || !runtime->default_value) return {0};
  const auto& fraction = *runtime->default_value;
  using D = LocalRateLimit::Denominator;
  const std::uint64_t unit = *fraction.denominator == D::kHundred       ? 10'000
                             : *fraction.denominator == D::kTenThousand ? 100
                                                                        : 1;
  const std::uint64_t ppm = std::min<std::uint64_t>(*fraction.numerator * unit, 1'000'000);
  return {static_cast<std::uint32_t>(ppm),
          fraction.numerator.written() ? fraction.numerator.origin : runtime->origin};
}

/// Envoy answers 429 for anything below 400.
std::uint16_t status_of(const std::optional<LocalRateLimit::Status>& status) {
  if (!status) return 429;
  const std::string_view text = text_of(&status->code);
  if (text == "ServiceUnavailable") return 503;
  if (text == "Forbidden") return 403;
  std::uint16_t code = 0;
  std::from_chars(text.data(), text.data() + text.size(), code);
  return code < 400 || code > 599 ? std::uint16_t{429} : code;
}

policy::RateLimit limit_of(const LocalRateLimit& wire) {
  policy::RateLimit limit;
  limit.stat_prefix = *wire.stat_prefix;
  limit.origin = wire.origin;
  limit.bucket.max_tokens = wire.bucket->max_tokens;
  limit.bucket.tokens_per_fill = wire.bucket->tokens_per_fill;
  limit.bucket.fill_interval = {manifest::parse_duration(*wire.bucket->fill_interval).value_or(1s),
                                wire.bucket->fill_interval.origin};
  limit.bucket.origin = wire.bucket->origin;
  limit.enabled_ppm = ppm_of(wire.enabled);
  limit.enforced_ppm = ppm_of(wire.enforced);
  limit.status = status_of(wire.status);
  for (const auto& option : wire.response_headers) {
    limit.response_headers.emplace_back(*option.header.key, *option.header.value);
  }
  return limit;
}

/// The message of a patch that adds the filter for all inbound requests, or of one that configures it for all
/// routes.
const Node* message_of(const EnvoyFilter::ConfigPatch& patch, const ObjectRef& object, Diagnostics& found) {
  const Node& value = patch.patch->value;
  if (*patch.apply_to == "HTTP_FILTER" && text_of(value.find("name")) == kFilterName) {
    if (const Node* config = value.find("typed_config")) return unwrap(*config, object, found);
    found.error("envoy-type", value.range(), "the filter needs 'typed_config'").object = object;
    return nullptr;
  }
  if (*patch.apply_to == "HTTP_ROUTE") {
    const Node* filters = value.find("typed_per_filter_config");
    if (const Node* config = filters ? filters->find(kFilterName) : nullptr)
      return unwrap(*config, object, found);
  }
  auto& finding =
      found.warning("not-enforced", {patch.origin, 0},
                    "of EnvoyFilter patches only the local rate limit is carried out by marty's local mesh");
  finding.object = object;
  return nullptr;
}

/// The port of the workload a listener match is for; Istio compares either field with the filter chain's.
std::uint16_t port_of(const Node& listener) {
  const Node* chain = listener.find("filterChain");
  std::uint16_t port = 0;
  for (const Node* node : {listener.find("portNumber"), chain ? chain->find("destinationPort") : nullptr}) {
    const auto text = text_of(node);
    if (port == 0) std::from_chars(text.data(), text.data() + text.size(), port);
  }
  return port;
}

}  // namespace

void read_envoy_filter(const manifest::Resource& resource, mesh::Model& model, Diagnostics& found) {
  manifest::Manifest<EnvoyFilter> wire;
  manifest::decode(resource.root, wire, resource.ref(), found);
  for (std::size_t i = 0; i < wire.spec.patches.size(); ++i) {
    const auto& patch = wire.spec.patches[i];
    if (!patch.patch || patch.patch->value.is_null()) continue;
    const std::string_view context = patch.match ? std::string_view(*patch.match->context) : "";
    if (context == "GATEWAY" || context == "WAYPOINT" || context == "SIDECAR_OUTBOUND") {
      found
          .warning("not-enforced", {patch.match->context.origin, static_cast<std::uint16_t>(context.size())},
                   "marty's local mesh carries out EnvoyFilter patches of inbound sidecars only")
          .object = resource.ref();
      continue;
    }
    const Node* message = message_of(patch, resource.ref(), found);
    if (!message) continue;
    LocalRateLimit limit;
    const Node spelled = snake_case(*message);
    limit.origin = spelled.origin;
    if (!manifest::decode(spelled, limit, resource.ref(), found,
                          fmt::format("spec.configPatches[{}].patch.value", i)) ||
        !limit.bucket)
      continue;  // no bucket: passes all
    mesh::InboundRateLimit inbound;
    inbound.ns = *resource.ns;
    inbound.name = *resource.name;
    inbound.origin = resource.name.origin;
    if (wire.spec.selector) inbound.selector = wire.spec.selector->labels;
    if (patch.match) inbound.port = port_of(patch.match->listener);
    inbound.limit = limit_of(limit);
    model.rate_limits.push_back(std::move(inbound));
  }
}

namespace {

LocalRateLimit::Runtime runtime(std::string key, Sourced<std::uint32_t> ppm) {
  using D = LocalRateLimit::Denominator;
  LocalRateLimit::Fraction fraction;
  const bool whole = *ppm % 10'000 == 0;
  fraction.numerator = {whole ? *ppm / 10'000 : *ppm, Origin{1, 1, 0}};  // always said: left out it means 0
  fraction.denominator = {whole ? D::kHundred : D::kMillion, Origin{1, 1, 0}};
  return {{std::move(key)}, fraction, {}};
}

/// Protobuf's form: seconds, with a fraction when needed.
std::string seconds(Duration duration) {
  if (duration % 1s == 0ns) return manifest::print_duration(duration);
  std::string text = fmt::format("{}.{:09}", duration / 1s, (duration % 1s).count());
  while (text.ends_with('0')) text.pop_back();
  return text + "s";
}

LocalRateLimit written(const policy::RateLimit& limit) {
  LocalRateLimit wire;
  wire.stat_prefix = {limit.stat_prefix};
  wire.bucket =
      LocalRateLimit::Bucket{limit.bucket.max_tokens,
                             limit.bucket.tokens_per_fill,
                             {seconds(*limit.bucket.fill_interval), limit.bucket.fill_interval.origin},
                             {}};
  if (*limit.enabled_ppm > 0) wire.enabled = runtime("local_rate_limit_enabled", limit.enabled_ppm);
  if (*limit.enforced_ppm > 0) wire.enforced = runtime("local_rate_limit_enforced", limit.enforced_ppm);
  if (limit.status != 429) wire.status = LocalRateLimit::Status{Node::plain(std::to_string(limit.status))};
  for (const auto& [key, value] : limit.response_headers) {
    wire.response_headers.push_back({{"OVERWRITE_IF_EXISTS_OR_ADD"}, {}, {{key}, {value}}});
  }
  return wire;
}

}  // namespace

EnvoyFilter from_model(const mesh::InboundRateLimit& inbound) {
  EnvoyFilter wire;
  if (!inbound.selector.empty()) wire.selector = LabelSelector{inbound.selector};
  EnvoyFilter::ConfigPatch patch;
  patch.apply_to = {"HTTP_FILTER"};
  patch.match.emplace().context = {"SIDECAR_INBOUND"};
  Node listener = Node::mapping();
  if (inbound.port != 0) listener.add("portNumber", Node::plain(std::to_string(inbound.port)));
  listener.add("filterChain", Node::mapping())
      .add("filter", Node::mapping())
      .add("name", Node::string(std::string(kHttpManager)));
  patch.match->listener = std::move(listener);

  Node config = Node::mapping();
  config.add("@type", Node::string("type.googleapis.com/udpa.type.v1.TypedStruct"));
  config.add("type_url", Node::string("type.googleapis.com/" + std::string(kMessage)));
  config.add("value", manifest::encode(written(inbound.limit)));
  Node value = Node::mapping();
  value.add("name", Node::string(std::string(kFilterName)));
  value.add("typed_config", std::move(config));
  patch.patch.emplace();
  patch.patch->operation = {"INSERT_BEFORE"};
  patch.patch->value = std::move(value);
  wire.patches.push_back(std::move(patch));
  return wire;
}

}  // namespace marty::dialect::istio
