/*
 * Runs a fuzz target over a corpus without libFuzzer, so that every input that ever made trouble
 * is tried in every test run: replay FOLDER|FILE... Prints TAP, one point for each folder or
 * file. A crash ends the program, which the runner counts.
 */
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 16 * 1024 * 1024 };

static int replay_file(const char *path)
{
	AUTO_STR data = STR_INIT;
	AUTO_ERR err = NULL;
	if (fs_read(path, INPUT_MAX, &data, &err)) {
		AUTO_STR text = STR_INIT;
		err_format(err, &text);
		printf("# %s\n", text.data);
		return -1;
	}
	/* A copy of just that size, so that a read behind the end is seen. */
	AUTO_FREE uint8_t *exact = xmalloc(data.len + !data.len);
	memcpy(exact, data.data, data.len);
	return LLVMFuzzerTestOneInput(exact, data.len) ? -1 : 0;
}

static int replay_folder(const char *path, size_t *ret_count)
{
	struct dirent **names;
	const int n = scandir(path, &names, NULL, alphasort);
	if (n < 0) {
		printf("# cannot read the folder %s\n", path);
		return -1;
	}
	int rc = 0;
	for (int i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.') {
			AUTO_FREE char *file = path_join(path, names[i]->d_name);
			rc |= replay_file(file);
			(*ret_count)++;
		}
		free(names[i]);
	}
	free(names);
	return rc;
}

int main(int argc, char **argv)
{
	int failed = 0;
	for (int i = 1; i < argc; i++) {
		size_t count = 0;
		const int rc =
			fs_is_dir(argv[i]) ? replay_folder(argv[i], &count) : replay_file(argv[i]);
		failed |= rc;
		printf("%sok %d - %s: %zu inputs\n", rc ? "not " : "", i, argv[i], count);
	}
	printf("1..%d\n", argc - 1);
	return failed ? 1 : 0;
}
