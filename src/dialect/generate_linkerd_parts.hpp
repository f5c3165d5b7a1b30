#pragma once

#include <algorithm>
#include <charconv>

#include "dialect/generate_parts.hpp"

/// The pieces that Linkerd's overlay is put together from.
namespace marty::dialect::generated {

using mesh::PolicyFile;

/// "httproute" is the default; the other family is ServiceProfile, TrafficSplit and ServerAuthorization.
inline bool uses_profile(const PolicyFile& file) { return *file.target.linkerd_api == "serviceprofile"; }
inline bool is_strict(const PolicyFile& file) { return *file.security.mtls == "strict"; }
/// A value to write even where it is the default, because a reader should see it.
template <class T>
Sourced<T> shown(T value) {
  return {std::move(value), Origin{1, 1, 0}};
}

/// The minor of the version it is written for: 19 of 2.19.
int linkerd_minor(const PolicyFile&);

manifest::Node& annotations_of(manifest::Node& object);

/// The Services of single versions, which a split names.
bool needs_version_services(const PolicyFile&);
std::string version_service(const PolicyFile&, const std::string& version);

/// What a retry condition of the policy file is in retry.linkerd.io/http: "gateway-error", "502"; empty when
/// Linkerd does it anyway, nothing when it cannot.
std::optional<std::string> retried_status(const std::string& condition);
/// The text with all that means something to a regular expression escaped.
std::string quoted_regex(std::string_view text);
/// Requests per second that stand for the bucket.
std::uint32_t per_second(const PolicyFile::RateLimitSpec&);

// Objects of linkerd-policies.yaml, in the order they are read best.
std::vector<manifest::Node> linkerd_http_routes(const PolicyFile&);
std::vector<manifest::Node> linkerd_profile(const PolicyFile&);
std::vector<manifest::Node> linkerd_servers(const PolicyFile&);
std::vector<manifest::Node> linkerd_authorization(const PolicyFile&);
manifest::Node linkerd_rate_limit(const PolicyFile&);

}  // namespace marty::dialect::generated
