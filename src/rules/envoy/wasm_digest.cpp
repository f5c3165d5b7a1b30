#include <fmt/format.h>

#include <algorithm>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

constexpr std::string_view kDigest = "@sha256:";

void check_module(const Resource& extension, const Place& module, Report& report) {
  const auto url = text(module.node, "url");
  const Node* sum = module.node.find("sha256");
  const auto at = url.find(kDigest);
  if (at != url.npos && sum != nullptr && !sum->text.empty() && url.substr(at + kDigest.size()) != sum->text)
    report.at(extension, *sum, module.path + ".sha256", "the url names another digest: no module fits both")
        .notes = {see(*module.node.find("url"), "the one in the url")};
  const bool pinned = at != url.npos || (sum != nullptr && !sum->text.empty());
  if (url.starts_with("http://") && !pinned)
    report
        .at(extension, *module.node.find("url"), module.path + ".url",
            "code for every request, fetched in plain text and compared with nothing")
        .notes = {{{}, "add sha256, or use oci:// with a digest"}};
}

void check(const Estate& estate, Report& report) {
  each(estate.of("WasmPlugin", "extensions.istio.io"), "spec",
       [&](const Resource* plugin, const Place& module) { check_module(*plugin, module, report); });
  each(estate.of("TrafficExtension", "extensions.istio.io"), "spec.wasm",
       [&](const Resource* extension, const Place& module) { check_module(*extension, module, report); });
}

}  // namespace

extern const Rule wasm_digest{
    .id = "wasm-digest",
    .severity = Severity::kWarning,
    .peers = "VAL",
    .title = "a Wasm module whose digests differ, or that is fetched unchecked",
    .why =
        "The agent beside each proxy fetches the module and compares it with 'sha256' and with the digest in "
        "the url. When these two differ, none fits: the filter is not there, and with failStrategy "
        "FAIL_CLOSE "
        "every request is refused. Over plain http and without a digest, whoever is on the way chooses the "
        "code.",
    .bad = R"(
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: quota, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  url: http://modules.example.com/quota.wasm # <<
)",
    .good = R"(
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: quota, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  url: oci://registry.example.com/quota:1.2.0
)",
    .check = check,
};

}  // namespace marty::rules::catalog
