/* Protects: alignment, zeroing and stability of arena memory across blocks. */
#include "check.h"

#include "base/arena.h"

static void gives_zeroed_aligned_memory(void **state)
{
	(void)state;
	AUTO_ARENA a = {0};
	/* Around the size of a block (32 KiB) and its parts, large ones in between. */
	static const size_t sizes[] = {
		0, 1, 7, 16, 17, 8191, 8192, 8193, 32767, 32768, 32769, 200000};
	unsigned char *kept[ARRAY_LEN(sizes) * 20];
	size_t n = 0;
	for (int round = 0; round < 20; round++)
		for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
			unsigned char *p = arena_alloc(&a, sizes[i]);
			assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
			for (size_t k = 0; k < sizes[i]; k++)
				assert_int_equal(p[k], 0);
			memset(p, (int)n + 1, sizes[i]);
			kept[n++] = p;
		}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < sizes[i % ARRAY_LEN(sizes)]; k++)
			assert_int_equal(kept[i][k], (unsigned char)(i + 1));
}

static void copies_texts(void **state)
{
	(void)state;
	AUTO_ARENA a = {0};
	assert_string_equal(arena_strdup(&a, "text"), "text");
	assert_memory_equal(arena_memdup(&a, "a\0b", 3), "a\0b\0", 4);
	assert_string_equal(arena_memdup(&a, NULL, 0), "");
	assert_string_equal(arena_printf(&a, "%s-%d", "n", 42), "n-42");
	assert_string_equal(arena_printf(&a, "%s", ""), "");
	assert_string_equal(arena_concat(&a, "one", "", "-", "two", NULL), "one-two");
}

static void grows_arrays(void **state)
{
	(void)state;
	AUTO_ARENA a = {0};
	int *items = NULL;
	size_t cap = 0;
	for (size_t i = 0; i < 10000; i++) {
		items = arena_grow(&a, items, i, &cap, sizeof *items);
		assert_true(cap > i);
		items[i] = (int)i;
	}
	for (size_t i = 0; i < 10000; i++)
		assert_int_equal(items[i], i);
}

static void is_usable_after_release(void **state)
{
	(void)state;
	AUTO_ARENA a = {0};
	(void)arena_strdup(&a, "x");
	arena_release(&a);
	assert_null(a.head);
	assert_string_equal(arena_strdup(&a, "y"), "y");
	arena_release(NULL);
}

/* What was kept is as good as new: zeroed again, also after something larger than a block. */
static void reset_keeps_memory(void **state)
{
	(void)state;
	AUTO_ARENA a = {0};
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < 20; i++) {
			const size_t size = i == 7 ? 100000 : 5000;
			unsigned char *p = arena_alloc(&a, size);
			for (size_t k = 0; k < size; k++)
				assert_int_equal(p[k], 0);
			memset(p, 0xff, size);
		}
		arena_reset(&a);
		assert_null(a.head);
		assert_non_null(a.spare);
	}
	arena_release(&a);
	assert_null(a.spare);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_zeroed_aligned_memory),
		cmocka_unit_test(copies_texts),
		cmocka_unit_test(grows_arrays),
		cmocka_unit_test(is_usable_after_release),
		cmocka_unit_test(reset_keeps_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
