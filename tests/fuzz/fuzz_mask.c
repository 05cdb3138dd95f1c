/*
 * The first line of the input is a secret, the second another one, the third byte by byte the
 * sizes of the chunks, the rest the text. The stream gives what masking the whole text gives, and
 * neither secret is left in it.
 */
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const char *at, *end;
};

/* The next line without its newline. */
static char *take_line(struct input *in)
{
	const size_t left = (size_t)(in->end - in->at);
	const char *nl = left ? memchr(in->at, '\n', left) : NULL;
	const char *stop = nl ? nl : in->end;
	char *line = xstrndup(in->at, (size_t)(stop - in->at));
	in->at = nl ? nl + 1 : in->end;
	return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {(const char *)data, (const char *)data + size};
	AUTO_FREE char *first = take_line(&in);
	AUTO_FREE char *second = take_line(&in);
	AUTO_FREE char *sizes = take_line(&in);
	struct masker *m = masker_new();
	const bool has_first = masker_add(m, first), has_second = masker_add(m, second);
	AUTO_STR whole = STR_INIT, pieces = STR_INIT;
	const size_t len = (size_t)(in.end - in.at);
	masker_apply(m, in.at, len, &whole);

	struct mask_stream *s = mask_stream_new(m);
	for (size_t i = 0, n = 0; i < len; n++) {
		const size_t count = strlen(sizes);
		size_t chunk = count ? (unsigned char)sizes[n % count] : 1;
		if (chunk > len - i)
			chunk = len - i;
		mask_stream_feed(s, in.at + i, chunk, &pieces);
		i += chunk;
	}
	mask_stream_flush(s, &pieces);
	mask_stream_free(s);
	masker_free(m);
	if (whole.len != pieces.len || memcmp(whole.data, pieces.data, whole.len) != 0)
		abort();
	/* A mask and its neighbours may spell a secret that holds stars: those are not looked for.
	 */
	if (has_first && !strchr(first, '*') && memmem(whole.data, whole.len, first, strlen(first)))
		abort();
	if (has_second && !strchr(second, '*') &&
		memmem(whole.data, whole.len, second, strlen(second)))
		abort();
	return 0;
}
