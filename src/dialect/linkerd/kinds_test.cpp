#include <gtest/gtest.h>

#include "dialect/linkerd/authentication.hpp"
#include "dialect/linkerd/authorization_policy.hpp"
#include "dialect/linkerd/http_route.hpp"
#include "dialect/linkerd/rate_limit.hpp"
#include "dialect/linkerd/server.hpp"
#include "dialect/linkerd/server_authorization.hpp"
#include "dialect/linkerd/service_profile.hpp"
#include "dialect/linkerd/traffic_split.hpp"
#include "manifest/write.hpp"

namespace marty::dialect::linkerd {
namespace {

using manifest::Resource;

/// How each kind is read, and written again.
struct Kind {
  const char *api, *kind;
  manifest::Node (*again)(const Resource&, Diagnostics&);
};

template <class Spec, manifest::Manifest<Spec> (*decode)(const Resource&, Diagnostics&)>
manifest::Node again(const Resource& resource, Diagnostics& found) {
  return manifest::encode(decode(resource, found).spec);
}

const Kind kProfile{"linkerd.io/v1alpha2", "ServiceProfile", again<ServiceProfile, decode_service_profile>};
const Kind kServer{"policy.linkerd.io/v1beta3", "Server", again<Server, decode_server>};
const Kind kOldServer{"policy.linkerd.io/v1beta1", "Server", again<Server, decode_server>};
const Kind kServerAuthorization{"policy.linkerd.io/v1beta1", "ServerAuthorization",
                                again<ServerAuthorization, decoded<ServerAuthorization>>};
const Kind kPolicy{"policy.linkerd.io/v1alpha1", "AuthorizationPolicy",
                   again<AuthorizationPolicy, decode_authorization_policy>};
const Kind kMeshTls{"policy.linkerd.io/v1alpha1", "MeshTLSAuthentication",
                    again<MeshTlsAuthentication, decoded<MeshTlsAuthentication>>};
const Kind kNetwork{"policy.linkerd.io/v1alpha1", "NetworkAuthentication",
                    again<NetworkAuthentication, decoded<NetworkAuthentication>>};
const Kind kLimit{"policy.linkerd.io/v1alpha1", "HTTPLocalRateLimitPolicy",
                  again<HttpLocalRateLimitPolicy, decoded<HttpLocalRateLimitPolicy>>};
const Kind kRoute{"gateway.networking.k8s.io/v1", "HTTPRoute", again<HttpRoute, decode_http_route>};
const Kind kOurRoute{"policy.linkerd.io/v1beta3", "HTTPRoute", again<HttpRoute, decode_http_route>};
const Kind kOldRoute{"policy.linkerd.io/v1beta2", "HTTPRoute", again<HttpRoute, decode_http_route>};
const Kind kSplit{"split.smi-spec.io/v1alpha2", "TrafficSplit", again<TrafficSplit, decoded<TrafficSplit>>};

constexpr const char* kHost = "pets.shop.svc.cluster.local";

std::string read_and_write(const Kind& kind, const std::string& spec, Diagnostics& found,
                           const std::string& name = kHost) {
  std::string text = std::string("apiVersion: ") + kind.api + "\nkind: " + kind.kind +
                     "\nmetadata: {name: " + name + ", namespace: shop}\nspec:\n";
  for (std::size_t at = 0; at < spec.size();) {
    const auto end = std::min(spec.find('\n', at), spec.size());
    text += "  " + spec.substr(at, end - at) + "\n";
    at = end + 1;
  }
  const auto resources = manifest::read_resources(text, 0, found);
  return resources.all.size() == 1 ? manifest::write_yaml(kind.again(resources.all[0], found)) : "";
}

struct Right {
  const Kind& kind;
  const char* spec;
};

TEST(LinkerdKinds, WrittenAndReadAgainTheyAreTheSame) {
  const Right table[] = {
      {kProfile,
       "routes:\n"
       "- name: GET /pets/{id}\n"
       "  condition:\n"
       "    method: GET\n"
       "    pathRegex: /pets/[^/]*\n"
       "  responseClasses:\n"
       "  - condition:\n"
       "      status:\n"
       "        min: 500\n"
       "        max: 599\n"
       "    isFailure: true\n"
       "  isRetryable: true\n"
       "  timeout: 1500ms\n"
       "- name: the rest\n"
       "  condition:\n"
       "    all:\n"
       "    - not:\n"
       "        method: GET\n"
       "    - any:\n"
       "      - pathRegex: /a\n"
       "      - pathRegex: /b\n"
       "retryBudget:\n"
       "  retryRatio: 0.2\n"
       "  minRetriesPerSecond: 5\n"
       "  ttl: 10s\n"
       "dstOverrides:\n"
       "- authority: pets-v1.shop.svc.cluster.local:8080\n"
       "  weight: 900m\n"
       "- authority: pets-v2.shop.svc.cluster.local:8080\n"
       "  weight: 1\n"},
      {kServer,
       "podSelector:\n"
       "  matchLabels:\n"
       "    app: pets\n"
       "  matchExpressions:\n"
       "  - key: version\n"
       "    operator: In\n"
       "    values:\n"
       "    - v1\n"
       "port: http\n"
       "proxyProtocol: HTTP/1\n"
       "accessPolicy: audit\n"},
      {kServer, "podSelector: {}\nport: 8080\n"},
      {kServerAuthorization,
       "server:\n"
       "  name: pets\n"
       "client:\n"
       "  networks:\n"
       "  - cidr: 0.0.0.0/0\n"
       "    except:\n"
       "    - 10.0.0.0/8\n"
       "  meshTLS:\n"
       "    identities:\n"
       "    - \"*.shop.serviceaccount.identity.linkerd.cluster.local\"\n"
       "    serviceAccounts:\n"
       "    - name: till\n"
       "      namespace: shop\n"},
      {kServerAuthorization,
       "server:\n  selector:\n    matchLabels:\n      app: pets\nclient:\n  unauthenticated: true\n"},
      {kPolicy,
       "targetRef:\n"
       "  group: gateway.networking.k8s.io\n"
       "  kind: HTTPRoute\n"
       "  name: reads\n"
       "requiredAuthenticationRefs:\n"
       "- group: policy.linkerd.io\n"
       "  kind: MeshTLSAuthentication\n"
       "  name: tills\n"
       "  namespace: other\n"
       "- group: policy.linkerd.io\n"
       "  kind: NetworkAuthentication\n"
       "  name: inside\n"},
      {kPolicy, "targetRef:\n  kind: Namespace\n  name: shop\nrequiredAuthenticationRefs: []\n"},
      {kMeshTls, "identities:\n- \"*\"\n- spiffe://root.example/ns/shop/sa/till\n"},
      {kMeshTls, "identityRefs:\n- kind: ServiceAccount\n  name: till\n- kind: Namespace\n  name: shop\n"},
      {kNetwork, "networks:\n- cidr: 10.0.0.1\n- cidr: \"::/0\"\n  except:\n  - fd00::/8\n"},
      {kLimit,
       "targetRef:\n"
       "  group: policy.linkerd.io\n"
       "  kind: Server\n"
       "  name: pets\n"
       "total:\n"
       "  requestsPerSecond: 100\n"
       "identity:\n"
       "  requestsPerSecond: 100\n"
       "overrides:\n"
       "- requestsPerSecond: 50\n"
       "  clientRefs:\n"
       "  - kind: ServiceAccount\n"
       "    name: till\n"},
      {kRoute,
       "parentRefs:\n"
       "- group: \"\"\n"
       "  kind: Service\n"
       "  name: pets\n"
       "  port: 8080\n"
       "hostnames:\n"
       "- \"*.shop\"\n"
       "rules:\n"
       "- matches:\n"
       "  - path:\n"
       "      type: Exact\n"
       "      value: /pets\n"
       "    headers:\n"
       "    - name: canary\n"
       "      value: \"true\"\n"
       "    - type: RegularExpression\n"
       "      name: cookie\n"
       "      value: group=.\n"
       "    queryParams:\n"
       "    - name: page\n"
       "      value: \"1\"\n"
       "    method: GET\n"
       "  filters:\n"
       "  - type: RequestHeaderModifier\n"
       "    requestHeaderModifier:\n"
       "      set:\n"
       "      - name: a\n"
       "        value: b\n"
       "      remove:\n"
       "      - c\n"
       "  backendRefs:\n"
       "  - name: pets-v1\n"
       "    port: 8080\n"
       "    weight: 90\n"
       "  - name: pets-v2\n"
       "    namespace: shop\n"
       "    port: 8080\n"
       "    weight: 10\n"
       "  timeouts:\n"
       "    request: 1500ms\n"
       "- filters:\n"
       "  - type: RequestRedirect\n"
       "    requestRedirect:\n"
       "      scheme: https\n"
       "      path:\n"
       "        type: ReplaceFullPath\n"
       "        replaceFullPath: /new\n"
       "      statusCode: 301\n"},
      {kOurRoute,
       "parentRefs:\n- group: policy.linkerd.io\n  kind: Server\n  name: pets\nrules:\n- timeouts:\n    "
       "request: 90s\n"},
      {kSplit,
       "service: pets\nbackends:\n- service: pets-v1\n  weight: 90\n- service: pets-v2\n  weight: 10\n"},
  };
  for (const Right& right : table) {
    Diagnostics found;
    EXPECT_EQ(read_and_write(right.kind, right.spec, found), right.spec);
    for (const auto& finding : found.all()) ADD_FAILURE() << finding.message << " at " << finding.field;
  }
}

struct Wrong {
  const Kind& kind;
  const char *spec, *rule, *message;
};

/// Each of these passes a CRD and is refused by a webhook, or accepted and then without effect.
TEST(LinkerdKinds, WrongOnesAreReportedWithAPlace) {
  const Wrong table[] = {
      {kProfile, "routes: [{name: a, condition: {}}]", "missing-field", "a condition needs"},
      {kProfile, "routes: [{name: a, condition: {pathRegex: '(('}}]", "invalid-value", "the whole route"},
      {kProfile, "routes: [{name: a, condition: {not: {method: GET}}}]", "invalid-value", "all: [{not"},
      {kProfile, "routes: [{name: a, condition: {method: GET}, retryBudget: {ttl: 10s}}]", "misplaced-field",
       "it belongs in spec"},
      {kProfile, "routes: [{name: a, condition: {method: GET}, timeout: 10}]", "wrong-type", "a duration"},
      {kProfile,
       "routes: [{name: a, condition: {method: GET}, responseClasses: [{condition: {status: {min: 500}}}]}]",
       "missing-field", "both 'min' and 'max'"},
      {kProfile, "retryBudget: {retryRatio: 0.2, minRetriesPerSecond: 5}", "missing-field", "ttl"},
      {kProfile, "retryBudget: {retryRatio: 0.2, minRetriesPerSecond: 5, ttl: 2m}", "out-of-range",
       "never retries"},
      {kProfile, "dstOverrides: [{authority: a, weight: many}]", "invalid-value", "quantity"},
      {kServer, "port: http", "missing-field", "podSelector"},
      {kServer, "podSelector: {}\nport: 70000", "out-of-range", "70000"},
      {kServer, "podSelector: {}\nport: http\nproxyProtocol: HTTP1", "unknown-value", "HTTP1"},
      {kServer, "podSelector: {}\nport: http\naccessPolicy: allow", "unknown-value", "allow"},
      {kOldServer, "podSelector: {}\nport: http\naccessPolicy: deny", "unknown-field", "v1beta3"},
      {kServerAuthorization, "server: {name: pets}\nclient: {}", "missing-field", "Linkerd ignores it"},
      {kServerAuthorization, "server: {name: pets}\nclient: {meshTLS: {}}", "missing-field",
       "ignores an empty one"},
      {kServerAuthorization,
       "server: {name: pets}\nclient: {unauthenticated: true, meshTLS: {identities: ['*']}}",
       "conflicting-fields", "exclude"},
      {kServerAuthorization, "server: {}\nclient: {unauthenticated: true}", "missing-field",
       "'name' or 'selector'"},
      {kServerAuthorization, "server: {name: pets}\nclient: {meshTLS: {identities: [spiffe://a/b]}}",
       "invalid-value", "an identity"},
      {kServerAuthorization,
       "server: {name: pets}\nrequiredAuthentication: {policy: required}\nclient: {unauthenticated: true}",
       "unknown-field", "requiredAuthentication"},
      {kPolicy, "targetRef: {kind: Service, name: pets}\nrequiredAuthenticationRefs: []", "invalid-value",
       "cannot be a target"},
      {kPolicy, "targetRef: {kind: Namespace, name: other}\nrequiredAuthenticationRefs: []", "invalid-value",
       "another namespace"},
      {kPolicy, "targetRef: {group: policy.linkerd.io, kind: Server, name: pets}", "missing-field",
       "requiredAuthenticationRefs"},
      {kPolicy,
       "targetRef: {group: policy.linkerd.io, kind: Server, name: pets}\nrequiredAuthenticationRefs: "
       "[{group: "
       "policy.linkerd.io, kind: MeshTLSAuthentication, name: a}, {kind: ServiceAccount, name: b}]",
       "conflicting-fields", "both identities"},
      {kMeshTls, "identities: []", "missing-field", "at least one"},
      {kMeshTls, "identities: [spiffe://root.example/a/]", "invalid-value", "an identity"},
      {kMeshTls, "identities: ['till.*']", "invalid-value", "an identity"},
      {kMeshTls, "identityRefs: [{kind: Namespace, name: shop, namespace: shop}]", "conflicting-fields",
       "no namespace"},
      {kMeshTls, "identityRefs: [{kind: Pod, name: shop}]", "invalid-value", "ServiceAccount"},
      {kNetwork, "networks: []", "missing-field", "0.0.0.0/0"},
      {kNetwork, "networks: [{cidr: 10.0.0.0/33}]", "invalid-value", "10.0.0.0/33"},
      {kNetwork, "networks: [{cidr: 10.0.0.0/8, except: [10.0.0.0/8]}]", "invalid-value", "not a part"},
      {kLimit, "targetRef: {kind: Service, name: pets}", "invalid-value", "only Server"},
      {kLimit, "targetRef: {group: policy.linkerd.io, kind: Server, name: a}\ntotal: {requestsPerSecond: 0}",
       "out-of-range", "from 1 to"},
      {kLimit,
       "targetRef: {group: policy.linkerd.io, kind: Server, name: a}\ntotal: {requestsPerSecond: "
       "5}\nidentity: "
       "{requestsPerSecond: 6}",
       "out-of-range", "above the total"},
      {kRoute, "parentRefs: [{kind: Service, name: pets}]", "invalid-value", "no Service in 'gateway"},
      {kOurRoute, "parentRefs: [{kind: Service, name: pets}]", "invalid-value", "no Service in 'policy"},
      {kRoute, "parentRefs: [{kind: Server, name: pets}]", "invalid-value", "no Server in 'gateway"},
      {kRoute, "parentRefs: [{group: policy.linkerd.io, kind: EgressNetwork, name: out}]", "missing-field",
       "port"},
      {kRoute, "rules: [{backendRefs: [{name: pets}]}]", "missing-field", "answer 500"},
      {kRoute, "rules: [{backendRefs: [{name: a, port: 1, weight: 0}, {name: b, port: 1, weight: 0}]}]",
       "weights-zero", "add up to 0"},
      {kRoute, "rules: [{filters: [{type: URLRewrite, urlRewrite: {hostname: a}}]}]", "unsupported-filter",
       "the whole route"},
      {kRoute, "rules: [{filters: [{type: RequestRedirect}]}]", "missing-field", "requestRedirect"},
      {kOurRoute,
       "rules: [{filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {remove: [a]}}]}]",
       "unknown-value", "no such filter"},
      {kRoute, "rules: [{timeouts: {request: 1h30m}}]", "not-enforced", "no timeout"},
      {kRoute, "rules: [{timeouts: {request: 1.5s}}]", "not-enforced", "no timeout"},
      {kOldRoute, "rules: [{timeouts: {request: 1s}}]", "unknown-field", "v1beta3"},
      {kOurRoute, "rules: [{timeouts: {request: 1s, backendRequest: 2s}}]", "not-enforced", "does nothing"},
      {kRoute, "rules: [{matches: [{path: {value: pets}}]}]", "invalid-value", "begins with '/'"},
      {kRoute, "rules: [{matches: [{path: {type: RegularExpression, value: '(('}}]}]", "invalid-value",
       "regular"},
      {kRoute, "rules: [{matches: [{method: get}]}]", "unknown-value", "GET"},
      {kSplit, "service: pets\nbackends: [{service: a, weight: 0}]", "weights-zero", "ignores the split"},
      {kSplit, "service: pets\nbackends: []\nmatches: []", "unknown-field", "matches"},
  };
  for (const Wrong& wrong : table) {
    Diagnostics found;
    read_and_write(wrong.kind, wrong.spec, found);
    ASSERT_FALSE(found.all().empty()) << wrong.spec;
    const auto& first = found.all()[0];
    EXPECT_EQ(first.rule, wrong.rule) << wrong.spec << ": " << first.message;
    EXPECT_NE(first.message.find(wrong.message), std::string::npos) << wrong.spec << ": " << first.message;
    EXPECT_GE(first.where.begin.line, 5u) << wrong.spec;
    EXPECT_EQ(first.object.kind, wrong.kind.kind) << wrong.spec;
  }
}

TEST(LinkerdKinds, AProfileIsFoundByItsName) {
  Diagnostics found;
  read_and_write(kProfile, "routes: []", found, "pets");
  ASSERT_EQ(found.all().size(), 1u);
  EXPECT_EQ(found.all()[0].rule, "profile-name");
  EXPECT_EQ(found.all()[0].notes[0].text, "such as pets.shop.svc.cluster.local");
}

TEST(LinkerdKinds, RoutesHaveABound) {
  std::string rules = "rules:\n";
  for (int i = 0; i < 17; ++i) rules += "- matches: [{method: GET}]\n";
  Diagnostics found;
  read_and_write(kRoute, rules, found);
  ASSERT_EQ(found.all().size(), 1u);
  EXPECT_EQ(found.all()[0].rule, "too-many");
}

TEST(Quantity, InThousandths) {
  const std::pair<IntOrString, std::optional<std::uint64_t>> table[] = {
      {{90, ""}, 90'000},      {{0, ""}, 0},       {{-1, ""}, {}},
      {{0, "900m"}, 900},      {{0, "1.5"}, 1500}, {{0, "2k"}, 2'000'000},
      {{0, "1Ki"}, 1'024'000}, {{0, "m"}, {}},     {{0, "1.5.5"}, {}},
      {{0, "-1"}, {}},         {{0, "12x"}, {}},   {{0, "99999999999999999999999"}, {}},
      {{INT64_MAX, ""}, {}}};
  for (const auto& [quantity, wanted] : table)
    EXPECT_EQ(thousandths(quantity), wanted) << quantity.number << quantity.text;
}

}  // namespace
}  // namespace marty::dialect::linkerd
