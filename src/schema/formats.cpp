#include "schema/formats.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

#include "schema/addresses.hpp"
#include "schema/times.hpp"

namespace marty::schema {

namespace {

enum CharacterClass : std::uint8_t {
  kLower = 1,
  kUpper = 2,
  kDigit = 4,
  kDash = 8,
  kUnderscore = 16,
  kDot = 32,
  kPlus = 64
};
constexpr auto kClasses = [] {
  std::array<std::uint8_t, 256> out{};
  for (int c = 'a'; c <= 'z'; ++c) out[static_cast<std::size_t>(c)] = kLower;
  for (int c = 'A'; c <= 'Z'; ++c) out[static_cast<std::size_t>(c)] = kUpper;
  for (int c = '0'; c <= '9'; ++c) out[static_cast<std::size_t>(c)] = kDigit;
  out['-'] = kDash;
  out['_'] = kUnderscore;
  out['.'] = kDot;
  out['+'] = kPlus;
  return out;
}();
bool is_in(char c, std::uint8_t classes) { return (kClasses[static_cast<unsigned char>(c)] & classes) != 0; }

constexpr std::uint8_t kDnsLetters = kLower | kDigit, kAlphanumeric = kLower | kUpper | kDigit;

bool is_lower(char c) { return is_in(c, kLower); }
bool is_digit(char c) { return is_in(c, kDigit); }
bool is_alphanumeric(char c) { return is_in(c, kAlphanumeric); }

/// Characters of `letters` and `inside`, the former at both ends.
bool is_word(std::string_view text, std::uint8_t letters, int inside) {
  if (text.empty() || !is_in(text.front(), letters) || !is_in(text.back(), letters)) return false;
  const auto all = static_cast<std::uint8_t>(letters | inside);
  return std::all_of(text.begin(), text.end(), [=](char c) { return is_in(c, all); });
}

bool label_1123(std::string_view text) { return text.size() <= 63 && is_word(text, kDnsLetters, kDash); }
bool label_1035(std::string_view text) { return label_1123(text) && is_lower(text[0]); }

/// Every part between dots.
template <class Part>
bool dotted(std::string_view text, Part part) {
  for (;;) {
    const auto dot = text.find('.');
    if (!part(text.substr(0, dot))) return false;
    if (dot == text.npos) return true;
    text.remove_prefix(dot + 1);
  }
}

// Unlike a label, a part of a subdomain may be longer than 63 characters; only the whole is bounded.
bool dns_name(std::string_view text, std::uint8_t letters) {
  return text.size() <= 253 &&
         dotted(text, [=](std::string_view part) { return is_word(part, letters, kDash); });
}
bool subdomain(std::string_view text) { return dns_name(text, kDnsLetters); }
bool wildcard_subdomain(std::string_view text) {
  return subdomain(text) || (text.size() <= 253 && text.starts_with("*.") && subdomain(text.substr(2)));
}

/// A name behind an optional DNS name of these letters and '/'.
bool prefixed_name(std::string_view text, std::uint8_t letters) {
  const auto slash = text.find('/');
  if (slash != text.npos) {
    if (!dns_name(text.substr(0, slash), letters)) return false;
    text.remove_prefix(slash + 1);
  }
  return text.size() <= 63 && is_word(text, kAlphanumeric, kDash | kUnderscore | kDot);
}
bool qualified_name(std::string_view text) { return prefixed_name(text, kDnsLetters); }
// Keys of annotations may be written in capitals, in front of the slash too.
bool annotation_key(std::string_view text) { return prefixed_name(text, kAlphanumeric); }
bool label_value(std::string_view text) {
  return text.empty() || (text.size() <= 63 && is_word(text, kAlphanumeric, kDash | kUnderscore | kDot));
}

bool port_name(std::string_view text) {
  return text.size() <= 15 && is_word(text, kDnsLetters, kDash) && text.find("--") == text.npos &&
         std::any_of(text.begin(), text.end(), is_lower);
}

bool path_segment(std::string_view text) {
  return text != "." && text != ".." && text.find_first_of("/%") == text.npos;
}
bool config_key(std::string_view text) {
  return !text.empty() && text.size() <= 253 && text != "." && !text.starts_with("..") &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}
bool env_name(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~' && c != '='; });
}
bool header_name(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_alphanumeric(c) || c == '-'; });
}
bool absolute_path(std::string_view text) { return text.starts_with('/'); }
bool inner_path(std::string_view text) {  // no way out of a volume
  if (text.starts_with('/')) return false;
  for (std::string_view rest = text;;) {
    const auto slash = rest.find('/');
    if (rest.substr(0, slash) == "..") return false;
    if (slash == rest.npos) return true;
    rest.remove_prefix(slash + 1);
  }
}
bool percent(std::string_view text) {
  return text.size() > 1 && text.back() == '%' && std::all_of(text.begin(), text.end() - 1, is_digit);
}

/// Standard base64, line ends ignored.
bool base64(std::string_view text) {
  std::size_t letters = 0, pads = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r') continue;
    if (c == '=') {
      ++pads;
      continue;
    }
    if (pads > 0 || (!is_alphanumeric(c) && c != '+' && c != '/')) return false;
    ++letters;
  }
  return pads <= 2 && (letters + pads) % 4 == 0;
}

constexpr std::pair<std::string_view, double> kSuffixes[] = {
    {"", 1},        {"n", 1e-9},    {"u", 1e-6},    {"m", 1e-3},   {"k", 1e3},     {"M", 1e6},
    {"G", 1e9},     {"T", 1e12},    {"P", 1e15},    {"E", 1e18},   {"Ki", 0x1p10}, {"Mi", 0x1p20},
    {"Gi", 0x1p30}, {"Ti", 0x1p40}, {"Pi", 0x1p50}, {"Ei", 0x1p60}};

/// resource.Quantity: a number with at most one suffix (100m, 0.5, 1Gi, 1e3).
std::optional<double> read_quantity(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);  // Kubernetes trims, when it reads JSON
  while (text.ends_with(' ')) text.remove_suffix(1);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const auto digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto number = text.substr(0, digits);
  if (number.find_first_of("0123456789") == number.npos || std::count(number.begin(), number.end(), '.') > 1)
    return {};
  double value = 0;
  std::from_chars(number.data(), number.data() + number.size(), value);
  if (negative) value = -value;
  auto suffix = text.substr(digits);
  for (const auto& [name, factor] : kSuffixes) {
    if (suffix == name) return value * factor;
  }
  if (suffix[0] != 'e' && suffix[0] != 'E') return {};
  suffix.remove_prefix(1);
  if (suffix.starts_with('+')) suffix.remove_prefix(1);
  int exponent = 0;
  const auto [end, error] = std::from_chars(suffix.data(), suffix.data() + suffix.size(), exponent);
  if (suffix.empty() || error != std::errc{} || end != suffix.data() + suffix.size()) return {};
  return value * std::pow(10.0, exponent);
}
bool quantity(std::string_view text) { return read_quantity(text).has_value(); }

/// "*", "1-5", "*/15", "MON-FRI": characters only; whether the numbers are in range is the scheduler's.
bool cron(std::string_view text) {
  if (text.starts_with("TZ=") || text.starts_with("CRON_TZ=")) return false;  // refused since 1.32
  constexpr std::string_view kNamed[] = {"@yearly", "@annually", "@monthly", "@weekly",
                                         "@daily",  "@midnight", "@hourly"};
  if (std::find(std::begin(kNamed), std::end(kNamed), text) != std::end(kNamed)) return true;
  if (text.starts_with("@every ")) return is_duration(text.substr(7));
  std::size_t fields = 0;
  while (!text.empty()) {
    const auto field = text.substr(0, text.find_first_of(" \t"));
    const bool fine = std::all_of(field.begin(), field.end(), [](char c) {
      return is_alphanumeric(c) || c == '*' || c == ',' || c == '-' || c == '/' || c == '?';
    });
    if (!field.empty() && !fine) return false;
    fields += !field.empty();
    text.remove_prefix(std::min(field.size() + 1, text.size()));
  }
  return fields == 5;
}

bool hostname(std::string_view text) {
  return text.size() <= 255 && dotted(text, [](std::string_view part) {
           return part.size() <= 63 && is_word(part, kAlphanumeric, kDash);
         });
}
bool request_uri(std::string_view text) {
  if (text.find_first_of(" #\"<>\\^`{|}") != text.npos) return false;
  if (text.starts_with('/')) return true;
  const auto colon = text.find(':');
  return colon != text.npos && colon > 0 && !is_digit(text[0]) &&
         is_word(text.substr(0, colon), kAlphanumeric, kPlus | kDash | kDot);
}
bool uuid(std::string_view text) {
  std::size_t digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '-' && (digits == 8 || digits == 12 || digits == 16 || digits == 20) && text[i - 1] != '-')
      continue;
    if (!is_digit(c) && !((c | 32) >= 'a' && (c | 32) <= 'f')) return false;
    ++digits;
  }
  return digits == 32;
}

constexpr Format kFormats[] = {
    {"", nullptr, ""},
    {"byte", base64, "base64"},
    {"date", is_date, "a date such as 2026-01-31"},
    {"date-time", is_date_time, "a time such as 2026-01-31T12:00:00Z"},
    {"duration", is_duration, "a duration such as 30s or 1m30s"},
    {"ipv4", is_ipv4, "an IPv4 address"},
    {"ipv6", is_ipv6, "an IPv6 address"},
    {"cidr", is_cidr, "a network such as 10.0.0.0/8"},
    {"hostname", hostname, "a host name"},
    {"uri", request_uri, "a URI"},
    {"uuid", uuid, "a UUID"},
    {"int32", nullptr, ""},
    {"int64", nullptr, ""},
    {"uint32", nullptr, ""},
    {"uint64", nullptr, ""},
    {"float", nullptr, ""},
    {"double", nullptr, ""},
    {"int-or-string", nullptr, ""},
    {"quantity", quantity, "a quantity such as 100m, 0.5 or 128Mi"},
    {"micro-time", is_date_time, "a time such as 2026-01-31T12:00:00.000000Z"},
    {"ip", is_ip, "an IP address"},
    {"dns-label", label_1123,
     "a DNS label: at most 63 small letters, digits and '-', with a letter or digit at both ends"},
    {"dns-label-1035", label_1035,
     "a DNS label: at most 63 small letters, digits and '-', a letter first, a letter or digit last"},
    {"dns-subdomain", subdomain,
     "a DNS name: at most 253 small letters, digits, '-' and '.', a letter or digit at both ends of each "
     "part"},
    {"wildcard-dns-subdomain", wildcard_subdomain, "a DNS name, or one behind '*.'"},
    {"qualified-name", qualified_name,
     "a name such as app or example.com/app: at most 63 letters, digits, '-', '_' and '.' behind an optional "
     "DNS name and '/'"},
    {"annotation-key", annotation_key,
     "a name such as note or example.com/note: at most 63 letters, digits, '-', '_' and '.' behind an "
     "optional "
     "DNS name and '/'"},
    {"label-value", label_value,
     "a label's value: at most 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends"},
    {"port-name", port_name,
     "a port name: at most 15 small letters, digits and '-', with a letter, no '-' at an end or twice in a "
     "row"},
    {"path-segment", path_segment, "a name without '/' and '%'"},
    {"config-key", config_key, "a key of letters, digits, '-', '_' and '.'"},
    {"env-name", env_name, "a variable's name: printable ASCII without '='"},
    {"header-name", header_name, "a header name: letters, digits and '-'"},
    {"absolute-path", absolute_path, "a path that begins with '/'"},
    {"inner-path", inner_path, "a path inside the volume, without '..' and not beginning with '/'"},
    {"percent", percent, "a percentage such as 25%"},
    {"cron", cron, "a schedule such as '*/15 * * * *'"},
};

}  // namespace

std::span<const Format> formats() { return kFormats; }

double quantity_value(std::string_view text) { return read_quantity(text).value_or(0); }

std::uint8_t format_named(std::string_view name) {
  if (name == "datetime") name = "date-time";
  const auto* found =
      std::find_if(std::begin(kFormats), std::end(kFormats), [&](const Format& f) { return f.name == name; });
  return found == std::end(kFormats) ? std::uint8_t{0} : static_cast<std::uint8_t>(found - kFormats);
}

}  // namespace marty::schema
