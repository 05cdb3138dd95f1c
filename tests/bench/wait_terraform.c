/*
 * A terraform that does nothing but wait, as a real one does for its provider and for the answers
 * of an API: a plan of 100 ms that creates what the files of the folder declare. For benchmarks of
 * how much of the waiting goes on at the same time.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LINE = 4096, NAME = 256, PLAN_MS = 100 };

static const char *const fixed = "\"terraform_version\": \"1.11.4\"";

/* Prints the resources of one file as changes; returns how many there are, counted from n on. */
static int print_file(const char *path, int n)
{
	char line[LINE], type[NAME], name[NAME];
	FILE *file = fopen(path, "r");
	while (file && fgets(line, sizeof line, file)) {
		if (sscanf(line, "resource \"%255[^\"]\" \"%255[^\"]\" {", type, name) != 2)
			continue;
		printf("%s{\"address\": \"%s.%s\", \"mode\": \"managed\", \"type\": \"%s\", "
		       "\"name\": \"%s\", \"change\": {\"actions\": [\"create\"], "
		       "\"before\": null, \"after\": {}, \"after_unknown\": {}}}",
			n++ ? ", " : "", type, name, type, name);
	}
	if (file)
		fclose(file);
	return n;
}

static int show(void)
{
	DIR *folder = opendir(".");
	const struct dirent *entry;
	int n = 0;
	printf("{\"format_version\": \"1.2\", %s, \"complete\": true, \"errored\": false, "
	       "\"output_changes\": {}, \"resource_drift\": [], \"resource_changes\": [",
		fixed);
	while (folder && (entry = readdir(folder))) {
		const char *end = strrchr(entry->d_name, '.');
		if (end && strcmp(end, ".tf") == 0)
			n = print_file(entry->d_name, n);
	}
	if (folder)
		closedir(folder);
	puts("]}");
	return 0;
}

static int plan(int argc, char **argv)
{
	const struct timespec wait = {.tv_nsec = PLAN_MS * 1000000L};
	nanosleep(&wait, NULL);
	for (int i = 2; i < argc; i++) {
		if (strncmp(argv[i], "-out=", 5) != 0)
			continue;
		FILE *out = fopen(argv[i] + 5, "w");
		if (!out || fputs("a plan\n", out) < 0 || fclose(out) != 0)
			return 1;
	}
	return 0;
}

static int init(void)
{
	FILE *lock = fopen(".terraform.lock.hcl", "w");
	return !lock || fputs("# none\n", lock) < 0 || fclose(lock) != 0;
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";
	if (strcmp(command, "version") == 0)
		return printf("{%s}\n", fixed) < 0;
	if (strcmp(command, "init") == 0)
		return init();
	if (strcmp(command, "plan") == 0)
		return plan(argc, argv);
	return strcmp(command, "show") == 0 ? show() : 1;
}
