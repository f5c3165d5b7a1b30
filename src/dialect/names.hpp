#pragma once

#include <string>
#include <string_view>

#include "manifest/fields.hpp"

namespace marty::dialect {

constexpr std::string_view kClusterDomain = ".svc.cluster.local";

bool is_dns_label(std::string_view text);  ///< RFC 1123: lower case letters, digits and '-', at most 63
bool is_header_name(std::string_view text);
/// A host of Istio's: DNS labels, the first perhaps a wildcard; at most 255 characters.
bool is_host(std::string_view text);

constexpr manifest::Wants kDnsLabel{is_dns_label, "a name of lower-case letters, digits and '-', such as v1"};
constexpr manifest::Wants kHost{is_host, "a host name such as pets.shop.svc.cluster.local"};
/// Milliseconds are the finest that any mesh's manifests can say.
constexpr manifest::Range kMilliseconds{1e6, 1e300, 1'000'000,
                                        "it takes at least 1ms, in whole milliseconds"};
constexpr manifest::Range kPort = manifest::range(1, 65535);

/// Istio's reading of a host: a name without dots means a service in the namespace of the rule; with dots it
/// is complete.
std::string fqdn(std::string_view host, std::string_view ns);

}  // namespace marty::dialect
