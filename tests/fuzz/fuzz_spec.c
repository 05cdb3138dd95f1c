/*
 * A file of a spec repository: scan, parse, decode, canonical form, decode again. The canonical
 * form of what is valid is valid and its own canonical form; formatting keeps the meaning.
 */
#include "base/str.h"
#include "format/emit.h"
#include "spec/check.h"
#include "spec/fmt.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct spec *find_none(void *data, const char *key)
{
	(void)data;
	(void)key;
	return NULL;
}

static const char *const *no_keys(void *data, enum spec_kind kind)
{
	static const char *const none[] = {NULL};
	(void)data;
	(void)kind;
	return none;
}

static void again(struct arena *arena, const struct spec *spec)
{
	AUTO_STR text = STR_INIT;
	AUTO_STR second = STR_INIT;
	AUTO_DIAGS diags = {0};
	emit_canonical(spec->doc, &text);
	const struct src src = {"canvases/x.json", text.data, text.len};
	const struct spec *other = spec_load(arena, &src, &diags);
	if (!other || diags.errors)
		abort();
	emit_canonical(other->doc, &second);
	if (strcmp(text.data, second.data) != 0 || strcmp(spec->key, other->key) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA arena = {0};
	AUTO_DIAGS diags = {0};
	AUTO_STR formatted = STR_INIT;
	const char *text = arena_memdup(&arena, data, size);
	const char *why = NULL;
	const struct src src = {"canvases/x.yaml", text, size};
	const struct spec_finder finder = {find_none, no_keys, NULL, NULL};

	(void)spec_sniff(text, size);
	const struct spec *spec = spec_load(&arena, &src, &diags);
	if (!spec)
		return 0;
	if (!diags.errors) {
		again(&arena, spec);
		(void)spec_format(&src, &formatted, &why, &diags);
	}
	char digest[DIGEST_HEX];
	spec_digest_plain(spec, digest);
	spec_check(&spec, 1, &finder, &diags);
	return 0;
}
