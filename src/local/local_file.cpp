#include "local/local_file.hpp"

#include "manifest/yaml.hpp"

namespace marty::local {

using manifest::field;
using manifest::Fields;
using manifest::kPositiveDuration;
using manifest::kRequired;
using manifest::OneOf;
using manifest::range;
using manifest::Table;
using manifest::Tag;

const Table& fields(Tag<Caller>) {
  static const Fields<Caller> table{
      "client",
      {field("namespace", &Caller::ns, kRequired, "its namespace"),
       field("serviceAccount", &Caller::service_account, kRequired, "its identity")}};
  return table;
}

const Table& fields(Tag<LocalWorkload>) {
  using W = LocalWorkload;
  static const Fields<W> table{
      "workload",
      {field("command", &W::command, OneOf{"how it runs"},
             "argv of one pod; $HOST $PORT $POD $STATE $BIN are replaced"),
       field("addresses", &W::addresses, OneOf{"how it runs"}, "servers that run already, one per replica"),
       field("env", &W::env, "environment added to the command's"),
       field("sidecar", &W::sidecar, "false: reached in plaintext, without a sidecar"),
       field("restartAfter", &W::restart_after, kPositiveDuration,
             "pause before a pod that ended starts again")}};
  return table;
}

const Table& fields(Tag<LocalFile::Ingress>) {
  using I = LocalFile::Ingress;
  static const Fields<I> table{
      "ingress",
      {field("service", &I::service, kRequired, "name.namespace:port that it serves"),
       field("port", &I::port, range(0, 65535), "on 127.0.0.1; 0 takes any free one"),
       field("namespace", &I::ns, kRequired, "namespace of its identity"),
       field("serviceAccount", &I::service_account, kRequired, "its identity"),
       field("linkerd", &I::linkerd, "its identity under Linkerd, if that is another")}};
  return table;
}

struct Document {
  Sourced<std::string> api_version, kind;
  LocalFile spec;
};

const Table& fields(Tag<LocalFile>) {
  using L = LocalFile;
  static const Fields<L> table{
      "spec",
      {field("client", &L::client, "whom `up -- CMD` runs as"),
       field("ingress", &L::ingress, "the door for browsers on 127.0.0.1"),
       field("workloads", &L::workloads, kRequired, "how each Deployment runs here")}};
  return table;
}

const Table& fields(Tag<Document>) {
  static const Fields<Document> table{"Local",
                                      {field("apiVersion", &Document::api_version, kRequired, "marty.dev/v1"),
                                       field("kind", &Document::kind, kRequired, "Local"),
                                       field("spec", &Document::spec, kRequired, "the content")}};
  return table;
}

LocalFile read_local_file(std::string_view text, std::uint16_t file, Diagnostics& found) {
  Document document;
  const auto nodes = manifest::parse_yaml(text, file, found);
  if (nodes.empty()) {
    if (!found.has_errors()) found.error("empty-file", {{1, 1, file}, 0}, "local.yaml is empty");
    return {};
  }
  manifest::decode(nodes.front(), document, {"marty.dev/v1", "Local", "", ""}, found);
  for (const auto& [name, workload] : document.spec.workloads) {
    if (!workload.command.empty() || !workload.addresses.empty()) continue;
    found.error("missing-field", {name.origin, static_cast<std::uint16_t>(name->size())},
                "workload '" + *name + "' says neither `command` nor `addresses`: nothing would run");
  }
  return document.spec;
}

}  // namespace marty::local
