/*
 * Protects: the documented messages, their words and their order; which paths lead out of the
 * runbook's folder, on disk too; that claims are all asked for, each satisfied by any of its
 * values, to the letter.
 */
#include "runbook_test.h"

#include "base/tempdir.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "runbook/validate.h"

#include <fcntl.h>
#include <unistd.h>

static bool nothing_is_set(void *data, const char *name)
{
	(void)data;
	(void)name;
	return false;
}

static enum runbook_path nothing_is_there(void *data, const char *path)
{
	(void)data;
	(void)path;
	return RUNBOOK_PATH_MISSING;
}

/* The messages of validation alone, one a line. */
static char *messages(const char *text, const struct runbook_world *world)
{
	AUTO_SAMPLE s = {0};
	AUTO_DIAGS diags = {0};
	AUTO_STR out = STR_INIT;
	sample_read(&s, text);
	const bool valid = runbook_validate(s.runbook, world, &diags);
	assert_int_equal(valid, diags.errors == 0);
	for (size_t i = 0; i < diags.count; i++)
		str_addf(&out, "%s%s\n", diags.items[i].severity == SEVERITY_ERROR ? "" : "! ",
			diags.items[i].message);
	return str_detach(&out);
}

static void messages_come_in_the_documented_order(void **state)
{
	const struct runbook_world world = {nothing_is_set, nothing_is_there, NULL};
	static const struct {
		const char *text, *want;
	} cases[] = {
		{" \n", "Runbook content is empty\n"},
		{"x\n", "Missing required section: Environment Requirements\n"
			"Missing required section: File System Requirements\n"
			"Missing required section: Script\n"
			"Missing required section: History\n"
			"Missing Environment Requirements section\n"
			"File System Requirements section must contain a YAML code block\n"
			"Script section must contain a sh code block\n"
			"Runbook must start with an H1 header containing the runbook name\n"},
		{"# Other\n# Environment Requirements\n# File System Requirements\n# Script\n"
		 "# History\n",
			"Section 'Environment Requirements' is empty\n"
			"Section 'File System Requirements' is empty\n"
			"Section 'Script' is empty\n"
			"Missing Environment Requirements section\n"
			"File System Requirements section must contain a YAML code block\n"
			"Script section must contain a sh code block\n"
			"! Runbook name 'Other' does not match filename 'Sample'\n"},
		{"# Sample\n# Environment Requirements\n```yaml\nB:\nA:\n```\n"
		 "# File System Requirements\n```yaml\nInput: [x, /y]\nOutput: [p/q, r]\n```\n"
		 "# Script\n```sh\n```\n# History\n",
			"Required environment variable not set: B\n"
			"Required environment variable not set: A\n"
			"Required input file does not exist: x\n"
			"Input path escapes runbook directory: /y\n"
			"! Output directory parent does not exist: p/q\n"
			"! Output directory parent does not exist: r\n"
			"Script section must contain a sh code block\n"},
		{"# Sample\n" RB_FILES RB_SCRIPT "# Environment Requirements\n```yaml\n[\n```\n"
		 "# History\n",
			"Environment Requirements section must contain a YAML code block\n"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_FREE char *got = messages(cases[i].text, &world);
		assert_string_equal(got, cases[i].want);
	}
}

static void without_a_world_only_the_file_counts(void **state)
{
	(void)state;
	AUTO_FREE char *got = messages("# Sample\n" RB_ENVIRONMENT
				       "# File System Requirements\n```yaml\nInput: [x, ../y]\n"
				       "Output: z\n```\n" RB_SCRIPT RB_HISTORY,
		NULL);
	assert_string_equal(got, "Input path escapes runbook directory: ../y\n");
}

static void errors_of_reading_count(void **state)
{
	AUTO_SAMPLE s = {0};
	(void)state;
	sample_read(&s, "# Sample\n" RB_ENVIRONMENT RB_FILES
			"# Required Claims\n- sre\n" RB_SCRIPT RB_HISTORY);
	assert_false(runbook_validate(s.runbook, NULL, &s.diags));
}

static void paths_on_disk_stay_in_their_folder(void **state)
{
	static const struct {
		const char *path;
		enum runbook_path want;
	} cases[] = {
		{"in/a.txt", RUNBOOK_PATH_THERE},
		{"in", RUNBOOK_PATH_THERE},
		{"in/../in/a.txt", RUNBOOK_PATH_THERE},
		{"inner", RUNBOOK_PATH_THERE},
		{"b.txt", RUNBOOK_PATH_MISSING},
		{"in/a.txt/b", RUNBOOK_PATH_MISSING},
		{"outer", RUNBOOK_PATH_ESCAPES},
		{"absolute", RUNBOOK_PATH_ESCAPES},
		{"../secret", RUNBOOK_PATH_ESCAPES},
		{"/etc/passwd", RUNBOOK_PATH_ESCAPES},
	};
	(void)state;
	AUTO_TEMPDIR dir = tempdir_new();
	AUTO_ERR err = NULL;
	AUTO_FREE char *folder = path_join(dir, "runbooks");
	AUTO_FREE char *in = path_join(folder, "in");
	AUTO_FREE char *file = path_join(in, "a.txt");
	AUTO_FREE char *secret = path_join(dir, "secret");
	assert_int_equal(fs_mkdirs(in, 0700, &err), 0);
	assert_int_equal(fs_write_atomic(file, "a", 1, 0600, &err), 0);
	assert_int_equal(fs_write_atomic(secret, "s", 1, 0600, &err), 0);
	AUTO_CLOSE fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(symlinkat("in/a.txt", fd, "inner"), 0);
	assert_int_equal(symlinkat("../secret", fd, "outer"), 0);
	assert_int_equal(symlinkat("/etc/passwd", fd, "absolute"), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(runbook_path_on_disk(&fd, cases[i].path), cases[i].want);
}

static void claims_are_all_asked_for_and_any_value_does(void **state)
{
	static const char *const sre[] = {"web", "sre"}, *const upper[] = {"SRE"},
				 *const part[] = {"sr"}, *const prod[] = {"prod"};
	static const struct {
		struct actor_claim claims[2];
		size_t count;
		const char *want; /* "" if it passes */
	} cases[] = {
		{{{"roles", sre, 2}, {"stage", prod, 1}}, 2, ""},
		{{{"stage", prod, 1}, {"roles", sre, 2}}, 2, ""},
		{{{"roles", sre, 2}}, 1, "stage (not present)"},
		{{{"roles", NULL, 0}, {"stage", prod, 1}}, 2, "roles= (required: sre, api)"},
		{{{"roles", upper, 1}, {"stage", prod, 1}}, 2, "roles=SRE (required: sre, api)"},
		{{{"roles", part, 1}, {"stage", sre, 2}}, 2,
			"roles=sr (required: sre, api), stage=web, sre (required: prod)"},
		{{{NULL, NULL, 0}}, 0, "roles (not present), stage (not present)"},
	};
	AUTO_SAMPLE s = {0};
	(void)state;
	sample_read(
		&s, "# Sample\n# Required Claims\n```yaml\nroles: sre, api\nstage: prod\n```\n");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_STR why = STR_INIT;
		AUTO_STR want = STR_INIT;
		if (cases[i].want[0])
			str_addf(&want,
				"RBAC check failed for execute. Missing or invalid claims: %s",
				cases[i].want);
		assert_int_equal(runbook_authorize(s.runbook, cases[i].claims, cases[i].count,
					 "execute", &why),
			!cases[i].want[0]);
		assert_string_equal(why.data, want.data);
	}
}

static void what_cannot_be_read_lets_nobody_in(void **state)
{
	static const char *const texts[] = {
		"# A\n# Required Claims\nroles: sre\n",
		"# A\n# Required Claims\n```yaml\nroles: a: b\n```\n",
		"# A\n# Required Claims\n```yaml\n- sre\n```\n",
		"# A\n# Required Claims\n```yaml\nroles: [sre]\n```\n",
		"# A\n# Required Claims\n```yaml\nroles:\n```\n",
		"# A\n# Required Claims\n```yaml\nroles: sre\n",
		"# A\n# required claims\n```yaml\nroles: sre\n```\n",
		"# A\n#Required Claims\n```yaml\nroles: sre\n```\n",
		"# A\n```\n# Required Claims\n```yaml\nroles: sre\n```\n",
		"# A\n# History\n# Required Claims\n```yaml\nroles: sre\n```\n",
		"# A\n```\nnever closed\n",
		"# A\n" RB_CLAIMS RB_CLAIMS,
	};
	static const char *const values[] = {"sre", "api", "", "['sre']"};
	const struct actor_claim claims[] = {{"roles", values, ARRAY_LEN(values)}};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO_SAMPLE s = {0};
		AUTO_STR why = STR_INIT;
		sample_read(&s, texts[i]);
		if (runbook_authorize(s.runbook, claims, 1, "validate", &why))
			fail_msg("let in by: %s", texts[i]);
		assert_string_equal(
			why.data, "RBAC check failed for validate. Required Claims cannot be read");
		assert_true(s.diags.errors > 0);
	}
}

static void no_claims_let_everybody_in(void **state)
{
	static const char *const texts[] = {"# A\n", "# A\n# Required Claims\n\n# Script\n",
		"# A\n# Required Claims\n```yaml\n# roles: sre\n```\n"};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO_SAMPLE s = {0};
		AUTO_STR why = STR_INIT;
		sample_read(&s, texts[i]);
		assert_true(runbook_authorize(s.runbook, NULL, 0, "execute", &why));
		assert_int_equal(s.diags.errors, 0);
		assert_int_equal(s.diags.count, i > 0);
	}
}

static void a_text_claim_is_split_at_commas(void **state)
{
	AUTO_ARENA arena = {0};
	size_t count;
	(void)state;
	const char **values = runbook_claim_values(&arena, " a , b c,,d", &count);
	assert_int_equal(count, 4);
	assert_string_equal(values[0], "a");
	assert_string_equal(values[1], "b c");
	assert_string_equal(values[2], "");
	assert_string_equal(values[3], "d");
	assert_null(values[4]);
	/* Without a comma nothing is trimmed. */
	values = runbook_claim_values(&arena, " a ", &count);
	assert_int_equal(count, 1);
	assert_string_equal(values[0], " a ");
}

static void a_refusal_names_the_user(void **state)
{
	AUTO_STR out = STR_INIT;
	(void)state;
	runbook_refusal("ola", "RBAC check failed for execute. x", &out);
	assert_string_equal(out.data,
		"RBAC Failure: Access denied for user ola. RBAC check failed for execute. x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_come_in_the_documented_order),
		cmocka_unit_test(without_a_world_only_the_file_counts),
		cmocka_unit_test(errors_of_reading_count),
		cmocka_unit_test(paths_on_disk_stay_in_their_folder),
		cmocka_unit_test(claims_are_all_asked_for_and_any_value_does),
		cmocka_unit_test(what_cannot_be_read_lets_nobody_in),
		cmocka_unit_test(no_claims_let_everybody_in),
		cmocka_unit_test(a_text_claim_is_split_at_commas),
		cmocka_unit_test(a_refusal_names_the_user),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
