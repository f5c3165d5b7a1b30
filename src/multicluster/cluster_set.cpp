#include "multicluster/cluster_set.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dialect/names.hpp"
#include "dialect/wire.hpp"
#include "manifest/yaml.hpp"

namespace marty::multicluster {

using namespace manifest;
using dialect::kDnsLabel;
using dialect::kHost;
using dialect::range_of;
using Cluster = ClusterSet::Cluster;
using Service = ClusterSet::Service;

/// The document around the set.
struct ClustersFile {
  Sourced<std::string> api_version, kind;
  Metadata metadata;
  ClusterSet spec;
};

namespace {

bool is_region(std::string_view text) {
  return !text.empty() && text.find_first_of("/* \"\n") == text.npos && text.size() <= 63;
}
bool is_context(std::string_view text) {
  return !text.empty() && std::none_of(text.begin(), text.end(), [](char c) {
    return c <= ' ' || std::string_view("'\"\\$`;&|<>()").find(c) != std::string_view::npos;
  });
}
bool is_our_version(std::string_view text) { return text == "marty.dev/v1"; }
bool is_our_kind(std::string_view text) { return text == "ClusterSet"; }
bool is_trust_domain(std::string_view text) { return text != "*" && dialect::is_host(text); }

constexpr Wants kRegion{is_region, "a region such as eu-west-1, without '/' and '*'"};
constexpr Wants kContext{is_context, "a context of kubectl's (kubectl config get-contexts -o name)"};
constexpr Wants kTrustDomain{is_trust_domain, "a trust domain such as cluster.local"};

void check_failover(const ClusterSet& set, const Cluster& from, Reader& reader) {
  if (from.failover_to->empty()) return;
  const auto* to = set.cluster(*from.failover_to);
  if (!to) {
    std::vector<std::string_view> names;
    for (const auto& cluster : set.clusters) names.push_back(*cluster.name);
    auto& finding = reader.error("unknown-cluster", range_of(from.failover_to),
                                 fmt::format("there is no cluster '{}'", *from.failover_to));
    if (const auto near = closest(*from.failover_to, names))
      finding.notes.push_back({{}, fmt::format("did you mean '{}'?", *near)});
  } else if (to->region == from.region) {
    reader
        .error("same-region", range_of(from.failover_to),
               fmt::format("'{}' is in the same region, and the meshes fail over between regions", *to->name))
        .notes.push_back({range_of(to->region), "its region"});
  }
}

template <class T>
void check_unique(const std::vector<T>& all, Sourced<std::string> T::*name, Reader& reader) {
  for (auto one = all.begin(); one != all.end(); ++one) {
    const auto first =
        std::find_if(all.begin(), one, [&](const auto& earlier) { return earlier.*name == (*one).*name; });
    if (first == one || ((*one).*name)->empty()) continue;
    reader
        .error("duplicate-name", range_of((*one).*name), fmt::format("'{}' is there twice", *((*one).*name)))
        .notes.push_back({range_of((*first).*name), "the first one"});
  }
}

void check(const ClusterSet& set, const Node& spec, Reader& reader) {
  if (set.clusters.size() < 2)
    reader.error("missing-field", spec.range(), "a ClusterSet needs at least two clusters");
  check_unique(set.clusters, &Cluster::name, reader);
  check_unique(set.clusters, &Cluster::context, reader);
  check_unique(set.services, &Service::name, reader);
  for (const auto& cluster : set.clusters) check_failover(set, cluster, reader);
  for (const auto& service : set.services) {
    if (*service.linkerd != Service::Linkerd::kFederated || set.one_network()) continue;
    reader
        .error("needs-one-network", {service.linkerd.origin, 9},
               "Linkerd federates services whose pods reach each other: all clusters need the same 'network'")
        .notes.push_back({{}, "over gateways say: linkerd: mirrored"});
  }
}

void check_name(const ClustersFile& file, const Node& node, Reader& reader) {
  if (!dialect::is_dns_label(*file.metadata.name))
    reader.error("invalid-value", node.find("metadata")->range(),
                 "metadata.name must be " + std::string(kDnsLabel.description));
}

}  // namespace

const ClusterSet::Cluster* ClusterSet::cluster(std::string_view wanted) const {
  const auto found =
      std::find_if(clusters.begin(), clusters.end(), [&](const auto& one) { return *one.name == wanted; });
  return found == clusters.end() ? nullptr : &*found;
}

bool ClusterSet::one_network() const {
  return std::all_of(clusters.begin(), clusters.end(),
                     [&](const auto& one) { return one.network == clusters.front().network; });
}

std::span<const Spelling> spellings(Tag<Service::Linkerd>) {
  static constexpr Spelling kAll[] = {spell("mirrored", Service::Linkerd::kMirrored),
                                      spell("federated", Service::Linkerd::kFederated)};
  return kAll;
}

const Table& fields(Tag<Cluster>) {
  using C = Cluster;
  static const Fields<C> table{
      "cluster",
      {field("name", &C::name, kRequired, kDnsLabel), field("context", &C::context, kContext),
       field("network", &C::network, kRequired, kDnsLabel), field("region", &C::region, kRequired, kRegion),
       field("failoverTo", &C::failover_to), field("linkerdGateway", &C::linkerd_gateway, kHost)}};
  return table;
}

const Table& fields(Tag<Service>) {
  static const Fields<Service> table{"service",
                                     {field("name", &Service::name, kRequired, kDnsLabel),
                                      field("linkerd", &Service::linkerd, "'mirrored' or 'federated'")}};
  return table;
}

const Table& fields(Tag<ClusterSet>) {
  using S = ClusterSet;
  static const Fields<S> table{"spec",
                               {field("trustDomain", &S::trust_domain, kTrustDomain),
                                field("clusters", &S::clusters, kRequired), field("services", &S::services)},
                               check};
  return table;
}

const Table& fields(Tag<ClustersFile>) {
  static const Fields<ClustersFile> table{
      "clusters.yaml",
      {field("apiVersion", &ClustersFile::api_version, kRequired, Wants{is_our_version, "marty.dev/v1"}),
       field("kind", &ClustersFile::kind, kRequired, Wants{is_our_kind, "ClusterSet"}),
       field("metadata", &ClustersFile::metadata, kRequired), field("spec", &ClustersFile::spec, kRequired)},
      check_name};
  return table;
}

std::optional<ClusterSet> read_cluster_set(std::string_view text, std::uint16_t file, Diagnostics& found) {
  const auto before = found.count(Severity::kError);
  const auto documents = parse_yaml(text, file, found);
  if (found.count(Severity::kError) > before) return {};
  if (documents.size() != 1) {
    found.error("cluster-set", {{1, 1, file}, 0},
                fmt::format("a cluster set is one document; this has {}", documents.size()));
    return {};
  }
  ClustersFile read;
  if (!decode(documents[0], read, {"marty.dev/v1", "ClusterSet", "", ""}, found)) return {};
  read.spec.name = read.metadata.name;
  return std::move(read.spec);
}

}  // namespace marty::multicluster
