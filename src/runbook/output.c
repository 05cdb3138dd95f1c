/* Head and tail of a stream: a string that fills up once, then a ring. */
#include "runbook/output.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { UTF8_MOST = 4 };

void output_init(struct output *o, size_t limit)
{
	*o = (struct output){.head = STR_INIT, .half = limit / 2};
}

void output_release(struct output *o)
{
	str_release(&o->head);
	free(o->ring);
	*o = (struct output){.head = STR_INIT};
}

static void add_to_ring(struct output *o, const char *data, size_t len)
{
	if (!o->ring)
		o->ring = xmalloc(o->half);
	/* Of more than fits only the end stays. */
	if (len > o->half) {
		data += len - o->half;
		len = o->half;
	}
	const size_t to_end = o->half - o->ring_at;
	const size_t first = len < to_end ? len : to_end;
	memcpy(o->ring + o->ring_at, data, first);
	memcpy(o->ring, data + first, len - first);
	o->ring_at = (o->ring_at + len) % o->half;
	o->ring_len = o->ring_len + len > o->half ? o->half : o->ring_len + len;
}

void output_add(struct output *o, const char *data, size_t len)
{
	o->bytes += (int64_t)len;
	const size_t room = o->half - o->head.len;
	const size_t first = len < room ? len : room;
	str_addn(&o->head, data, first);
	if (len > first)
		add_to_ring(o, data + first, len - first);
}

bool output_is_cut(const struct output *o)
{
	return o->bytes > (int64_t)(o->head.len + o->ring_len);
}

static char ring_byte(const struct output *o, size_t i)
{
	return o->ring[(o->ring_at + o->half - o->ring_len + i) % o->half];
}

/* Length of text without a last character that is not whole. */
static size_t whole_characters(const char *text, size_t len)
{
	size_t at = len;
	while (at > 0 && len - at < UTF8_MOST) {
		const unsigned char c = (unsigned char)text[--at];
		if ((c & 0xc0) == 0x80)
			continue;
		const size_t wanted = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
		return at + wanted > len ? at : len;
	}
	return len;
}

void output_text(const struct output *o, struct str *out)
{
	if (!output_is_cut(o)) {
		str_addn(out, o->head.data, o->head.len);
		for (size_t i = 0; i < o->ring_len; i++)
			str_addc(out, ring_byte(o, i));
		return;
	}
	const size_t head = whole_characters(o->head.data, o->head.len);
	size_t skipped = 0;
	/* The rest of a character whose beginning is gone. */
	while (skipped < UTF8_MOST && skipped < o->ring_len &&
		((unsigned char)ring_byte(o, skipped) & 0xc0) == 0x80)
		skipped++;
	const int64_t kept = (int64_t)(head + o->ring_len - skipped);
	str_addn(out, o->head.data, head);
	str_addf(out, "\n[... %lld bytes left out ...]\n", (long long)(o->bytes - kept));
	for (size_t i = skipped; i < o->ring_len; i++)
		str_addc(out, ring_byte(o, i));
}
