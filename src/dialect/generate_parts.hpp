#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dialect/generate.hpp"
#include "manifest/node.hpp"

namespace marty::dialect::generated {

/// What every part is written from.
struct Draft {
  const mesh::PolicyFile& file;
  const mesh::Model& model;  ///< `mesh::lower(file)`
  mesh::MeshKind mesh;
  std::string heading;      ///< the comment each file begins with
  std::string policy_file;  ///< "plugins/petstore_domain/mesh.yaml"
};

enum class Role : unsigned char {
  kResource,          ///< objects of their own
  kLinkedResource,    ///< the same, also found as service-mesh/<name>
  kPatch,             ///< of the one object it names
  kDeploymentsPatch,  ///< of every Deployment
};

/// One file of an overlay or of the base. To add one: its function here and a row in generate.cpp; the
/// kustomization, the check for drift and the links follow from the row.
struct Part {
  std::string_view name;              ///< inside of its folder, such as "namespace.yaml"
  std::string (*text)(const Draft&);  ///< the whole file; empty: this policy file needs none
  Role role = Role::kResource;
};

// The base: what runs, whichever mesh is around it. It must not ask which mesh that is.
std::string serviceaccounts(const Draft&);
std::string deployments(const Draft&);
std::string services(const Draft&);

// What watches the service, by the module of that name: for any mesh, and for one.
std::string app_monitoring(const Draft&);
std::string mesh_monitoring(const Draft&);
/// What no kustomization names: rules with their tests, the dashboard, the runbook. Below service-mesh/.
std::vector<GeneratedFile> monitoring_files(const Draft&);

std::string istio_namespace(const Draft&);
std::string istio_deployment_patch(const Draft&);
std::string istio_network_policy(const Draft&);
std::string istio_policies(const Draft&);

std::string linkerd_namespace(const Draft&);
std::string linkerd_deployment_patch(const Draft&);
std::string linkerd_service_patch(const Draft&);
std::string linkerd_version_services(const Draft&);
std::string linkerd_policies(const Draft&);
std::string linkerd_network_policy(const Draft&);

// For people, beside the manifests: the same whichever mesh was asked for.
std::string guide_readme(const Draft&);
std::string guide_demo(const Draft&);

/// A text as a YAML scalar, quoted when it must be.
std::string scalar(const std::string& text);
/// An object of the policy file's namespace, with our labels.
manifest::Node object(const mesh::PolicyFile&, std::string_view api_version, std::string_view kind,
                      const std::string& name, manifest::Node spec);
/// Comments the node at the path, if there is one.
void comment_at(manifest::Node& root, std::initializer_list<std::string_view> path, std::string text);

std::vector<Capability> istio_capabilities(const mesh::PolicyFile&);
std::vector<Capability> linkerd_capabilities(const mesh::PolicyFile&);

}  // namespace marty::dialect::generated
