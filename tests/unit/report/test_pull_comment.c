/*
 * Protects: what a pull request is told. Nothing that stands in a spec or a plan can mention
 * people, link, or break out of its cell, fold, fence or comment; long comments are split into
 * whole parts; statuses say what branch protection waits for.
 */
#include "check.h"

#include "base/arena.h"
#include "base/str.h"
#include "report/outbox.h"
#include "report/pull_comment.h"

#include <stdio.h>

#define ARROW " \xe2\x86\x92 "

static const struct change_attr engine_attr = {"engine", "mysql", "postgres", true};
static const struct change_attr type_attr = {"instance_type", NULL, "t3.medium", false};
static const struct change changes[] = {
	{CHANGE_CREATE, "aws_instance.web2", "aws_instance", &type_attr, 1, NULL},
	{CHANGE_REPLACE, "aws_db_instance.db", "aws_db_instance", &engine_attr, 1, NULL},
};
static const struct change_set set = {.items = changes, .count = 2, .create = 1, .replace = 1};
static const struct object_plan shop_plan = {
	.engine = "terraform",
	.id = "01KAMY0000000000000000000A",
	.sha256 = "9f2c0000000000000000000000000000000000000000000000000000000000ff",
	.changes = set,
	.duration_ms = 7100,
};
static struct gate_answer passed[] = {{"role", GATE_PASS, NULL}};
static struct gate_answer waits[] = {
	{"role", GATE_PASS, NULL}, {"approval", GATE_WAIT, "1 approval needed from role/platform"}};

static struct object_outcome shop(void)
{
	return (struct object_outcome){.key = "canvas/shop",
		.kind = KIND_CANVAS,
		.path = "canvases/shop.yaml",
		.action = PLAN_REPLACE,
		.reason = "the spec changed",
		.gates = {waits, 2, 2},
		.has_preview = true,
		.preview = set,
		.status = OBJECT_PENDING};
}

static struct object_outcome role(void)
{
	return (struct object_outcome){.key = "role/web-team",
		.kind = KIND_ROLE,
		.path = "roles/web-team.yaml",
		.action = PLAN_UPDATE,
		.summary = "5 services",
		.gates = {passed, 1, 1},
		.status = OBJECT_PENDING};
}

static struct run_outcome run_of(const struct object_outcome *objects, size_t count)
{
	struct run_outcome run = {.objects = objects, .object_count = count};
	run.kind_counts[KIND_CANVAS] = 2;
	run.kind_counts[KIND_ROLE] = 1;
	return run;
}

static struct pull_view view_of(const struct run_outcome *run, enum pull_view_phase phase)
{
	return (struct pull_view){.run = run,
		.phase = phase,
		.commit = "3f2a9c1d00000000000000000000000000000000",
		.word = "trueup"};
}

static void shows_the_preview_at_once(void **state)
{
	(void)state;
	const struct object_outcome objects[] = {shop(), role()};
	const struct run_outcome run = run_of(objects, 2);
	const struct pull_view view = view_of(&run, PULL_VIEW_PREVIEW);
	AUTO_STR out = STR_INIT;
	pull_comment_format(&view, &out);
	assert_string_equal(out.data,
		"### trueup plan `3f2a9c1`\n\n"
		"2 objects \xc2\xb7 +1 \xc2\xb1"
		"1 resources \xc2\xb7 from the specs alone, the engine's plans follow here\n"
		"\n"
		"| object | change | resources | cost | gates | plan |\n"
		"|---|---|---|---|---|---|\n"
		"| `canvas/shop` | replace | +1 \xc2\xb1"
		"1 |  | \xe2\x8f\xb3 1 approval needed from role&#47;platform | \xe2\x8f\xb3 |\n"
		"| `role/web-team` | update | 5 services |  | \xe2\x9c\x93 |  |\n"
		"\n"
		"- \xe2\x9a\xa0\xef\xb8\x8f `canvas/shop` replaces "
		"`aws_db_instance.db` (engine mysql" ARROW "postgres): what it holds goes with it\n"
		"\n"
		"`trueup help` lists what can be asked for.\n"
		"\n"
		"<details><summary><code>canvas&#47;shop</code>: preview from the specs, +1 "
		"\xc2\xb1"
		"1</summary>\n\n"
		"`canvases/shop.yaml`: the spec changed\n"
		"\n- role: pass\n- approval: wait, 1 approval needed from role&#47;platform\n"
		"\n```diff\n"
		"+ aws_instance.web2\n"
		"+   instance_type  t3.medium\n"
		"-/+ aws_db_instance.db\n"
		"!   engine  mysql" ARROW "postgres  # forces replacement\n"
		"```\n\n</details>\n"
		"\n"
		"<details><summary><code>role&#47;web-team</code>: update</summary>\n\n"
		"`roles/web-team.yaml`\n"
		"\n- role: pass\n"
		"\n</details>\n");
}

static void names_exactly_what_would_be_applied(void **state)
{
	(void)state;
	struct object_outcome object = shop();
	object.plan = &shop_plan;
	object.status = OBJECT_WAITING;
	const struct run_outcome run = run_of(&object, 1);
	struct pull_view view = view_of(&run, PULL_VIEW_PLANNED);
	view.may_apply = true;
	AUTO_STR out = STR_INIT;
	pull_comment_format(&view, &out);
	assert_non_null(strstr(out.data, "| \xe2\x9c\x93 7.1 s |"));
	assert_non_null(strstr(out.data,
		"- `canvas/shop`: plan `01KAMY0000000000000000000A` "
		"sha256:`9f2c0000000000000000000000000000000000000000000000000000000000ff`\n"));
	assert_non_null(strstr(out.data, "Comment `trueup apply` to apply exactly this plan."));
	assert_non_null(strstr(out.data, "terraform plan, +1 \xc2\xb1"
					 "1</summary>"));
	view.may_apply = false;
	view.why_not = "it is behind main by 2 commits";
	str_clear(&out);
	pull_comment_format(&view, &out);
	assert_null(strstr(out.data, "trueup apply"));
	assert_non_null(strstr(out.data, "\nIt is behind main by 2 commits. `trueup help`"));
}

static void says_what_is_wrong_with_the_specs(void **state)
{
	(void)state;
	AUTO_DIAGS diags = {0};
	const struct src src = {"canvases/shop.yaml", "x", 1};
	diag_error(&diags, "role-service", ((struct pos){&src, 14, 23}),
		"role 'web-team' may not use ELASTICACHE ``` </details> @alice");
	struct run_outcome run = run_of(NULL, 0);
	run.diags = &diags;
	struct pull_view view = view_of(&run, PULL_VIEW_PREVIEW);
	view.why_not = "this plan is applied once it is merged";
	AUTO_STR out = STR_INIT;
	pull_comment_format(&view, &out);
	assert_null(strstr(out.data, "his plan")); /* there is none */
	assert_non_null(strstr(out.data, "The specs are not valid: 1 error."));
	assert_non_null(strstr(out.data, "\n````\ncanvases/shop.yaml:14:23: error: role"));
	AUTO_ARENA arena = {0};
	const struct forge_statuses statuses = pull_statuses(&view, &arena);
	assert_int_equal(statuses.count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(statuses.items[i].state, FORGE_FAILURE);
	assert_non_null(strstr(statuses.items[0].description, "1 error: canvases/shop.yaml"));
}

/* The texts that a spec's author controls, each trying to get out of where it stands. */
static void nothing_breaks_out(void **state)
{
	(void)state;
	static const char *const evil[] = {"@everyone", "octo/shop#1", "| a | b |",
		"</details><img src=x>", "<!-- trueup:plan:1 -->", "-->", "```\n### x", "~~~",
		"[a](http://evil)", "http://evil.example", "www.evil.example", "\n\n# heading",
		"`@alice`", "\x1b[31m", "&lt;b&gt;", "$x$", "/close", "\xe2\x80\xae", "*a* _b_ ~c~",
		"# x", "- x", "1. x", "\r\n/merge"};
	for (size_t i = 0; i < ARRAY_LEN(evil); i++) {
		AUTO_STR text = STR_INIT, out = STR_INIT;
		markdown_text(&text, evil[i]);
		assert_null(strpbrk(text.data, "@<>`|[]*_~\n\r\x1b"));
		assert_null(strstr(text.data, "://"));
		assert_null(strstr(text.data, "www."));
		assert_null(strstr(text.data, "\xe2\x80\xae"));
		assert_true(text.data[0] != '-' && text.data[0] != '#' && text.data[0] != '/');

		const struct change_attr attr = {evil[i], evil[i], evil[i], true};
		const struct change change = {CHANGE_REPLACE, evil[i], evil[i], &attr, 1, evil[i]};
		const char *const surprises[] = {evil[i]};
		const struct object_plan plan = {.engine = "terraform",
			.id = "01",
			.sha256 = "ff",
			.changes = {&change, 1, 0, 0, 1, 0},
			.surprises = surprises,
			.surprise_count = 1};
		struct gate_answer gate = {"tags", GATE_REFUSE, evil[i]};
		const struct object_outcome object = {.key = evil[i],
			.kind = KIND_CANVAS,
			.path = evil[i],
			.action = PLAN_UPDATE,
			.reason = evil[i],
			.summary = evil[i],
			.gates = {&gate, 1, 1},
			.plan = &plan,
			.status = OBJECT_FAILED,
			.status_text = evil[i]};
		struct run_outcome run = run_of(&object, 1);
		run.notices = surprises;
		run.notice_count = 1;
		const struct pull_view_note note = {PULL_NOTE_WARNING, evil[i]};
		struct pull_view view = view_of(&run, PULL_VIEW_PLANNED);
		view.notes = &note;
		view.note_count = 1;
		view.why_not = evil[i];
		pull_comment_format(&view, &out);

		/* Outside of fences: no sign that a forge would act on. */
		size_t folds = 0, fence = 0; /* ticks of the open one */
		for (const char *at = out.data; *at;) {
			const size_t len = strcspn(at, "\n");
			AUTO_STR line = STR_INIT;
			str_addn(&line, at, len);
			at += len + (at[len] == '\n');
			const size_t ticks = strspn(line.data, "`");
			if (fence ? ticks >= fence && !line.data[ticks] : ticks >= 3)
				fence = fence ? 0 : ticks;
			else if (fence || ticks >= 3)
				continue;
			folds += str_starts(line.data, "<details>");
			/* In code nothing is a link. */
			const bool link = strstr(line.data, "http") &&
					  !strstr(line.data, "http&#58;") &&
					  !strstr(line.data, "`http");
			if (link || strchr(line.data, '@') || strstr(line.data, "<!--") ||
				strstr(line.data, "<img") || strstr(line.data, "]("))
				fail_msg("%s: %s", evil[i], line.data);
			assert_true(line.data[0] != '/');
			size_t bars = 0;
			for (const char *p = line.data; *p; p++)
				bars += *p == '|';
			assert_true(bars == 0 || bars == 7);
		}
		assert_int_equal(fence, 0);
		assert_int_equal(folds, 1);
		assert_false(outbox_is_ours(out.data));
	}
}

/* The comment goes into a row, a request and a page: it has an end, whatever an engine prints. */
static void has_an_end(void **state)
{
	(void)state;
	AUTO_STR noise = STR_INIT;
	for (int i = 0; i < 100000; i++)
		str_add(&noise, "\xc3\xa4 error ");
	enum { MANY = 300 };
	static struct object_outcome objects[MANY];
	for (size_t i = 0; i < MANY; i++) {
		objects[i] = shop();
		objects[i].status = OBJECT_FAILED;
		objects[i].status_text = noise.data;
	}
	const struct run_outcome run = run_of(objects, MANY);
	const struct pull_view view = view_of(&run, PULL_VIEW_PLANNED);
	AUTO_STR out = STR_INIT;
	pull_comment_format(&view, &out);
	assert_true(out.len < 1024 * 1024);
	assert_int_equal(utf8_valid(out.data, out.len), out.len);
	assert_non_null(strstr(out.data, "100 more objects are not listed here."));
	assert_non_null(strstr(out.data, "280 more failed"));
}

static void a_fence_outlasts_its_text(void **state)
{
	(void)state;
	static const struct {
		const char *text, *fence;
	} cases[] = {
		{"a", "```"},
		{"a ``` b", "````"},
		{"``````", "```````"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_STR out = STR_INIT, expect = STR_INIT;
		markdown_fence(&out, "diff", cases[i].text, strlen(cases[i].text));
		str_addf(
			&expect, "%sdiff\n%s\n%s\n", cases[i].fence, cases[i].text, cases[i].fence);
		assert_string_equal(out.data, expect.data);
	}
	AUTO_STR many = STR_INIT, out = STR_INIT;
	for (int i = 0; i < 60000; i++)
		str_addc(&many, '`');
	markdown_fence(&out, "", many.data, many.len);
	assert_true(strcspn(out.data, "\n") < 64);
}

static void cuts_at_characters(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t max;
		const char *expect;
	} cases[] = {
		{"abc", 3, "abc"},
		{"abcd", 3, "ab\xe2\x80\xa6"},
		{"\xc3\xa4\xc3\xb6\xc3\xbc", 3, "\xc3\xa4\xc3\xb6\xc3\xbc"},
		{"\xc3\xa4\xc3\xb6\xc3\xbc!", 3, "\xc3\xa4\xc3\xb6\xe2\x80\xa6"},
		{"\xf0\x9f\x98\x80\xf0\x9f\x98\x80", 1, "\xe2\x80\xa6"},
		{"", 3, ""},
		{"a\xff", 3, "a"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_STR out = STR_INIT;
		text_cut(&out, cases[i].text, cases[i].max);
		assert_string_equal(out.data, cases[i].expect);
	}
}

static void splits_into_whole_parts(void **state)
{
	(void)state;
	AUTO_ARENA arena = {0};
	AUTO_STR text = STR_INIT;
	str_add(&text, "### plan\n\n| a | b |\n|---|---|\n");
	for (int i = 0; i < 400; i++)
		str_addf(&text, "| row %d | x |\n", i);
	str_add(&text, "\n<details><summary>`canvas/shop`</summary>\n\n````diff\n");
	for (int i = 0; i < 400; i++)
		str_addf(&text, "+ aws_instance.web_%d\n```\n", i);
	str_add(&text, "````\n\n</details>\n");
	size_t count;
	const char *const *parts = pull_comment_split(text.data, 4096, &arena, &count);
	assert_true(count >= 4);
	for (size_t i = 0; i < count; i++) {
		assert_true(strlen(parts[i]) <= 4096);
		size_t fences = 0, folds = 0, ends = 0;
		for (const char *p = parts[i]; (p = strstr(p, "\n````")); p++)
			fences++;
		for (const char *p = parts[i]; (p = strstr(p, "<details>")); p++)
			folds++;
		for (const char *p = parts[i]; (p = strstr(p, "</details>")); p++)
			ends++;
		assert_int_equal(fences % 2, 0);
		assert_int_equal(folds, ends);
		AUTO_STR note = STR_INIT;
		str_addf(&note, "*part %zu of %zu*\n\n", i + 1, count);
		assert_true(str_starts(parts[i], note.data));
	}
	assert_non_null(strstr(parts[1], "| a | b |\n|---|---|\n| row "));
	assert_non_null(strstr(
		parts[count - 1], "<details><summary>`canvas/shop`</summary>\n\n````diff\n"));
	/* Every line is there, once. */
	size_t rows = 0;
	for (size_t i = 0; i < count; i++)
		for (const char *p = parts[i]; (p = strstr(p, "| row ")); p++)
			rows++;
	assert_int_equal(rows, 400);
}

static void leaves_out_what_is_too_much_and_says_so(void **state)
{
	(void)state;
	AUTO_ARENA arena = {0};
	AUTO_STR text = STR_INIT;
	for (int i = 0; i < 20000; i++)
		str_addf(&text, "line %d\n", i);
	size_t count;
	const char *const *parts = pull_comment_split(text.data, 4096, &arena, &count);
	assert_int_equal(count, PULL_PARTS_MAX);
	for (size_t i = 0; i < count; i++)
		assert_true(strlen(parts[i]) <= 4096);
	assert_non_null(strstr(parts[count - 1], "The rest is left out"));
	parts = pull_comment_split("short\n", 4096, &arena, &count);
	assert_int_equal(count, 1);
	assert_string_equal(parts[0], "short\n");
}

static void statuses_follow_the_work(void **state)
{
	(void)state;
	AUTO_ARENA arena = {0};
	struct object_outcome objects[] = {shop(), role()};
	const struct run_outcome run = run_of(objects, 2);
	struct pull_view view = view_of(&run, PULL_VIEW_PREVIEW);
	struct forge_statuses s = pull_statuses(&view, &arena);
	assert_int_equal(s.count, 5);
	assert_string_equal(s.items[0].context, "trueup/validate");
	assert_string_equal(s.items[0].description, "3 specs are valid");
	assert_string_equal(s.items[1].context, "trueup/plan");
	assert_int_equal(s.items[1].state, FORGE_PENDING);
	assert_string_equal(s.items[1].description, "planning 1 of 2");
	assert_string_equal(s.items[2].context, "trueup/apply");
	assert_int_equal(s.items[2].state, FORGE_PENDING);
	assert_string_equal(s.items[3].context, "trueup/plan: canvas/shop");
	assert_int_equal(s.items[3].state, FORGE_PENDING);
	assert_int_equal(s.items[4].state, FORGE_SUCCESS);

	objects[0].plan = &shop_plan;
	objects[0].status = OBJECT_WAITING;
	view.phase = PULL_VIEW_PLANNED;
	s = pull_statuses(&view, &arena);
	assert_int_equal(s.items[1].state, FORGE_SUCCESS);
	assert_string_equal(s.items[2].description,
		"1 waiting: canvas/shop: 1 approval needed from role/platform");
	assert_int_equal(s.items[2].state, FORGE_PENDING);
	view.apply_after_merge = true;
	s = pull_statuses(&view, &arena);
	assert_int_equal(s.items[2].state, FORGE_SUCCESS); /* or it could never be merged */

	objects[0].status = objects[1].status = OBJECT_APPLIED;
	view.phase = PULL_VIEW_APPLIED;
	s = pull_statuses(&view, &arena);
	assert_string_equal(s.items[2].description, "2 applied");
	objects[0].status = OBJECT_FAILED;
	objects[0].status_text = "the database is in use";
	s = pull_statuses(&view, &arena);
	assert_int_equal(s.items[2].state, FORGE_FAILURE);
}

static void a_commit_of_the_branch_is_pending_until_it_is_done(void **state)
{
	(void)state;
	AUTO_ARENA arena = {0};
	struct object_outcome objects[] = {shop(), role()};
	const struct run_outcome run = run_of(objects, 2);
	struct pull_view view = view_of(&run, PULL_VIEW_PREVIEW);
	view.is_branch = true;
	struct forge_statuses s = pull_statuses(&view, &arena);
	assert_string_equal(s.items[3].description, "replace, +1 \xc2\xb1"
						    "1, planning");
	assert_int_equal(s.items[4].state, FORGE_PENDING);
	assert_string_equal(s.items[4].description, "update, pending");
	objects[0].plan = &shop_plan;
	objects[0].status = OBJECT_WAITING;
	objects[1].status = OBJECT_RECORDED;
	view.phase = PULL_VIEW_APPLIED;
	s = pull_statuses(&view, &arena);
	assert_int_equal(s.items[3].state, FORGE_PENDING);
	assert_non_null(strstr(s.items[3].description, "waiting: 1 approval needed from"));
	assert_int_equal(s.items[4].state, FORGE_SUCCESS);
	/* Left running, or stopped: not applied. */
	objects[0].status = OBJECT_APPLYING;
	s = pull_statuses(&view, &arena);
	assert_int_equal(s.items[2].state, FORGE_PENDING);
	assert_string_equal(s.items[2].description, "applying, 1 of 2 done");
	objects[0].status = OBJECT_CANCELLED;
	objects[0].status_text = "stopped on request";
	objects[0].gates.count = 0;
	s = pull_statuses(&view, &arena);
	assert_int_equal(s.items[2].state, FORGE_FAILURE);
	assert_string_equal(s.items[2].description, "1 stopped: canvas/shop: stopped on request");
	assert_int_equal(s.items[3].state, FORGE_ERROR);
	view.phase = PULL_VIEW_APPLYING; /* the next run goes on */
	s = pull_statuses(&view, &arena);
	assert_int_equal(s.items[2].state, FORGE_PENDING);
	assert_int_equal(s.items[3].state, FORGE_PENDING);
}

static void many_objects_have_no_status_each(void **state)
{
	(void)state;
	AUTO_ARENA arena = {0};
	struct object_outcome objects[PULL_OBJECT_STATUSES + 1];
	for (size_t i = 0; i < ARRAY_LEN(objects); i++)
		objects[i] = role();
	struct run_outcome run = run_of(objects, PULL_OBJECT_STATUSES);
	const struct pull_view view = view_of(&run, PULL_VIEW_PLANNED);
	assert_int_equal(pull_statuses(&view, &arena).count, PULL_OBJECT_STATUSES + 3);
	run.object_count++;
	assert_int_equal(pull_statuses(&view, &arena).count, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_the_preview_at_once),
		cmocka_unit_test(names_exactly_what_would_be_applied),
		cmocka_unit_test(says_what_is_wrong_with_the_specs),
		cmocka_unit_test(nothing_breaks_out),
		cmocka_unit_test(has_an_end),
		cmocka_unit_test(a_fence_outlasts_its_text),
		cmocka_unit_test(cuts_at_characters),
		cmocka_unit_test(splits_into_whole_parts),
		cmocka_unit_test(leaves_out_what_is_too_much_and_says_so),
		cmocka_unit_test(statuses_follow_the_work),
		cmocka_unit_test(a_commit_of_the_branch_is_pending_until_it_is_done),
		cmocka_unit_test(many_objects_have_no_status_each),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
