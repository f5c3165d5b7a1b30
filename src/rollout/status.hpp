#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rollout/plan.hpp"
#include "rollout/record.hpp"

/// The state of a service in a cluster, judged from what kubectl told. One file in checks/ and one line in
/// checks.inc per section.
namespace marty::rollout {

enum class Level { kOk, kWarning, kFailed };
std::string_view to_string(Level);  ///< "ok", "warning", "failed"

/// One line of `status`, in the manner of `linkerd check`.
struct Check {
  std::string section;  ///< "mesh", "injection", "policies", …
  Level level = Level::kOk;
  std::string subject;  ///< what it is about: "VirtualService shop/pets"
  std::string says;     ///< "in force", "3 of 4 pods are ready"
  std::string look;     ///< a command that shows more; empty when fine
  std::string mend;     ///< what makes it right; empty when fine
};

/// Everything the checks look at.
struct Evidence {
  std::string service, ns, mesh;  ///< mesh: "istio" or "linkerd"
  std::string target_version;     ///< of the mesh, as mesh.yaml has it: "1.30"; empty: not said
  std::string kubectl;            ///< as the user would type it: "kubectl --context prod"
  std::string apply;              ///< the apply-policies command for the same service and cluster
  std::span<const manifest::Resource> wanted;
  Survey survey;
  Plan plan;                                      ///< of wanted against survey
  std::optional<std::string> not_previewed;       ///< why the server was not asked for differences
  std::vector<std::string> not_served;            ///< "VirtualService (networking.istio.io)"
  std::vector<Error> hidden;                      ///< what could not be read, as for want of permission
  std::vector<manifest::Resource> pods;           ///< of the namespace
  std::vector<manifest::Resource> control_plane;  ///< the mesh's own Deployments
  std::vector<manifest::Resource>
      authentications;  ///< PeerAuthentications of the namespace and of Istio's own
  std::optional<Record> record;
};

/// What a check writes to: the section is filled in.
class Report {
 public:
  explicit Report(std::string section) : section_(std::move(section)) {}
  void ok(std::string subject, std::string says);
  Check& warning(std::string subject, std::string says);
  Check& failed(std::string subject, std::string says);
  std::vector<Check> checks;

 private:
  Check& add(Level, std::string subject, std::string says);
  std::string section_;
};

/// All sections, in the order of checks.inc.
std::vector<Check> evaluate(const Evidence&);

/// The objects of one kind among those that exist, in the order of the manifests.
std::vector<const manifest::Resource*> live_of(const Evidence&, std::string_view group,
                                               std::string_view kind);
/// "kubectl -n shop describe deployment.apps/pets".
std::string kubectl_command(const Evidence&, std::string_view verb, const Key&);
/// "docker.io/istio/pilot:1.30.2-distroless" gives "1.30.2-distroless"; of a digest nothing.
std::string image_tag(std::string_view image);
/// Same major and minor number: "1.30.2", "v1.30", "edge-25.1.1" is comparable with nothing.
bool same_minor(std::string_view version, std::string_view target);

}  // namespace marty::rollout
