#include <fmt/format.h>

#include "rules/mtls.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check_tls(const Resource& rule, const Place& tls, Report& report) {
  if (text(tls.node, "mode") != "ISTIO_MUTUAL") return;
  for (const auto field : {"clientCertificate", "privateKey", "caCertificates", "credentialName"}) {
    const Node* written = tls.node.find(field);
    if (written == nullptr) continue;
    report
        .at(rule, *written, tls.path + "." + field,
            fmt::format("ISTIO_MUTUAL uses the sidecar's own certificate; {} is refused beside it", field))
        .notes = {{{}, "for certificates of your own use mode: MUTUAL"}};
    return;
  }
}

void check(const Estate& estate, Report& report) {
  each_client_tls(
      estate, [&](const Resource& rule, const Place& tls, std::int64_t) { check_tls(rule, tls, report); });
}

}  // namespace

extern const Rule mutual_with_own_certificates{
    .id = "mutual-with-own-certificates",
    .severity = Severity::kError,
    .peers = "IST0106",
    .title = "ISTIO_MUTUAL with certificates of one's own",
    .why =
        "In this mode the sidecar proves its workload identity with the certificate the mesh gave it. "
        "Istio's "
        "webhook refuses a rule that names files or a secret as well.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy:
    tls:
      mode: ISTIO_MUTUAL
      caCertificates: /etc/certs/root.pem # <<
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy:
    tls: {mode: ISTIO_MUTUAL}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
