#include "cluster/record_store.hpp"

#include "manifest/write.hpp"

namespace marty::cluster {
namespace {

Result<std::optional<rollout::Record>> parsed(std::string_view json) {
  Diagnostics ignored;  // kubectl's own output
  const auto all = manifest::read_resources(json, 0, ignored).all;
  if (all.empty()) return std::optional<rollout::Record>{};
  auto record = rollout::from_secret(all.front());
  if (!record) return std::move(record.error());
  return std::optional(std::move(*record));
}

}  // namespace

Result<std::optional<rollout::Record>> read_record(Kubectl& kubectl, const std::string& service,
                                                   const std::string& ns) {
  auto text = kubectl.run(
      "reading the record of earlier runs",
      {"get", "secret", rollout::record_name(service), "-n", ns, "--ignore-not-found", "-o", "json"});
  if (!text) return std::move(text.error());
  return parsed(*text);
}

Status write_record(Kubectl& kubectl, rollout::Record& record, const std::string& service,
                    const std::string& ns) {
  // Both refuse when somebody else was quicker: create when there is one, replace when the version is
  // another.
  const bool fresh = record.resource_version.empty();
  auto text = kubectl.run("writing the record of this run",
                          {fresh ? "create" : "replace", "--field-manager=marty", "-o", "json", "-f", "-"},
                          manifest::write_yaml(rollout::to_secret(record, service, ns)));
  if (!text) return std::move(text.error());
  auto written = parsed(*text);
  if (!written) return std::move(written.error());
  if (*written) record.resource_version = (*written)->resource_version;
  return ok();
}

}  // namespace marty::cluster
