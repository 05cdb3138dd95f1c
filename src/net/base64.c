#include "net/base64.h"

#include "base/str.h"

#include <stdint.h>
#include <string.h>

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char for_urls[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

enum {
	GROUP_BYTES = 3,
	GROUP_LETTERS = 4,
	LETTER_BITS = 6,
	LETTER_MASK = 63,
	NO_LETTER = 64,
};

static void encode(const void *data, size_t len, const char *alphabet, bool pad, struct str *out)
{
	const unsigned char *bytes = data;
	str_reserve(out, (len / GROUP_BYTES + 1) * GROUP_LETTERS);
	for (size_t i = 0; i < len; i += GROUP_BYTES) {
		const size_t n = len - i < GROUP_BYTES ? len - i : GROUP_BYTES;
		uint32_t group = (uint32_t)bytes[i] << 16;
		if (n > 1)
			group |= (uint32_t)bytes[i + 1] << 8;
		if (n > 2)
			group |= bytes[i + 2];
		for (size_t k = 0; k <= n; k++)
			str_addc(out,
				alphabet[group >> ((GROUP_BYTES - k) * LETTER_BITS) & LETTER_MASK]);
		for (size_t k = n; pad && k < GROUP_BYTES; k++)
			str_addc(out, '=');
	}
}

void base64_encode(const void *data, size_t len, struct str *out)
{
	encode(data, len, standard, true, out);
}

void base64url_encode(const void *data, size_t len, struct str *out)
{
	encode(data, len, for_urls, false, out);
}

static uint32_t value_of(char c, const char *alphabet)
{
	const char *at = c ? strchr(alphabet, c) : NULL;
	return at ? (uint32_t)(at - alphabet) : NO_LETTER;
}

/* text has no padding any more. */
static bool decode(const char *text, size_t len, const char *alphabet, struct str *out)
{
	const size_t before = out->len;
	for (size_t i = 0; i < len; i += GROUP_LETTERS) {
		const size_t n = len - i < GROUP_LETTERS ? len - i : GROUP_LETTERS;
		uint32_t group = 0;
		bool ok = n > 1; /* one letter is less than a byte */
		for (size_t k = 0; k < GROUP_LETTERS; k++) {
			const uint32_t value = k < n ? value_of(text[i + k], alphabet) : 0;
			ok = ok && value != NO_LETTER;
			group = group << LETTER_BITS | (value & LETTER_MASK);
		}
		/* The bits behind the last byte have to be zero. */
		const uint32_t unused = n < GROUP_LETTERS ? 0xffffffU >> (n - 1) * 8 : 0;
		if (!ok || (group & unused & 0xffffffU)) {
			str_truncate(out, before);
			return false;
		}
		for (size_t k = 0; k + 1 < n; k++)
			str_addc(out, (char)(group >> (2 - k) * 8 & 0xff));
	}
	return true;
}

bool base64_decode(const char *text, size_t len, struct str *out)
{
	if (len % GROUP_LETTERS != 0)
		return false;
	for (int i = 0; i < 2 && len > 0 && text[len - 1] == '='; i++)
		len--;
	return decode(text, len, standard, out);
}

bool base64url_decode(const char *text, size_t len, struct str *out)
{
	return decode(text, len, for_urls, out);
}
