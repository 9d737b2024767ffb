/* Strings: comparison, numbers, edit distance. */
#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_LIMIT = 64 }; /* longer words are never offered as a hint */

struct fe_str fe_str(const char *s)
{
	return (struct fe_str){s, strlen(s)};
}

bool fe_str_eq(struct fe_str a, struct fe_str b)
{
	return a.len == b.len && (!a.len || !memcmp(a.s, b.s, a.len));
}

bool fe_str_is(struct fe_str a, const char *b)
{
	/* Most words differ in the first byte. */
	for (size_t i = 0; i < a.len; i++)
		if (a.s[i] != b[i] || !b[i])
			return false;
	return !b[a.len];
}

bool fe_str_starts(struct fe_str a, const char *prefix)
{
	size_t len = strlen(prefix);

	return a.len >= len && !memcmp(a.s, prefix, len);
}

/* Short decimal numbers, which are nearly all: no prefix, no overflow. */
static bool read_short(struct fe_str s, uint64_t *out)
{
	uint64_t v = 0;

	if (s.len > 18)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned digit = (unsigned char)s.s[i] - (unsigned)'0';
		if (digit > 9)
			return false;
		v = v * 10 + digit;
	}
	*out = v;
	return true;
}

bool fe_str_u64(struct fe_str s, int base, uint64_t max, uint64_t *out)
{
	uint64_t n;

	if (base == 0 && s.len > 1 && s.s[0] == '+') { /* as strtoul */
		s.s++;
		s.len--;
	}
	if (s.len && (base == 10 || (base == 0 && s.s[0] != '0')) &&
	    read_short(s, &n)) {
		if (n > max)
			return false;
		*out = n;
		return true;
	}
	char text[72], *end;

	/* strtoull would also take blanks and signs in front. */
	if (!s.len || s.len >= sizeof(text) ||
	    !(base == 16 ? isxdigit((unsigned char)s.s[0])
			 : isdigit((unsigned char)s.s[0])))
		return false;
	memcpy(text, s.s, s.len);
	text[s.len] = '\0';
	errno = 0;
	unsigned long long v = strtoull(text, &end, base);
	if (errno || *end || end != text + s.len || v > max)
		return false;
	*out = v;
	return true;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* Case is no difference: "drop" is nearest to DROP. */
static bool alike(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

unsigned fe_str_distance(struct fe_str a, struct fe_str b, unsigned limit)
{
	unsigned rows[3][WORD_LIMIT + 1];
	unsigned *before = rows[0], *last = rows[1], *now = rows[2];

	if (a.len > WORD_LIMIT || b.len > WORD_LIMIT)
		return limit + 1;
	for (unsigned j = 0; j <= b.len; j++)
		last[j] = j;
	for (unsigned i = 1; i <= a.len; i++) {
		now[0] = i;
		for (unsigned j = 1; j <= b.len; j++) {
			bool same = alike(a.s[i - 1], b.s[j - 1]);
			now[j] = min3(last[j] + 1, now[j - 1] + 1,
				      last[j - 1] + !same);
			if (i > 1 && j > 1 && alike(a.s[i - 1], b.s[j - 2]) &&
			    alike(a.s[i - 2], b.s[j - 1]) && before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
		}
		unsigned *spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[b.len] > limit ? limit + 1 : last[b.len];
}

const char *fe_str_nearest(struct fe_str s, const char *(*next)(void *arg),
			   void *arg)
{
	unsigned limit = s.len < 4 ? 1 : s.len < 8 ? 2 : 3;
	unsigned best = limit + 1;
	const char *word, *nearest = NULL;

	while ((word = next(arg)) != NULL) {
		unsigned d = fe_str_distance(s, fe_str(word), limit);
		if (d < best) {
			best = d;
			nearest = word;
		}
	}
	return nearest;
}

/* The last one to seven bytes as a number; all count. */
static uint64_t tail(const unsigned char *p, size_t size)
{
	uint32_t lo, hi;

	if (size < 4)
		return p[0] | (uint64_t)p[size / 2] << 8 |
		       (uint64_t)p[size - 1] << 16;
	memcpy(&lo, p, 4);
	memcpy(&hi, p + size - 4, 4);
	return lo | (uint64_t)hi << 32;
}

/* Eight bytes a step: names are short, and each is looked up many times. */
uint64_t fe_hash(const void *data, size_t size)
{
	const uint64_t odd = 0x9e3779b97f4a7c15u;
	const unsigned char *p = data;
	uint64_t h = size * odd, word;

	for (; size >= 8; size -= 8, p += 8) {
		memcpy(&word, p, 8);
		h = (h ^ word) * odd;
		h ^= h >> 29;
	}
	if (size)
		h = (h ^ tail(p, size)) * odd;
	return h ^ (h >> 32);
}
