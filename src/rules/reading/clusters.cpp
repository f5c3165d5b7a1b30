#include "rules/rule.hpp"

/// What the reader of a ClusterSet says.
namespace marty::rules::catalog {

extern const Rule cluster_set{
    .id = "cluster-set",
    .severity = Severity::kError,
    .title = "the file is not one cluster set",
    .why =
        "A cluster set is one document of apiVersion marty.dev/v1 and kind ClusterSet with at least "
        "two clusters.",
};

extern const Rule unknown_cluster{
    .id = "unknown-cluster",
    .severity = Severity::kError,
    .title = "fail-over to a cluster that is not in the set",
    .why =
        "failoverTo names a cluster of the same file. The finding names the one that was likely "
        "meant.",
};

extern const Rule same_region{
    .id = "same-region",
    .severity = Severity::kError,
    .title = "fail-over inside one region",
    .why =
        "The meshes fail over by locality, from region to region. Two clusters of one region share "
        "their load already.",
};

extern const Rule needs_one_network{
    .id = "needs-one-network",
    .severity = Severity::kError,
    .title = "federated services need pods that reach each other",
    .why =
        "Linkerd federates services only over one flat network. Over gateways services are "
        "mirrored: linkerd: mirrored.",
};

extern const Rule failover_needs_outliers{
    .id = "failover-needs-outliers",
    .severity = Severity::kWarning,
    .title = "fail-over without anything that notices failure",
    .why =
        "Istio fails over when outlier detection has taken the pods of a region out. Without "
        "outliers in the policy file requests stay where they fail.",
};

extern const Rule gateway_unknown{
    .id = "gateway-unknown",
    .severity = Severity::kInfo,
    .title = "the address of a cluster's gateway is not known yet",
    .why =
        "Linkerd's Link needs the address of the other cluster's gateway, which exists once it "
        "runs. The generated README says where to read it.",
};

}  // namespace marty::rules::catalog
