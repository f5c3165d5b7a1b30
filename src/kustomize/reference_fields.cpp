#include "kustomize/reference_fields.hpp"

#include <unordered_map>

namespace marty::kustomize {

namespace {

constexpr std::string_view kRbac = "rbac.authorization.k8s.io";
constexpr std::string_view kAdmission = "admissionregistration.k8s.io";

/// Where a kind keeps the spec of its pods.
struct PodHome {
  std::string_view version, kind, prefix;
};
constexpr std::string_view kTemplate = "spec/template/spec/", kCron = "spec/jobTemplate/spec/template/spec/";
constexpr PodHome kConfigHomes[] = {
    {"v1", "Pod", "spec/"},        {"", "PodTemplate", "template/spec/"},
    {"", "Deployment", kTemplate}, {"", "ReplicaSet", kTemplate},
    {"", "DaemonSet", kTemplate},  {"", "StatefulSet", kTemplate},
    {"", "Job", kTemplate},        {"", "CronJob", kCron},
};
constexpr PodHome kOtherHomes[] = {
    {"", "Pod", "spec/"},          {"", "StatefulSet", kTemplate},
    {"", "Deployment", kTemplate}, {"", "ReplicationController", kTemplate},
    {"", "CronJob", kCron},        {"", "Job", kTemplate},
    {"", "DaemonSet", kTemplate},
};

class Fields {
 public:
  Fields() {
    for (const char* kind : {"Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"})
      add({"", "", kind}, {{"", "", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name"}});
    config_maps();
    secrets();
    services();
    access();
    storage();
    add_pods({"scheduling.k8s.io", "v1", "PriorityClass"}, kOtherHomes, {"priorityClassName"});
    add({kAdmission, "", "ValidatingAdmissionPolicy"},
        {{std::string(kAdmission), "", "ValidatingAdmissionPolicyBinding", "spec/policyName"}});
    for (const ReferenceField& field : all_) by_kind_[field.from.kind].push_back(&field);
  }
  const std::vector<const ReferenceField*>& of(std::string_view kind) const {
    static const std::vector<const ReferenceField*> none;
    const auto found = by_kind_.find(kind);
    return found == by_kind_.end() ? none : found->second;
  }

 private:
  void add(KindSelector to, const FieldSpecs& from) {
    for (const FieldSpec& spec : from) all_.push_back({spec, split_path(spec.path, '/'), to});
  }
  void add_pods(KindSelector to, std::span<const PodHome> homes, std::initializer_list<const char*> paths) {
    for (const PodHome& home : homes) {
      for (const char* path : paths)
        add(to, {{"", std::string(home.version), std::string(home.kind), std::string(home.prefix) + path}});
    }
  }

  void config_maps() {
    const KindSelector to{"", "v1", "ConfigMap"};
    add_pods(
        to, kConfigHomes,
        {"volumes/configMap/name", "volumes/projected/sources/configMap/name",
         "containers/env/valueFrom/configMapKeyRef/name", "initContainers/env/valueFrom/configMapKeyRef/name",
         "containers/envFrom/configMapRef/name", "initContainers/envFrom/configMapRef/name"});
    add(to,
        {{"", "", "Node", "spec/configSource/configMap"},
         {"", "", "Role", "rules/resourceNames"},
         {"", "", "ClusterRole", "rules/resourceNames"},
         {"", "", "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/fastcgi-params-configmap"}});
  }

  void secrets() {
    const KindSelector to{"", "v1", "Secret"};
    add_pods(to, kConfigHomes,
             {"volumes/secret/secretName", "volumes/projected/sources/secret/name", "imagePullSecrets/name",
              "containers/env/valueFrom/secretKeyRef/name", "initContainers/env/valueFrom/secretKeyRef/name",
              "containers/envFrom/secretRef/name", "initContainers/envFrom/secretRef/name"});
    add(to, {{"", "", "Ingress", "spec/tls/secretName"},
             {"", "", "Ingress", "metadata/annotations/ingress.kubernetes.io\\/auth-secret"},
             {"", "", "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-secret"},
             {"", "", "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-tls-secret"},
             {"", "", "ServiceAccount", "imagePullSecrets/name"},
             {"", "", "StorageClass", "parameters/secretName"},
             {"", "", "StorageClass", "parameters/adminSecretName"},
             {"", "", "StorageClass", "parameters/userSecretName"},
             {"", "", "StorageClass", "parameters/secretRef"},
             {"", "", "Role", "rules/resourceNames"},
             {"", "", "ClusterRole", "rules/resourceNames"},
             {"serving.knative.dev", "v1", "Service",
              "spec/template/spec/containers/env/valueFrom/secretKeyRef/name"},
             {"", "", "PersistentVolume", "spec/azureFile/secretName"}});
  }

  void services() {
    const std::string admission(kAdmission);
    add({"", "v1", "Service"},
        {{"apps", "", "StatefulSet", "spec/serviceName"},
         {"", "", "Ingress", "spec/rules/http/paths/backend/serviceName"},
         {"", "", "Ingress", "spec/backend/serviceName"},
         {"", "", "Ingress", "spec/rules/http/paths/backend/service/name"},
         {"", "", "Ingress", "spec/defaultBackend/service/name"},
         {"apiregistration.k8s.io", "", "APIService", "spec/service/name"},
         {admission, "", "ValidatingWebhookConfiguration", "webhooks/clientConfig/service"},
         {admission, "", "MutatingWebhookConfiguration", "webhooks/clientConfig/service"}});
  }

  void access() {
    const std::string rbac(kRbac);
    add({kRbac, "", "Role"}, {{rbac, "", "RoleBinding", "roleRef/name"}});
    add({kRbac, "", "ClusterRole"},
        {{rbac, "", "RoleBinding", "roleRef/name"}, {rbac, "", "ClusterRoleBinding", "roleRef/name"}});
    const KindSelector account{"", "v1", "ServiceAccount"};
    add(account, {{rbac, "", "RoleBinding", "subjects"}, {rbac, "", "ClusterRoleBinding", "subjects"}});
    add_pods(account, kOtherHomes, {"serviceAccountName"});
  }

  void storage() {
    add_pods({"", "v1", "PersistentVolumeClaim"}, kOtherHomes, {"volumes/persistentVolumeClaim/claimName"});
    add({"", "v1", "PersistentVolume"}, {{"", "", "PersistentVolumeClaim", "spec/volumeName"},
                                         {"", "", "ClusterRole", "rules/resourceNames"}});
    add({"storage.k8s.io", "v1", "StorageClass"},
        {{"", "", "PersistentVolume", "spec/storageClassName"},
         {"", "", "PersistentVolumeClaim", "spec/storageClassName"},
         {"", "", "StatefulSet", "spec/volumeClaimTemplates/spec/storageClassName"}});
  }

  std::vector<ReferenceField> all_;
  std::unordered_map<std::string_view, std::vector<const ReferenceField*>> by_kind_;
};

}  // namespace

const std::vector<const ReferenceField*>& reference_fields(std::string_view kind) {
  static const Fields fields;
  return fields.of(kind);
}

}  // namespace marty::kustomize
