#include "rollout/record.hpp"

#include <fmt/format.h>

#include <charconv>

#include "kustomize/name_hash.hpp"
#include "rollout/base64.hpp"
#include "rollout/plan.hpp"

namespace marty::rollout {

using manifest::Node;

namespace {

constexpr std::string_view kSchema = "marty/v1";
constexpr std::string_view kApplying = "applying", kApplied = "applied";

/// The value of one key of the Secret, decoded; empty when absent.
Result<std::string> value(const Node& root, std::string_view key) {
  if (auto text = from_base64(root.text_at({"data", key}))) return std::move(*text);
  return Error{ErrorCode::kEnvironment, fmt::format("the record's '{}' is no base64", key), {}};
}

}  // namespace

std::string record_name(const std::string& service) { return "marty-" + service + "-record"; }

bool keeps_previous(const Record& record) {
  return record.current.size() + record.previous.size() <= kRecordBytesMax;
}

Node to_secret(const Record& record, const std::string& service, const std::string& ns) {
  const bool fits_current = record.current.size() <= kRecordBytesMax;
  Node root = Node::mapping();
  root.add("apiVersion", Node::string("v1"));
  root.add("kind", Node::string("Secret"));
  Node& metadata = root.add("metadata", Node::mapping());
  metadata.add("name", Node::string(record_name(service)));
  metadata.add("namespace", Node::string(ns));
  // Without the service's label, or the record would be pruned as an object nobody asks for.
  metadata.add("labels", Node::mapping()).add(kManagedBy, Node::string("marty"));
  if (!record.resource_version.empty())
    metadata.add("resourceVersion", Node::string(record.resource_version));
  root.add("type", Node::string("marty.dev/record"));
  Node& data = root.add("data", Node::mapping());
  const auto put = [&](std::string_view key, std::string_view text) {
    data.add(key, Node::string(kustomize::base64(text)));
  };
  put("schema", kSchema);
  put("generation", std::to_string(record.generation));
  put("state", record.state == Record::State::kApplied ? kApplied : kApplying);
  put("operation", record.rollback ? "rollback" : "apply");
  put("mesh", record.mesh);
  put("started", record.started);
  put("finished", record.finished);
  put("current", fits_current ? record.current : "");
  put("previous", keeps_previous(record) ? record.previous : "");
  return root;
}

Result<Record> from_secret(const manifest::Resource& secret) {
  Record record;
  std::string schema, generation, state, operation;
  const std::pair<std::string_view, std::string*> fields[] = {{"schema", &schema},
                                                              {"generation", &generation},
                                                              {"state", &state},
                                                              {"operation", &operation},
                                                              {"mesh", &record.mesh},
                                                              {"started", &record.started},
                                                              {"finished", &record.finished},
                                                              {"current", &record.current},
                                                              {"previous", &record.previous}};
  for (const auto& [key, into] : fields) {
    auto text = value(secret.root, key);
    if (!text) return std::move(text.error());
    *into = std::move(*text);
  }
  const auto* end = generation.data() + generation.size();
  const bool number = std::from_chars(generation.data(), end, record.generation).ptr == end;
  if (schema != kSchema || generation.empty() || !number || (state != kApplying && state != kApplied))
    return Error{ErrorCode::kEnvironment,
                 fmt::format("Secret {}/{} is no record of marty's", *secret.ns, *secret.name),
                 fmt::format("if nobody needs it: kubectl delete secret -n {} {}", *secret.ns, *secret.name)};
  record.state = state == kApplied ? Record::State::kApplied : Record::State::kApplying;
  record.rollback = operation == "rollback";
  record.resource_version = secret.root.text_at({"metadata", "resourceVersion"});
  return record;
}

Record begin(const std::optional<Record>& before, std::string mesh, std::string wanted, std::string now,
             bool rollback) {
  Record record;
  record.mesh = std::move(mesh);
  record.started = std::move(now);
  record.current = std::move(wanted);
  record.rollback = rollback;
  record.generation = 1;
  if (!before) return record;
  // Finishing what was interrupted, or mending drift, makes nothing that one could go back from.
  const bool whole = before->state == Record::State::kApplied;
  const bool next = whole && before->current != record.current;
  record.generation = before->generation + (next ? 1 : 0);
  record.previous = next ? before->current : before->previous;
  record.resource_version = before->resource_version;
  return record;
}

Result<std::string> rollback_target(const std::optional<Record>& record, const std::string& service) {
  const bool again = record && record->state == Record::State::kApplying && record->rollback;
  const std::string target = !record ? "" : again ? record->current : record->previous;
  if (!target.empty()) return target;
  return Error{ErrorCode::kInput, fmt::format("there is no earlier state of {} to go back to", service),
               record ? "its record holds only the state that is in force"
                      : "apply-policies has not applied it to this cluster yet"};
}

}  // namespace marty::rollout
