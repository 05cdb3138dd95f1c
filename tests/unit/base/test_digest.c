/* Protects: SHA-256 of texts, pieces and files; that joined texts cannot be confused. */
#include "check.h"

#include "base/digest.h"
#include "base/tempdir.h"

/* Vectors of FIPS 180-4's examples. */
static const struct {
	const char *text;
	const char *hex;
} vectors[] = {
	{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

static void digests_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		char hex[DIGEST_HEX], pieces[DIGEST_HEX];
		const size_t len = strlen(vectors[i].text);
		digest_hex(vectors[i].text, len, hex);
		assert_string_equal(hex, vectors[i].hex);
		struct digest *d = digest_begin();
		for (size_t k = 0; k < len; k++)
			digest_add(d, vectors[i].text + k, 1);
		digest_end(d, pieces);
		assert_string_equal(pieces, vectors[i].hex);
	}
}

static void joined(const char *const *texts, size_t count, char ret[DIGEST_HEX])
{
	struct digest *d = digest_begin();
	for (size_t i = 0; i < count; i++)
		digest_add_text(d, texts[i]);
	digest_end(d, ret);
}

static void tells_texts_apart(void **state)
{
	(void)state;
	static const char *const rows[][2] = {{"ab", "c"}, {"a", "bc"}, {"abc", ""}, {"", "abc"},
		{NULL, "abc"}, {"abc", NULL}, {NULL, NULL}};
	char hex[ARRAY_LEN(rows)][DIGEST_HEX];
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		joined(rows[i], 2, hex[i]);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(hex[i], hex[k]);
	}
}

static void digests_files(void **state)
{
	(void)state;
	AUTO_TEMPDIR dir = tempdir_new();
	AUTO_FREE char *path = path_join(dir, "file");
	AUTO_ERR err = NULL;
	char hex[DIGEST_HEX], expected[DIGEST_HEX];
	assert_int_equal(digest_file(path, hex, &err), -1);
	assert_int_equal(err->kind, ERR_NOT_FOUND);
	err_free(&err);
	AUTO_FREE char *data = xcalloc(1, 200000);
	memset(data, 'x', 199999);
	assert_int_equal(fs_write_atomic(path, data, 200000, 0600, &err), 0);
	assert_int_equal(digest_file(path, hex, &err), 0);
	digest_hex(data, 200000, expected);
	assert_string_equal(hex, expected);
	assert_int_equal(digest_file(dir, hex, &err), -1);
}

static void draws_random_digits(void **state)
{
	(void)state;
	char a[33], b[33];
	random_hex(16, a);
	random_hex(16, b);
	assert_int_equal(strlen(a), 32);
	assert_int_equal(strspn(a, "0123456789abcdef"), 32);
	assert_string_not_equal(a, b);
	random_hex(0, a);
	assert_string_equal(a, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_texts),
		cmocka_unit_test(tells_texts_apart),
		cmocka_unit_test(digests_files),
		cmocka_unit_test(draws_random_digits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
