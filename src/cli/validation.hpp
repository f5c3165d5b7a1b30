#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/findings.hpp"
#include "cli/service.hpp"
#include "dialect/manifests.hpp"
#include "rules/analyze.hpp"
#include "schema/catalog.hpp"

/// What `validate` reads and analyses, apart from how it is said.
namespace marty::cli {

struct Scope {
  std::string ns = "default";  ///< for objects that name none
  rules::Settings settings;
  schema::Catalog catalog;
  Workers& workers = one_at_a_time();
};

/// Adds the kinds of CustomResourceDefinitions in files and directories to what is known.
Status learn_crds(const World&, const std::vector<std::string>& paths, Scope&, Findings&);

/// Knows the MeshConfig of a file, as if it were among the manifests.
Status learn_mesh_config(const World&, const std::string& path, Scope&, Findings&);

/// Knows the OpenAPI document of a file, as if it were among the manifests.
Status learn_api(const World&, const std::string& path, Scope&, Findings&);

/// Analyses what was read as one model, which is there to be compared with others.
std::unique_ptr<const rules::Analysis> check(dialect::Manifests, const Scope&, Findings&);
/// Leaves it to the end of the process, which takes nothing apart: that is a tenth of the time of a large
/// one.
void leave(std::unique_ptr<const rules::Analysis>);

/// mesh.yaml, local.yaml, openapi.yaml and every overlay that was generated from it; each overlay is a model
/// of its own, and what they mean is compared. The releases that mesh.yaml aims at count unless the scope has
/// another.
Status check_service(const World&, const ServiceFolder&, Scope&, Findings&);
/// Files, directories and kustomizations; "-" is standard input.
Result<dialect::Manifests> read_paths(const World&, const std::vector<std::string>& paths, const Scope&,
                                      Findings&);
/// The same, analysed.
Status check_paths(const World&, const std::vector<std::string>& paths, const Scope&, Findings&);

/// Clusters of one mesh, "east=PATH": each is a model of its own, of all its paths; then they are compared.
Status check_clusters(const World&, const std::vector<std::string>& clusters, const Scope&, Findings&);

/// What a cluster holds (in one namespace, unless `ns` is empty) together with the paths, which may be none
/// and take the place of what they would replace. With paths, only what concerns them is found.
Status check_live(const World&, const Arguments&, const std::vector<std::string>& paths,
                  const std::string& ns, const Scope&, Findings&);

/// Applies the nearest .marty.yaml (from the working directory upward, or `path`) and ignoring comments.
Status respect_decisions(const World&, const std::string& path, Findings&);

/// Findings that were there when the baseline was written are taken away; counted by rule, object and field,
/// so that lines may move.
Status subtract_baseline(const World&, const std::string& path, Findings&);
Status write_baseline(const World&, const std::string& path, const Findings&);

/// Carries out every certain fix in the files; what was fixed is no finding any more. All files are written
/// or none.
Status fix(const World&, Findings&);
/// Shows on `out` what `fix` would change; returns how many findings that would mend.
std::size_t show_fixes(const World&, const Findings&);

}  // namespace marty::cli
