#include "rollout/kubectl_error.hpp"

#include <gtest/gtest.h>

namespace marty::rollout {
namespace {

struct Case {
  const char *kubectl, *text, *next;
  bool unreachable = false;
};

TEST(KubectlError, SaysWhatToTypeNext) {
  // As kubectl 1.32 and API server 1.33 wrote them.
  for (const Case& c : {
           Case{"E1123 21:23:18.906027   18104 memcache.go:265] \"Unhandled Error\" err=\"couldn't get\"\n"
                "The connection to the server localhost:8080 was refused - did you specify the right host or "
                "port?\n",
                "reading: The connection to the server localhost:8080 was refused - did you specify the "
                "right host or "
                "port?",
                "no cluster configured", true},
           Case{"The connection to the server 10.0.0.1:6443 was refused - did you specify the right host or "
                "port?\n",
                "10.0.0.1:6443", "kubectl config view --minify", true},
           Case{"Unable to connect to the server: dial tcp: lookup nosuch.invalid: no such host\n",
                "nosuch.invalid", "--context NAME", true},
           Case{"Unable to connect to the server: net/http: request canceled while waiting for connection "
                "(Client.Timeout exceeded while awaiting headers)\n",
                "Client.Timeout", "--context NAME", true},
           Case{"error: context \"nope\" does not exist\n", "reading: context \"nope\"",
                "kubectl config get-contexts", true},
           Case{"error: stat /nowhere: no such file or directory\n", "stat /nowhere", "--kubeconfig FILE",
                true},
           Case{"Please enter Username: error: EOF\n", "Username", "log in again"},
           Case{"error: You must be logged in to the server (Unauthorized)\n", "Unauthorized",
                "log in again"},
           Case{"Error from server (Forbidden): deployments.apps \"pets\" is forbidden: User \"viewer\" "
                "cannot patch "
                "resource \"deployments\" in API group \"apps\" in the namespace \"shop\"\n",
                "cannot patch", "kubectl auth can-i patch deployments.apps -n shop"},
           Case{"Error from server (Forbidden): namespaces \"shop\" is forbidden: User \"viewer\" cannot get "
                "resource "
                "\"namespaces\" in API group \"\" in the namespace \"shop\"\n",
                "cannot get", "kubectl auth can-i get namespaces -n shop"},
           Case{"error: resource mapping not found for name: \"a\" namespace: \"b\" from \"STDIN\": no "
                "matches for kind "
                "\"VirtualService\" in version \"networking.istio.io/v1\"\nensure CRDs are installed first\n",
                "VirtualService", "istioctl install"},
           Case{"no matches for kind \"Server\" in version \"policy.linkerd.io/v1beta3\"", "Server",
                "linkerd install --crds"},
           Case{"no matches for kind \"Widget\" in version \"example.com/v1\"", "Widget", "api-resources"},
           Case{"Error from server (BadRequest): Deployment in version \"v1\" cannot be handled as a "
                "Deployment: strict "
                "decoding error: unknown field \"spec.replica\"\n",
                "spec.replica", "marty service-mesh validate"},
           Case{"The VirtualService \"pets\" is invalid: spec.http[0].timeout: Invalid value\n", "is invalid",
                "mend the manifest"},
           Case{"Error from server (Conflict): Operation cannot be fulfilled on secrets \"x\": the object "
                "has been "
                "modified; please apply your changes\n",
                "modified", "run the same command again"},
       }) {
    const auto error = kubectl_error("reading", c.kubectl);
    EXPECT_EQ(error.code, ErrorCode::kEnvironment);
    EXPECT_NE(error.text.find(c.text), std::string::npos) << error.text;
    EXPECT_NE(error.next.find(c.next), std::string::npos) << error.text << "\n" << error.next;
    EXPECT_EQ(is_unreachable(c.kubectl), c.unreachable) << c.kubectl;
    EXPECT_EQ(error.text.find("memcache"), std::string::npos);
  }
}

TEST(KubectlError, OnlyForbiddenIsForbidden) {
  EXPECT_TRUE(is_forbidden("Error from server (Forbidden): secrets is forbidden: User \"a\" cannot list"));
  EXPECT_FALSE(is_forbidden("the server was refused"));
}

TEST(KubectlError, UnknownWordsAreKeptAndCut) {
  EXPECT_EQ(kubectl_error("reading", "error: what is this\n").text, "reading: what is this");
  EXPECT_LT(kubectl_error("reading", std::string(100'000, 'x')).text.size(), 1000u);
}

}  // namespace
}  // namespace marty::rollout
