#include "petstore/pet_json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "http/writer.hpp"
#include "petstore/routes.hpp"

namespace marty::petstore {
namespace {

using nlohmann::json;
/// Keeps the order of writing, which is the order people expect to read.
using OrderedJson = nlohmann::ordered_json;

/// A pet is two levels deep. Without a bound, applying a hostile patch would recurse as deep as it nests.
constexpr int kDepthMax = 8;
/// Where the list of a body's errors ends, so that a body of nonsense is not answered with a longer one.
constexpr std::size_t kErrorsMax = 50;

std::optional<json> parse_object(std::string_view body, std::vector<FieldError>& errors) {
  bool too_deep = false;
  const auto watch_depth = [&](int depth, json::parse_event_t, json&) {
    return !(too_deep |= depth > kDepthMax);
  };
  try {
    json parsed = json::parse(body, watch_depth);
    if (!too_deep && parsed.is_object()) return parsed;
    errors.push_back({"", too_deep ? "nests too deeply" : "must be a JSON object"});
  } catch (const json::parse_error& error) {
    errors.push_back({"", "is not valid JSON, at byte " + std::to_string(error.byte)});
  }
  return std::nullopt;
}

void read_tags(const json& value, std::vector<std::string>& out, std::vector<FieldError>& errors) {
  if (!value.is_array()) {
    errors.push_back({"tags", "must be a list of strings"});
    return;
  }
  for (std::size_t i = 0; i < std::min(value.size(), kTagsMax + 1); ++i) {
    if (value[i].is_string())
      out.push_back(value[i].get<std::string>());
    else
      errors.push_back({"tags[" + std::to_string(i) + "]", "must be a string"});
  }
}

void read_id(const json& value, std::optional<PetId> expected, std::vector<FieldError>& errors) {
  if (!expected) {
    errors.push_back({"id", "is given by the service; choose one with PUT"});
  } else if (!value.is_number_integer() || value != *expected) {
    errors.push_back({"id", "differs from the id in the path"});
  }
}

PetReading decode(const json& object, std::optional<PetId> id) {
  PetReading out;
  bool name_is_wrong = false;
  for (const auto& [key, value] : object.items()) {
    if (key == "id") {
      read_id(value, id, out.errors);
    } else if (key == "name") {
      name_is_wrong = !value.is_string();
      if (name_is_wrong)
        out.errors.push_back({key, "must be a string"});
      else
        out.fields.name = value.get<std::string>();
    } else if (key == "status") {
      const auto status = value.is_string() ? pet_status(value.get<std::string>()) : std::nullopt;
      if (!status) out.errors.push_back({key, "must be available, pending or sold"});
      out.fields.status = status.value_or(PetStatus::kAvailable);
    } else if (key == "tags") {
      read_tags(value, out.fields.tags, out.errors);
    } else if (key != "self") {  // read-only, so that what v2 answered can be sent back
      out.errors.push_back({key, "is no field of a pet"});
    }
  }
  if (!object.contains("name")) {
    out.errors.push_back({"name", "is required"});
    name_is_wrong = true;
  }
  // Rules about values of the wrong type would only repeat what is known, tags even at the wrong index.
  const bool tags_are_wrong = std::ranges::any_of(
      out.errors, [](const FieldError& error) { return error.field.starts_with("tags"); });
  std::vector<FieldError> broken_rules;
  check(out.fields, broken_rules);
  for (FieldError& error : broken_rules) {
    const bool is_known = error.field == "name" ? name_is_wrong : tags_are_wrong;
    if (!is_known) out.errors.push_back(std::move(error));
  }
  if (out.errors.size() > kErrorsMax) out.errors.resize(kErrorsMax);
  return out;
}

OrderedJson encode(const Pet& pet, PetForm form) {
  OrderedJson out = {{"id", pet.id},
                     {"name", pet.fields.name},
                     {"status", to_string(pet.fields.status)},
                     {"tags", pet.fields.tags}};
  if (form == PetForm::kWithSelf) out["self"] = pet_path(pet.id);
  return out;
}

}  // namespace

PetReading read_pet(std::string_view body, std::optional<PetId> id) {
  PetReading out;
  const auto object = parse_object(body, out.errors);
  return object ? decode(*object, id) : out;
}

PetReading read_patch(std::string_view body, const Pet& current) {
  PetReading out;
  const auto patch = parse_object(body, out.errors);
  if (!patch) return out;
  json merged(encode(current, PetForm::kPlain));
  merged.merge_patch(*patch);
  return decode(merged, current.id);
}

std::string write_pet(const Pet& pet, PetForm form) { return encode(pet, form).dump(); }

std::string write_page(const Page& page, const PageQuery& query, PetForm form) {
  OrderedJson items = OrderedJson::array();
  for (const Pet& pet : page.pets) items.push_back(encode(pet, form));
  const OrderedJson out = {
      {"items", std::move(items)}, {"total", page.total}, {"limit", query.limit}, {"offset", query.offset}};
  return out.dump();
}

std::string write_problem(int status, std::string_view detail, const std::vector<FieldError>& errors) {
  OrderedJson out = {{"type", "about:blank"},
                     {"title", http::reason_phrase(status)},
                     {"status", status},
                     {"detail", detail}};
  for (const FieldError& error : errors)
    out["errors"].push_back({{"field", error.field}, {"detail", error.detail}});
  // Field names can come from a query, so they need not be UTF-8.
  return out.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

}  // namespace marty::petstore
