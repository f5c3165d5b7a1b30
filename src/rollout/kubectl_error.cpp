#include "rollout/kubectl_error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace marty::rollout {
namespace {

constexpr std::size_t kQuotedBytesMax = 600;

enum class Cause { kUnreachable, kConfiguration, kLogin, kForbidden, kKind, kSchema, kNamespace, kRace };

struct Sign {
  std::string_view words;
  Cause cause;
  std::string_view next;
};

constexpr std::string_view kWhichCluster =
    "see which cluster that is: kubectl config view --minify; another one: --context NAME (kubectl config "
    "get-contexts) or --kubeconfig FILE";

/// In the order in which they are looked for; the words are those of kubectl 1.32 and of client-go.
constexpr Sign kSigns[] = {
    {"localhost:8080 was refused", Cause::kUnreachable,
     "kubectl has no cluster configured: name one with --kubeconfig FILE or --context NAME, or make one "
     "here, "
     "for example: kind create cluster"},
    {"http://localhost:8080/", Cause::kUnreachable,
     "kubectl has no cluster configured: name one with --kubeconfig FILE or --context NAME, or make one "
     "here, "
     "for example: kind create cluster"},
    {"was refused", Cause::kUnreachable, kWhichCluster},
    {"connection refused", Cause::kUnreachable, kWhichCluster},
    {"no such host", Cause::kUnreachable, kWhichCluster},
    {"i/o timeout", Cause::kUnreachable, kWhichCluster},
    {"no route to host", Cause::kUnreachable, kWhichCluster},
    {"network is unreachable", Cause::kUnreachable, kWhichCluster},
    {"Client.Timeout exceeded", Cause::kUnreachable, kWhichCluster},
    {"context deadline exceeded", Cause::kUnreachable, kWhichCluster},
    {"TLS handshake timeout", Cause::kUnreachable, kWhichCluster},
    {"connection reset by peer", Cause::kUnreachable, kWhichCluster},
    {"unexpected EOF", Cause::kUnreachable, kWhichCluster},
    {"etcdserver:", Cause::kUnreachable, "the cluster's store does not answer; try again when it is back"},
    {"apiserver not ready", Cause::kUnreachable, "the API server is starting; try again in a moment"},
    {"certificate signed by unknown authority", Cause::kUnreachable,
     "the server is not the one the kubeconfig knows; fetch a fresh kubeconfig for this cluster"},
    {"certificate has expired", Cause::kLogin, "fetch a fresh kubeconfig for this cluster"},
    {"context was not found for specified context", Cause::kConfiguration,
     "kubectl config get-contexts lists those there are"},
    {"\" does not exist", Cause::kConfiguration, "kubectl config get-contexts lists those there are"},
    {"no configuration has been provided", Cause::kConfiguration,
     "name a cluster with --kubeconfig FILE or --context NAME"},
    {"error loading config file", Cause::kConfiguration, "mend that file, or name another with --kubeconfig"},
    {"Please enter Username", Cause::kLogin,
     "the kubeconfig has no credentials for this cluster; log in again as your provider tells"},
    {"must be logged in to the server", Cause::kLogin,
     "the credentials are not (or no longer) valid; log in again as your provider tells, then: kubectl auth "
     "whoami"},
    {"getting credentials: exec", Cause::kLogin,
     "the kubeconfig's credentials plug-in failed; run its command by itself to see why"},
    {"no such file or directory", Cause::kConfiguration,
     "name a kubeconfig that is there: --kubeconfig FILE"},
    {"is forbidden", Cause::kForbidden, ""},
    {"(Forbidden)", Cause::kForbidden, ""},
    {"no matches for kind", Cause::kKind, ""},
    {"doesn't have a resource type", Cause::kKind, ""},
    {"strict decoding error", Cause::kSchema,
     "the server's version of that kind does not know the field; validate says where it was written: marty "
     "service-mesh validate"},
    {"field not declared in schema", Cause::kSchema,
     "the server's version of that kind does not know the field; validate says where it was written: marty "
     "service-mesh validate"},
    {"is invalid:", Cause::kSchema, "mend the manifest, or mesh.yaml and run generate-overlay again"},
    {"denied the request", Cause::kSchema,
     "a webhook of the mesh refuses it; mend the manifest, or mesh.yaml and run generate-overlay again"},
    {"failed calling webhook", Cause::kUnreachable,
     "the control plane behind that webhook does not answer: kubectl get pods -A; mend it first"},
    {"the object has been modified", Cause::kRace,
     "somebody else writes at the same time; look with status, then run the same command again"},
    {"(AlreadyExists)", Cause::kRace,
     "somebody else writes at the same time; look with status, then run the same command again"},
    {"(NotFound): namespaces", Cause::kNamespace,
     "kubectl create namespace NAME, or put it into the manifests"},
};

const Sign* sign_in(std::string_view text) {
  const auto* sign = std::find_if(std::begin(kSigns), std::end(kSigns),
                                  [&](const Sign& s) { return text.find(s.words) != text.npos; });
  return sign == std::end(kSigns) ? nullptr : sign;
}

bool has_cause(std::string_view text, Cause cause) {
  const Sign* sign = sign_in(text);
  return sign && sign->cause == cause;
}

/// Without client-go's log lines ("E1123 21:23:18.906027 …"), as long as something else is said.
std::string told(std::string_view text) {
  std::string out;
  for (std::string_view rest = text; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const bool log = line.size() > 5 && (line[0] == 'E' || line[0] == 'W' || line[0] == 'I') &&
                     line.substr(1, 4).find_first_not_of("0123456789") == line.npos;
    if (!line.empty() && !log) out += (out.empty() ? "" : "\n  ") + std::string(line);
  }
  if (out.empty()) out = text;
  if (out.starts_with("error: ")) out.erase(0, 7);
  while (!out.empty() && (out.back() == '\n' || out.back() == ' ')) out.pop_back();
  if (out.size() > kQuotedBytesMax) out = out.substr(0, kQuotedBytesMax) + "…";
  return out;
}

/// The quoted text after `words`.
std::string quoted_after(std::string_view text, std::string_view words) {
  const auto at = text.find(words);
  if (at == text.npos) return {};
  const auto begin = text.find('"', at) + 1;
  const auto end = text.find('"', begin);
  return begin == 0 || end == text.npos ? std::string() : std::string(text.substr(begin, end - begin));
}

/// User "x" cannot patch resource "deployments" in API group "apps" in the namespace "shop"
std::string ask_for_permission(std::string_view text) {
  const auto cannot = text.find("cannot ");
  if (cannot == text.npos) return "ask whoever runs the cluster; what you may do: kubectl auth can-i --list";
  const auto verb = text.substr(cannot + 7, text.find(' ', cannot + 7) - cannot - 7);
  const auto group = quoted_after(text, "in API group");
  const auto ns = quoted_after(text, "in the namespace");
  return fmt::format(
      "ask whoever runs the cluster for that permission; it is there when this says yes: kubectl "
      "auth can-i {} {}{}{}",
      verb, quoted_after(text, "resource \""), group.empty() ? "" : "." + group,
      ns.empty() ? "" : " -n " + ns);
}

struct Installer {
  std::string_view group, next;
};
constexpr Installer kInstallers[] = {
    {".istio.io",
     "install Istio: istioctl install (only its kinds: helm install istio-base istio/base -n "
     "istio-system --create-namespace)"},
    {"linkerd.io",
     "install Linkerd: linkerd install --crds | kubectl apply -f - && linkerd install | kubectl "
     "apply -f -"},
    {"smi-spec.io", "install Linkerd's SMI extension: linkerd smi install | kubectl apply -f -"},
    {"gateway.networking.k8s.io",
     "install the Gateway API: kubectl apply --server-side -f "
     "https://github.com/kubernetes-sigs/gateway-api/releases/download/v1.4.0/standard-install.yaml"},
    {"monitoring.coreos.com",
     "install the Prometheus operator: helm install monitoring prometheus-community/kube-prometheus-stack -n "
     "monitoring --create-namespace"},
};

std::string next_for_kind(std::string_view text) {
  // no matches for kind "VirtualService" in version "networking.istio.io/v1"
  auto version = quoted_after(text, "in version");
  const auto group = version.substr(0, version.find('/'));
  const auto install = how_to_install(group);
  return install.empty() ? "install what defines it; kubectl api-resources lists what is there"
                         : std::string(install);
}

}  // namespace

std::string_view how_to_install(std::string_view group) {
  for (const auto& installer : kInstallers)
    if (group.ends_with(installer.group)) return installer.next;
  return {};
}

bool is_unreachable(std::string_view text) {
  return has_cause(text, Cause::kUnreachable) || has_cause(text, Cause::kConfiguration);
}
bool is_forbidden(std::string_view text) { return has_cause(text, Cause::kForbidden); }

Error kubectl_error(std::string_view doing, std::string_view text) {
  Error error{ErrorCode::kEnvironment, fmt::format("{}: {}", doing, told(text)), {}};
  const Sign* sign = sign_in(text);
  if (!sign) return error;
  if (sign->cause == Cause::kForbidden) {
    error.next = ask_for_permission(text);
  } else if (sign->cause == Cause::kKind) {
    error.next = next_for_kind(text);
  } else {
    error.next = sign->next;
  }
  return error;
}

}  // namespace marty::rollout
