#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rules/estate.hpp"
#include "rules/path_shape.hpp"

/// What OpenAPI documents (3, or 2 alias Swagger) say of the Services of the files.
namespace marty::rules {

struct Operation {
  std::string method;  ///< in upper case, as on the wire
  std::string path;    ///< with the base path: "/api/pets/{id}"
  const Resource* document = nullptr;
  const Node* node = nullptr;   ///< the key of its method
  std::string field;            ///< "paths./pets/{id}.get"
  bool elsewhere = false;       ///< on a port of its own, such as the one for metrics
  bool may_be_repeated = true;  ///< by its method (RFC 9110 9.2.2), or it takes an Idempotency-Key
  PathShape shape;
  std::string name() const { return method + " " + path; }
  /// HEAD goes with GET (RFC 9110 9.3.2), and servers answer OPTIONS without saying so.
  bool takes(std::string_view by) const {
    return method == by || by == "OPTIONS" || (by == "HEAD" && method == "GET");
  }
};

/// All that the documents say of one Service.
struct Api {
  const Resource* service = nullptr;
  bool complete = true;  ///< false: some operations are in documents elsewhere ($ref)
  std::vector<Operation> operations;
};

/// An estate makes and keeps them. A document describes the Service that its servers name, or the one it was
/// given for, or else the only one of the files.
class Apis {
 public:
  Apis(const Estate&, const std::vector<Node>& among_files);
  Apis(const Apis&) = delete;
  Apis& operator=(const Apis&) = delete;

  const std::vector<Api>& all() const { return all_; }
  /// nullptr when nobody describes it.
  const Api* of(const Resource& service) const;
  /// The documents as if they were objects: of kind OpenAPI, named by their title.
  const std::vector<Resource>& documents() const { return documents_; }
  /// Those that describe no Service of the files.
  struct OfNobody {
    const Resource* document;
    bool asked_for;
  };
  const std::vector<OfNobody>& of_nobody() const { return of_nobody_; }

 private:
  Api& api_of(const Resource& service);

  std::vector<Resource> documents_;
  std::vector<OfNobody> of_nobody_;
  std::vector<Api> all_;
  std::map<const Resource*, std::size_t> by_service_;
};

}  // namespace marty::rules
