/*
 * Protects: the tables of all commands. Texts have one style, letters are used once, defaults fit
 * their types, and every example in a help text is a command line that trueup accepts.
 */
#include "check.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "cli/help.h"
#include "cli/options.h"
#include "unit/report/capture.h"

#include <ctype.h>

static void half_sentence(const char *text)
{
	assert_non_null(text);
	const size_t len = strlen(text);
	assert_in_range(len, 4, 120);
	/* A name in capitals may open it, a capitalised word may not. */
	if (isupper((unsigned char)text[0]) && islower((unsigned char)text[1]))
		fail_msg("begins like a sentence: %s", text);
	if (text[len - 1] == '.')
		fail_msg("ends like a sentence: %s", text);
}

static void default_fits(const struct option_spec *o)
{
	AUTO_ERR err = NULL;
	int64_t n;
	if (!o->fallback)
		return;
	if (o->type == OPT_INT)
		assert_true(num_parse_i64(o->fallback, strlen(o->fallback), &n));
	if (o->type == OPT_DURATION)
		assert_int_equal(clock_parse_duration(o->fallback, &n, &err), 0);
	if (o->type == OPT_CHOICE)
		assert_true(words_have(o->choices, o->fallback));
}

static void check_options(const struct option_spec *table)
{
	for (const struct option_spec *o = table; o && o->name; o++) {
		half_sentence(o->help);
		const bool takes = o->type != OPT_FLAG && o->type != OPT_COUNT;
		assert_int_equal(o->arg != NULL, takes);
		assert_int_equal(o->choices != NULL, o->type == OPT_CHOICE);
		default_fits(o);
		for (const struct option_spec *other = table; other != o; other++) {
			assert_string_not_equal(other->name, o->name);
			assert_true(!o->letter || other->letter != o->letter);
		}
	}
}

static void tables_are_sound(void **state)
{
	(void)state;
	check_options(command_globals);
	for (size_t i = 0; commands[i]; i++) {
		const struct command *c = commands[i];
		half_sentence(c->summary);
		check_options(c->options);
		assert_non_null(c->run);
		assert_ptr_equal(command_find(c->name), c);
		assert_true(c->max_operands < 0 || c->min_operands <= c->max_operands);
		assert_int_equal(c->operands != NULL, c->max_operands != 0);
		if (c->hidden)
			continue;
		assert_non_null(c->description);
		for (const struct option_spec *o = c->options; o && o->name; o++)
			for (const struct option_spec *g = command_globals; g->name; g++)
				assert_string_not_equal(o->name, g->name);
	}
	assert_null(command_find("internal"));
}

enum { WORDS_MAX = 32 };

/* Splits at blanks; quotes keep together. The words point into line. */
static int split(char *line, char *words[WORDS_MAX])
{
	int n = 0;
	for (char *p = line; *p && n < WORDS_MAX;) {
		const char quote = *p == '\'' || *p == '"' ? *p++ : ' ';
		words[n++] = p;
		while (*p && *p != quote)
			p++;
		if (*p)
			*p++ = '\0';
		while (*p == ' ')
			p++;
	}
	return n;
}

static void try_example(const struct command *c, const char *example)
{
	/* Only the part that trueup reads: not what stands behind a pipe or before a redirection.
	 */
	AUTO_FREE char *line = xstrndup(example, strcspn(example, "|>&;"));
	char *words[WORDS_MAX];
	const int n = split(line, words);
	int first = 0;
	while (first < n && strchr(words[first], '=')) /* VARIABLE=value trueup ... */
		first++;
	if (first == n || !str_eq(words[first], "trueup"))
		fail_msg("example of '%s' does not call trueup: %s", c->name, example);
	AUTO_OPTS o = opts_new(n - first, (const char *const *)words + first);
	AUTO_ERR err = NULL;
	const char *word = NULL;
	AUTO_STR text = STR_INIT;
	int rc = opts_parse_globals(o, &word, &err);
	if (!rc) {
		const struct command *found;
		const struct command_family *family;
		rc = opts_find_command(o, word, &found, &family, &err);
		if (!rc) {
			assert_ptr_equal(found, c);
			rc = opts_parse_command(o, c, &err);
		}
	}
	if (rc) {
		err_format(err, &text);
		fail_msg("example '%s': %s", example, text.data);
	}
}

static void examples_are_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; commands[i]; i++)
		for (const struct example_doc *e = commands[i]->examples; e && e->line; e++)
			try_example(commands[i], e->line);
}

static void every_command_has_its_texts(void **state)
{
	(void)state;
	struct str scripts[3] = {STR_INIT, STR_INIT, STR_INIT};
	completion_script("bash", &scripts[0]);
	completion_script("zsh", &scripts[1]);
	completion_script("fish", &scripts[2]);
	AUTO_STR overview = STR_INIT;
	man_page(NULL, &overview);
	for (size_t i = 0; commands[i]; i++) {
		const struct command *c = commands[i];
		AUTO_CAPTURE help;
		capture_begin(&help);
		help_print_command(&help.term, c);
		AUTO_STR page = STR_INIT;
		man_page(c, &page);
		for (const struct option_spec *o = c->options; o && o->name; o++) {
			AUTO_FREE char *name = xasprintf("--%s", o->name);
			AUTO_FREE char *macro = xasprintf("Fl -%s", o->name);
			assert_non_null(strstr(captured(&help), name));
			assert_non_null(strstr(page.data, macro));
			for (size_t s = 0; s < ARRAY_LEN(scripts) && !c->hidden; s++)
				assert_non_null(strstr(scripts[s].data, o->name));
		}
		for (size_t s = 0; s < ARRAY_LEN(scripts) && !c->hidden; s++)
			assert_non_null(strstr(scripts[s].data, command_word(c)));
		AUTO_FREE char *key = command_key(c);
		AUTO_FREE char *reference = xasprintf("Xr trueup-%s 1", key);
		assert_int_equal(strstr(overview.data, reference) != NULL, !c->hidden);
	}
	for (size_t s = 0; s < ARRAY_LEN(scripts); s++)
		str_release(&scripts[s]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_sound),
		cmocka_unit_test(examples_are_accepted),
		cmocka_unit_test(every_command_has_its_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
