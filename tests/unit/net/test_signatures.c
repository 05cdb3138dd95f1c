/*
 * Protects: a webhook is accepted exactly when it was signed with the secret; base64 has one text
 * for one sequence of bytes; times in headers are read in every form that servers send.
 */
#include "net/base64.h"
#include "net/hmac.h"
#include "net/http_date.h"

#include "base/macros.h"
#include "base/str.h"
#include "check.h"

static void hex(const unsigned char mac[HMAC_SIZE], struct str *out)
{
	for (size_t i = 0; i < HMAC_SIZE; i++)
		str_addf(out, "%02x", mac[i]);
}

/* RFC 4231, test cases 1, 2, 6 and 7; and the one of GitHub's documentation of webhooks. */
static void test_hmac(void **state)
{
	(void)state;
	static const struct {
		char fill; /* the key is key_len of these, unless key is given */
		size_t key_len;
		const char *key, *data, *mac;
	} rows[] = {
		{0x0b, 20, NULL, "Hi There",
			"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
		{0, 0, "Jefe", "what do ya want for nothing?",
			"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{(char)0xaa, 131, NULL, "Test Using Larger Than Block-Size Key - Hash Key First",
			"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
		{(char)0xaa, 131, NULL,
			"This is a test using a larger than block-size key and a larger than "
			"block-size data. The key needs to be hashed before being used by the HMAC "
			"algorithm.",
			"9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
		{0, 0, "It's a Secret to Everybody", "Hello, World!",
			"757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
		{0, 0, "", "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char key[131];
		memset(key, rows[i].fill, sizeof key);
		const char *k = rows[i].key ? rows[i].key : key;
		const size_t k_len = rows[i].key ? strlen(rows[i].key) : rows[i].key_len;
		unsigned char mac[HMAC_SIZE];
		hmac_sha256(k, k_len, rows[i].data, strlen(rows[i].data), mac);
		AUTO_STR text = STR_INIT;
		hex(mac, &text);
		assert_string_equal(text.data, rows[i].mac);
		assert_true(hmac_equals_hex(mac, rows[i].mac));

		/* In pieces it is the same. */
		unsigned char pieces[HMAC_SIZE];
		struct hmac *h = hmac_begin(k, k_len);
		for (const char *p = rows[i].data; *p; p++)
			hmac_add(h, p, 1);
		hmac_end(h, pieces);
		assert_memory_equal(pieces, mac, HMAC_SIZE);
	}
}

static void test_hmac_equals(void **state)
{
	(void)state;
	unsigned char mac[HMAC_SIZE];
	hmac_sha256("k", 1, "d", 1, mac);
	AUTO_STR text = STR_INIT;
	hex(mac, &text);
	for (size_t i = 0; i < text.len; i++) {
		const char before = text.data[i];
		text.data[i] = before == '0' ? '1' : '0';
		assert_false(hmac_equals_hex(mac, text.data));
		text.data[i] = 'g';
		assert_false(hmac_equals_hex(mac, text.data));
		text.data[i] = before;
	}
	assert_true(hmac_equals_hex(mac, text.data));
	str_addc(&text, '0');
	assert_false(hmac_equals_hex(mac, text.data));
	str_truncate(&text, 63);
	assert_false(hmac_equals_hex(mac, text.data));
	assert_false(hmac_equals_hex(mac, ""));
	assert_false(hmac_equals_hex(mac, NULL));

	AUTO_STR base64 = STR_INIT;
	base64_encode(mac, HMAC_SIZE, &base64);
	assert_true(hmac_equals_base64(mac, base64.data));
	base64.data[0] = base64.data[0] == 'A' ? 'B' : 'A';
	assert_false(hmac_equals_base64(mac, base64.data));
	assert_false(hmac_equals_base64(mac, "AAAA"));
	assert_false(hmac_equals_base64(mac, NULL));

	assert_true(equal_text_constant_time("token", "token"));
	assert_false(equal_text_constant_time("token", "tokeN"));
	assert_false(equal_text_constant_time("token", "token "));
	assert_false(equal_text_constant_time("token", ""));
}

/* RFC 4648, section 10, and what tells the two alphabets apart. */
static void test_base64(void **state)
{
	(void)state;
	static const struct {
		const char *bytes, *standard, *for_urls;
	} rows[] = {
		{"", "", ""},
		{"f", "Zg==", "Zg"},
		{"fo", "Zm8=", "Zm8"},
		{"foo", "Zm9v", "Zm9v"},
		{"foob", "Zm9vYg==", "Zm9vYg"},
		{"fooba", "Zm9vYmE=", "Zm9vYmE"},
		{"foobar", "Zm9vYmFy", "Zm9vYmFy"},
		{"\xfb\xff\xbf", "+/+/", "-_-_"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_STR out = STR_INIT;
		base64_encode(rows[i].bytes, strlen(rows[i].bytes), &out);
		assert_string_equal(out.data, rows[i].standard);
		str_clear(&out);
		base64url_encode(rows[i].bytes, strlen(rows[i].bytes), &out);
		assert_string_equal(out.data, rows[i].for_urls);
		str_clear(&out);
		assert_true(base64_decode(rows[i].standard, strlen(rows[i].standard), &out));
		assert_true(base64url_decode(rows[i].for_urls, strlen(rows[i].for_urls), &out));
		assert_int_equal(out.len, 2 * strlen(rows[i].bytes));
	}
	static const char *const refused[] = {"Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zg==\n",
		" Zg==", "Zm9v====", "Zm=v", "-_-_", "Zg==Zg==", "Z"};
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		AUTO_STR out = STR_INIT;
		str_add(&out, "before");
		assert_false(base64_decode(refused[i], strlen(refused[i]), &out));
		assert_string_equal(out.data, "before");
	}
	static const char *const refused_url[] = {
		"Zg==", "Zh", "Zm9", "Z", "+/+/", "Zm9vY", "Zg\n"};
	for (size_t i = 0; i < ARRAY_LEN(refused_url); i++) {
		AUTO_STR out = STR_INIT;
		assert_false(base64url_decode(refused_url[i], strlen(refused_url[i]), &out));
	}
}

static void test_dates(void **state)
{
	(void)state;
	const int64_t now = 1700000000000; /* 2023-11-14 */
	static const struct {
		const char *text;
		int64_t ms;
	} rows[] = {
		/* The three of RFC 9110. */
		{"Sun, 06 Nov 1994 08:49:37 GMT", 784111777000},
		{"Sunday, 06-Nov-94 08:49:37 GMT", 784111777000},
		{"Sun Nov  6 08:49:37 1994", 784111777000},
		{"Wed Nov 16 08:49:37 1994", 784975777000},
		{"Thu, 01 Jan 1970 00:00:00 GMT", 0},
		{"Tue, 29 Feb 2000 23:59:60 GMT", 951868800000},
		/* Two digits: not more than 50 years ahead. */
		{"Saturday, 01-Jan-73 00:00:00 GMT", 3250454400000},
		{"Monday, 01-Jan-74 00:00:00 GMT", 126230400000},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t ms = -1;
		assert_true(http_date_parse(rows[i].text, now, &ms));
		assert_int_equal(ms, rows[i].ms);
	}
	static const char *const refused[] = {"", "Sun", "Sun, ", "Sun, 06 Nov 1994 08:49:37",
		"Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 06 Nov 1994 08:49:37 UTC",
		"Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
		"Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
		"Sun, 29 Feb 2001 00:00:00 GMT", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun Nov 6",
		"Xun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z",
		"Sunday, 06-Nov-1994 08:49:37 GMT"};
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		int64_t ms = -1;
		assert_false(http_date_parse(refused[i], now, &ms));
		assert_int_equal(ms, -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hmac),
		cmocka_unit_test(test_hmac_equals),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_dates),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
