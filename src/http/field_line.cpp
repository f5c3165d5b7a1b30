#include "http/field_line.hpp"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "http/chars.hpp"

namespace marty::http {
namespace {

inline const char* skip(const char* at, const char* end) {
#ifdef __SSE2__
  const __m128i last_control = _mm_set1_epi8(0x1f), tab = _mm_set1_epi8('\t'), del = _mm_set1_epi8(0x7f);
  for (; end - at >= 16; at += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(block, last_control), block);
    const __m128i refused =
        _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(block, tab), control), _mm_cmpeq_epi8(block, del));
    if (const int mask = _mm_movemask_epi8(refused); mask != 0)
      return at + __builtin_ctz(static_cast<unsigned>(mask));
  }
#endif
  while (at != end && is(kFieldByte, *at)) ++at;
  return at;
}

}  // namespace

const char* skip_field_bytes(const char* at, const char* end) { return skip(at, end); }

const char* read_field_line(const char* at, const char* end, Header& out) {
  const char* const name = at;
  while (at != end && is(kToken, *at)) ++at;
  if (at == name || at == end || *at != ':') return nullptr;
  out.name = {name, static_cast<std::size_t>(at - name)};
  ++at;
  while (at != end && (*at == ' ' || *at == '\t')) ++at;
  const char* const value = at;
  at = skip(at, end);
  if (end - at < 2 || at[0] != '\r' || at[1] != '\n') return nullptr;
  const char* last = at;
  while (last != value && (last[-1] == ' ' || last[-1] == '\t')) --last;
  out.value = {value, static_cast<std::size_t>(last - value)};
  return at + 2;
}

}  // namespace marty::http
