#include <algorithm>
#include <charconv>

#include "manifest/duration.hpp"
#include "schema/addresses.hpp"
#include "schema/cel.hpp"
#include "schema/cel_value.hpp"
#include "schema/formats.hpp"

namespace marty::schema {

namespace {

using Is = CelValue::Kind;
using Arguments = CelArguments;

/// The scheme of an absolute URL; empty when the text is none.
std::string_view scheme_of(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == text.npos || colon == 0 || !((text[0] | 32) >= 'a' && (text[0] | 32) <= 'z')) return {};
  return text.find_first_of("/ ?#") > colon ? text.substr(0, colon) : std::string_view{};
}
bool is_url(std::string_view text) {
  if (text.find(' ') != text.npos) return false;
  return text.starts_with('/') || !scheme_of(text).empty();
}
/// What stands between "//" and the next "/", "?" or "#".
std::string_view authority_of(std::string_view text) {
  const auto slashes = text.find("//");
  if (slashes == text.npos) return {};
  const auto rest = text.substr(slashes + 2);
  return rest.substr(0, rest.find_first_of("/?#"));
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}
/// The byte where a character begins; npos when there are not that many.
std::size_t byte_of(std::string_view text, std::int64_t character) {
  if (character < 0) return text.npos;
  std::size_t at = 0;
  for (; character > 0 && at < text.size(); --character) {
    for (++at; at < text.size() && (text[at] & 0xc0) == 0x80; ++at) {
    }
  }
  return character > 0 ? text.npos : at;
}

CelValue size(CelMemory& memory, Arguments a) {
  if (a[0].is(Is::kString)) return CelValue::integer(static_cast<std::int64_t>(characters(a[0].text())));
  if (!a[0].is(Is::kList) && !a[0].is(Is::kMap)) return CelValue::error("no size");
  return CelValue::integer(static_cast<std::int64_t>(memory.size(a[0])));
}

CelValue to_int(CelMemory&, Arguments a) {
  if (a[0].is(Is::kInt)) return a[0];
  if (a[0].is(Is::kDouble)) {
    constexpr double kEnd = 9223372036854775808.0;  // 2^63
    return a[0].real > -kEnd && a[0].real < kEnd ? CelValue::integer(static_cast<std::int64_t>(a[0].real))
                                                 : CelValue::error("out of range");
  }
  std::int64_t value = 0;
  const auto text = a[0].text();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool fine = a[0].is(Is::kString) && error == std::errc{} && end == text.data() + text.size();
  return fine ? CelValue::integer(value) : CelValue::error("no whole number");
}

CelValue to_string(CelMemory& memory, Arguments a) {
  if (a[0].is(Is::kInt)) return CelValue::string(memory.keep(std::to_string(a[0].number)));
  return a[0].is(Is::kString) ? a[0] : CelValue::error("no text");
}

CelValue to_duration(CelMemory&, Arguments a) {
  const auto read = a[0].is(Is::kString) ? manifest::parse_duration(a[0].text()) : std::nullopt;
  return read ? CelValue::duration(*read) : CelValue::error("no duration");
}

CelValue matches(CelMemory& memory, Arguments a) {
  const Regex* pattern = memory.patterns().find(a[1].text());
  return pattern ? CelValue::boolean(pattern->is_found_in(a[0].text())) : CelValue::error("no RE2");
}

CelValue substring(CelMemory&, Arguments a) {
  const auto from = byte_of(a[0].text(), a[1].number);
  const auto to = a.size() > 2 ? byte_of(a[0].text(), a[2].number) : a[0].text().size();
  if (from == std::string_view::npos || to == std::string_view::npos || from > to)
    return CelValue::error("substring out of range");
  return CelValue::string(a[0].text().substr(from, to - from));
}

CelValue split(CelMemory& memory, Arguments a) {
  std::vector<CelValue> pieces;
  if (a[1].text().empty()) return CelValue::error("split needs a separator");
  for (std::string_view rest = a[0].text();;) {
    const auto at = rest.find(a[1].text());
    pieces.push_back(CelValue::string(rest.substr(0, at)));
    if (at == rest.npos) break;
    rest.remove_prefix(at + a[1].text().size());
  }
  return memory.made(Is::kList, std::move(pieces));
}

CelValue lower(CelMemory& memory, Arguments a) {
  std::string text(a[0].text());
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return CelValue::string(memory.keep(std::move(text)));
}

CelValue url(CelMemory&, Arguments a) { return is_url(a[0].text()) ? a[0] : CelValue::error("no URL"); }

CelValue host(CelMemory&, Arguments a) { return CelValue::string(authority_of(a[0].text())); }

CelValue host_name(CelMemory&, Arguments a) {
  const auto authority = authority_of(a[0].text());
  return CelValue::string(authority.substr(0, authority.rfind(':')));
}

CelValue quantity(CelMemory&, Arguments a) {
  return CelValue::floating(a[0].is(Is::kString) ? quantity_value(a[0].text()) : a[0].as_double());
}

constexpr CelFunction kFunctions[] = {
    {"size", "a", size},
    {"int", "a", to_int},
    {"string", "a", to_string},
    {"duration", "a", to_duration},
    {"matches", "ss", matches},
    {"contains", "ss",
     [](CelMemory&, Arguments a) {
       return CelValue::boolean(a[0].text().find(a[1].text()) != a[0].text().npos);
     }},
    {"startsWith", "ss",
     [](CelMemory&, Arguments a) { return CelValue::boolean(a[0].text().starts_with(a[1].text())); }},
    {"endsWith", "ss",
     [](CelMemory&, Arguments a) { return CelValue::boolean(a[0].text().ends_with(a[1].text())); }},
    {"substring", "si?i", substring},
    {"split", "ss", split},
    {"lowerAscii", "s", lower},
    {"quantity", "a", quantity},
    {"isURL", "s", [](CelMemory&, Arguments a) { return CelValue::boolean(is_url(a[0].text())); }},
    {"url", "s", url},
    {"getScheme", "s", [](CelMemory&, Arguments a) { return CelValue::string(scheme_of(a[0].text())); }},
    {"getHost", "s", host},
    {"getHostname", "s", host_name},
    {"isIP", "s", [](CelMemory&, Arguments a) { return CelValue::boolean(is_ip(a[0].text())); }},
    {"isCIDR", "s", [](CelMemory&, Arguments a) { return CelValue::boolean(is_cidr(a[0].text())); }},
};

bool fit(std::string_view wants, Arguments given) {
  std::size_t count = 0;
  bool optional = false;
  for (const char want : wants) {
    if (want == '?') {
      optional = true;
      continue;
    }
    if (count == given.size()) return optional;
    const auto& one = given[count++];
    if ((want == 's' && !one.is(Is::kString)) || (want == 'i' && !one.is(Is::kInt))) return false;
  }
  return count == given.size();
}

}  // namespace

const CelFunction* find_cel_function(std::string_view name) {
  const auto* found = std::find_if(std::begin(kFunctions), std::end(kFunctions),
                                   [&](const CelFunction& f) { return f.name == name; });
  return found == std::end(kFunctions) ? nullptr : found;
}

CelValue call(CelMemory& memory, const CelFunction& function, Arguments arguments) {
  if (!fit(function.wants, arguments)) return CelValue::error("wrong arguments of a function");
  return function.run(memory, arguments);
}

}  // namespace marty::schema
