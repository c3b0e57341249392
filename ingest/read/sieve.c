// SPDX-License-Identifier: Apache-2.0
/*
 * Looks for all words at once. Of each word three bytes are looked for, the rarest ones: a table
 * for each of the three says which words (as bits, eight buckets) have which byte there. Where the
 * three agree on a bucket, the word is compared. Tables of 16 by a byte's two halves are what a
 * shuffle looks up for 32 bytes at once; a processor without it looks bytes up one by one.
 */
#include "ingest/read/sieve.h"

#include "ingest/read/body.h"
#include "ingest/read/wrap.h"
#include "store/base/mem.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#define WORDS 32
#define AT 3 /* bytes of a word that are looked for */
#define BUCKETS 8

struct word {
	struct bytes text;
	size_t off; /* where in it the three begin */
	uint32_t three, mask; /* they, as a number */
	const struct wrap_kind *kind; /* a container begins with it; NULL: it is of a line */
};

static struct sieve {
	bool made, usable;
	struct word words[WORDS];
	unsigned n;
	uint8_t low[AT][16], high[AT][16];
	uint8_t whole[AT][256];
} sieve;

static unsigned commonness(char c)
{
	static const char by_use[] = "zqjxkvbywgpfmucdlhrsnioate ";
	const char *at = strchr(by_use, c);

	if (c >= 'A' && c <= 'Z')
		return 2;
	if (bytes_digit(c))
		return 16;
	return at == NULL || c == '\0' ? 4 : (unsigned)(at - by_use) + 1;
}

/* Where the three rarest bytes that follow each other are. */
static size_t rarest(struct bytes text)
{
	size_t best = 0;
	unsigned least = 0;

	for (size_t i = 0; i + AT <= text.n; i++) {
		unsigned sum = commonness(text.p[i]) + commonness(text.p[i + 1]) +
			       commonness(text.p[i + 2]);

		if (i == 0 || sum < least) {
			least = sum;
			best = i;
		}
	}
	return best;
}

static uint32_t three(struct bytes b)
{
	uint32_t v = 0;

	for (size_t i = 0; i < AT && i < b.n; i++)
		v |= (uint32_t)(unsigned char)b.p[i] << 8 * i;
	return v;
}

static void add_word(struct sieve *s, struct bytes text, const struct wrap_kind *kind)
{
	for (unsigned i = 0; i < s->n; i++)
		if (bytes_eq(s->words[i].text, text))
			return;
	s->usable = s->usable && text.n > 0 && s->n < WORDS;
	if (!s->usable)
		return;
	s->words[s->n] = (struct word){ .text = text,
					.off = rarest(text),
					.kind = kind,
					.mask = three((struct bytes){
						"\xff\xff\xff", text.n < AT ? text.n : AT }) };
	s->words[s->n].three =
		three((struct bytes){ text.p + s->words[s->n].off, text.n < AT ? text.n : AT });
	s->n++;
}

/* A bucket of each word; those of a byte have one for themselves, so that they meet no other's
 * halves. */
static void fill_tables(struct sieve *s)
{
	unsigned longer = 0, bytes = 0;

	for (unsigned i = 0; i < s->n; i++) {
		const struct word *w = &s->words[i];
		uint8_t bit = (uint8_t)(1u << (w->text.n < AT ? bytes++ % 3 :
								3 + longer++ % (BUCKETS - 3)));

		for (size_t k = 0; k < AT; k++) {
			bool any = k >= w->text.n;
			unsigned char c = any ? 0 : (unsigned char)w->text.p[w->off + k];

			for (unsigned half = 0; half < 16; half++) {
				s->low[k][half] |= any || half == (c & 15) ? bit : 0;
				s->high[k][half] |= any || half == c >> 4 ? bit : 0;
			}
		}
	}
	for (size_t k = 0; k < AT; k++)
		for (unsigned c = 0; c < 256; c++)
			s->whole[k][c] = s->low[k][c & 15] & s->high[k][c >> 4];
}

static const struct sieve *get(void)
{
	struct sieve *s = &sieve;
	const struct body *b;
	const struct wrap_kind *k;

	if (s->made)
		return s;
	s->usable = s->made = true;
	for (size_t i = 0; (b = body_at(i)) != NULL; i++)
		for (const struct body_word *w = b->words;
		     w < b->words + BODY_WORDS && w->text.n > 0; w++)
			add_word(s, w->text, NULL);
	for (size_t i = 0; (k = wrap_at(i)) != NULL; i++)
		add_word(s, k->word, k);
	add_word(s, BYTES("audit("), NULL);
	add_word(s, BYTES("\033"), NULL);
	fill_tables(s);
	return s;
}

/* Is one of the words at this place? What ends behind `end` may be one. */
static bool is_word(const struct sieve *s, struct bytes ahead, size_t at)
{
	uint32_t here = three((struct bytes){ ahead.p + at, AT });

	for (unsigned i = 0; i < s->n; i++) {
		const struct word *w = &s->words[i];
		size_t from = at - w->off, n = w->text.n;
		const char *line;

		if ((here & w->mask) != w->three || at < w->off)
			continue;
		if (n > ahead.n - from)
			n = ahead.n - from;
		if (memcmp(ahead.p + from, w->text.p, n) != 0)
			continue;
		if (w->kind == NULL)
			return true;
		line = memrchr(ahead.p, '\n', at);
		line = line == NULL ? ahead.p : line + 1;
		/* what begins with it at once may count as a container, though it is none */
		if (line == ahead.p + from ||
		    w->kind->begins((struct bytes){ line, (size_t)(ahead.p + ahead.n - line) }))
			return true;
	}
	return false;
}

static uint64_t newlines(const char *p, size_t n)
{
	uint64_t lines = 0;

	for (size_t i = 0; i < n; i++)
		lines += p[i] == '\n';
	return lines;
}

/* The lines before a place. */
static size_t lines_before(struct bytes ahead, size_t at)
{
	const char *nl = at == 0 ? NULL : memrchr(ahead.p, '\n', at);

	return nl == NULL ? 0 : (size_t)(nl + 1 - ahead.p);
}

size_t sieve_pass_plainly(struct bytes ahead, uint64_t *lines)
{
	const struct sieve *s = get();
	const unsigned char *p = (const unsigned char *)ahead.p;
	size_t at = 0, whole;

	*lines = 0;
	while (s->usable && at < ahead.n &&
	       (!(s->whole[0][p[at]] & s->whole[1][p[at + 1]] & s->whole[2][p[at + 2]]) ||
		!is_word(s, ahead, at)))
		at++;
	whole = s->usable ? lines_before(ahead, at) : 0;
	*lines = newlines(ahead.p, whole);
	return whole;
}

#ifdef __x86_64__
#define WIDE __attribute__((target("avx2")))

static WIDE __m256i twice(const uint8_t table[16])
{
	return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)table));
}

/* Which buckets have which of 32 bytes in one of their places. */
static inline WIDE __m256i buckets(const char *p, __m256i low, __m256i high)
{
	const __m256i half = _mm256_set1_epi8(15);
	__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);

	return _mm256_and_si256(
		_mm256_shuffle_epi8(low, _mm256_and_si256(v, half)),
		_mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(v, 4), half)));
}

static WIDE size_t pass_wide(const struct sieve *s, struct bytes ahead, uint64_t *lines)
{
	const __m256i low[AT] = { twice(s->low[0]), twice(s->low[1]), twice(s->low[2]) };
	const __m256i high[AT] = { twice(s->high[0]), twice(s->high[1]), twice(s->high[2]) };
	const __m256i zero = _mm256_setzero_si256();
	size_t at = 0, hit = ahead.n;

	for (; at < ahead.n && hit == ahead.n; at += 32) {
		const char *p = ahead.p + at;
		__m256i found = _mm256_and_si256(_mm256_and_si256(buckets(p, low[0], high[0]),
								  buckets(p + 1, low[1], high[1])),
						 buckets(p + 2, low[2], high[2]));

		for (uint32_t may = ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(found, zero));
		     may != 0; may &= may - 1) {
			size_t here = at + (unsigned)__builtin_ctz(may);

			if (here >= ahead.n || !is_word(s, ahead, here))
				continue;
			hit = here;
			break;
		}
	}
	hit = lines_before(ahead, hit);
	for (at = 0; at + 32 <= hit; at += 32)
		*lines += (unsigned)__builtin_popcount(
			(unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(
				_mm256_loadu_si256((const __m256i *)(const void *)(ahead.p + at)),
				_mm256_set1_epi8('\n'))));
	*lines += newlines(ahead.p + at, hit - at);
	return hit;
}
#endif

size_t sieve_pass(struct bytes ahead, uint64_t *lines)
{
#ifdef __x86_64__
	if (get()->usable && __builtin_cpu_supports("avx2")) {
		*lines = 0;
		return pass_wide(get(), ahead, lines);
	}
#endif
	return sieve_pass_plainly(ahead, lines);
}
