#pragma once

#include <string_view>
#include <vector>

#include "core/origin.hpp"
#include "core/workers.hpp"
#include "manifest/fields.hpp"
#include "manifest/node.hpp"

namespace marty::manifest {

/// One Kubernetes object as written. `ns` is empty when the manifest does not say it.
struct Resource {
  Sourced<std::string> api_version, kind, ns, name;
  Node root;

  ObjectRef ref() const { return {*api_version, *kind, *ns, *name}; }
  /// "networking.istio.io" of "networking.istio.io/v1"; empty for the core group.
  std::string_view group() const;
  std::string_view version() const;
};

/// An object with what it says of itself; texts are empty where it says nothing.
Resource to_resource(Node root);

struct Resources {
  std::vector<Resource> all;
  std::vector<Node> apis;   ///< OpenAPI documents
  std::size_t skipped = 0;  ///< documents that are neither, such as Helm values
};

/// Whether a document describes an HTTP interface: OpenAPI 3, or 2 (Swagger).
bool is_openapi(const Node& document);

/// Reads the objects of one file; a List is unfolded into its items. A document with only one of apiVersion
/// and kind is meant to be an object: reported (missing-field) and left out. Syntax errors as parse_yaml.
Resources read_resources(std::string_view text, std::uint16_t file, Diagnostics&, Workers& = one_at_a_time());

/// What every object says about itself. Of the fields that only a cluster fills in, none is an error.
struct Metadata {
  Sourced<std::string> name, ns;
  std::map<std::string, std::string> labels, annotations;
  Origin origin;
};
const Table& fields(Tag<Metadata>);

/// A whole object with a typed spec: `decode(resource.root, manifest, …)`. Kinds without a spec use an empty
/// struct.
template <class Spec>
struct Manifest {
  Sourced<std::string> api_version, kind;
  Metadata metadata;
  Spec spec;
  Node status;
};
template <class Spec>
const Table& fields(Tag<Manifest<Spec>>) {
  using M = Manifest<Spec>;
  static const Fields<M> table{
      std::string_view(Spec::kKind),
      {field("apiVersion", &M::api_version), field("kind", &M::kind),
       field("metadata", &M::metadata, kRequired), field("spec", &M::spec), field("status", &M::status)}};
  return table;
}

}  // namespace marty::manifest
