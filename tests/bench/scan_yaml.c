/*
 * Usage: scan_yaml FILE... : reads each file and runs libyaml's bare event scan over it. The peer
 * that `make bench` compares loading specs with: nothing that parses by libyaml can be faster.
 */
#include <stdio.h>
#include <yaml.h>

static int scan(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (!file) {
		perror(path);
		return 1;
	}
	yaml_parser_t parser;
	if (!yaml_parser_initialize(&parser)) {
		(void)fclose(file);
		return 1;
	}
	yaml_parser_set_input_file(&parser, file);
	int failed = 0;
	for (int done = 0; !done && !failed;) {
		yaml_event_t event;
		failed = !yaml_parser_parse(&parser, &event);
		if (!failed) {
			done = event.type == YAML_STREAM_END_EVENT;
			yaml_event_delete(&event);
		}
	}
	if (failed)
		(void)fprintf(
			stderr, "%s:%zu: %s\n", path, parser.problem_mark.line + 1, parser.problem);
	yaml_parser_delete(&parser);
	(void)fclose(file);
	return failed;
}

int main(int argc, char **argv)
{
	int failed = 0;
	for (int i = 1; i < argc; i++)
		failed |= scan(argv[i]);
	return failed;
}
