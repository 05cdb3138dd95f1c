/*
 * The file is split into sections once (format/sections.h); then each part is read from its own
 * section. Beside reading, this file reports what makes a section not count although somebody
 * wrote it: a name in another case, a second one of the same name, one below the history. For a
 * section that restricts who may run the script or how, silence would be dangerous, so there it is
 * an error.
 */
#include "runbook/parse.h"

#include "base/str.h"
#include "format/text.h"
#include "runbook/parse_internal.h"

#include <string.h>

const char *const runbook_sections[SECTION_COUNT + 1] = {
	[SECTION_DOCUMENTATION] = "Documentation",
	[SECTION_ENVIRONMENT] = "Environment Requirements",
	[SECTION_FILES] = "File System Requirements",
	[SECTION_CLAIMS] = "Required Claims",
	[SECTION_EXECUTION] = "Execution",
	[SECTION_SCRIPT] = "Script",
	[SECTION_HISTORY] = "History",
};

/* A section whose absence lets more people do more. */
static bool restricts(enum runbook_section which)
{
	return which == SECTION_CLAIMS || which == SECTION_EXECUTION;
}

static struct pos whole_file(const struct src *src)
{
	return (struct pos){src, 0, 0};
}

static struct pos first_line(const struct src *src)
{
	return (struct pos){src, 1, 1};
}

/* ---- text ---- */

static bool bad_encoding(struct diag_list *diags, const struct src *src, size_t offset,
	const char *what, const char *hint)
{
	struct diag *d = diag_error(diags, "runbook-encoding", text_pos(src, offset),
		"Error reading runbook file: %s", what);
	diag_hint(diags, d, "%s", hint);
	return false;
}

static bool check_encoding(const struct src *src, struct diag_list *diags)
{
	if (src->len > RUNBOOK_MAX_BYTES) {
		struct diag *d = diag_error(diags, "runbook-limit", whole_file(src),
			"the file is larger than %d MiB", RUNBOOK_MAX_BYTES / (1024 * 1024));
		diag_hint(diags, d, "remove old entries below '# History'");
		return false;
	}
	const size_t valid = utf8_valid(src->data, src->len);
	if (valid == src->len)
		return true;
	AUTO_STR what = STR_INIT;
	str_addf(&what, "byte 0x%02x at offset %zu is not valid UTF-8",
		(unsigned)(unsigned char)src->data[valid], valid);
	return bad_encoding(diags, src, valid, what.data, "save the file again as UTF-8");
}

/* Above the history, every reader has to see the same lines. */
static bool check_content(const struct src *src, size_t len, struct diag_list *diags)
{
	if (len > RUNBOOK_MAX_CONTENT) {
		struct diag *d = diag_error(diags, "runbook-limit", whole_file(src),
			"the runbook has more than %d MiB above '# History'",
			RUNBOOK_MAX_CONTENT / (1024 * 1024));
		diag_hint(diags, d, "move data into input files");
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		const char c = src->data[i];
		if (c == '\0')
			return bad_encoding(diags, src, i, "it holds a NUL character",
				"restore it from git or save it again as UTF-8 text");
		if (c == '\r' && (i + 1 == src->len || src->data[i + 1] != '\n'))
			return bad_encoding(diags, src, i,
				"it holds a carriage return without a line feed",
				"save the file with LF or CRLF line ends");
	}
	return true;
}

static void read_names(struct reader *r)
{
	struct runbook *rb = r->runbook;
	const char *path = rb->src->path ? rb->src->path : "";
	const char *slash = strrchr(path, '/');
	rb->file = arena_strdup(r->arena, slash ? slash + 1 : path);
	const size_t len = strlen(rb->file);
	rb->name = arena_memdup(r->arena, rb->file, str_ends(rb->file, ".md") ? len - 3 : len);
}

static void read_title(struct reader *r)
{
	const struct src *src = r->runbook->src;
	const char *nl = memchr(src->data, '\n', src->len);
	size_t len = nl ? (size_t)(nl - src->data) : src->len;
	if (!len || src->data[0] != '#' || !blank_prefix(src->data + 1, len - 1))
		return;
	const char *text = src->data + 1;
	len--;
	blank_trim(&text, &len);
	if (len)
		r->runbook->title = (struct spec_text){arena_memdup(r->arena, text, len),
			{src, 1, (uint32_t)(text - src->data) + 1}};
}

/* ---- sections ---- */

/* A line for people who wrote a block that does not count. */
static const char *hint_for_block(struct reader *r, const struct section *section, const char *info)
{
	for (size_t i = 0; i < section->fence_count; i++) {
		const struct fence *f = &section->fences[i];
		if (f->mark == '~')
			return arena_printf(r->arena,
				"the block in line %u is fenced with tildes: use ```%s",
				f->pos.line, info);
		return arena_printf(r->arena,
			"the block in line %u opens with ```%s%.40s: write "
			"```%s and nothing behind it",
			f->pos.line, f->glued ? "" : " ", f->info, info);
	}
	return arena_printf(r->arena, "fence it with ```%s and ```, each alone on its line", info);
}

const struct fence *read_fence(
	struct reader *r, enum runbook_section which, const char *info, struct runbook_part *part)
{
	const struct section *section =
		sections_find(&r->sections, runbook_sections[which], r->first);
	*part = (struct runbook_part){RUNBOOK_NO_SECTION, first_line(r->runbook->src), NULL};
	if (!section)
		return NULL;
	part->pos = section->pos;
	part->state = RUNBOOK_EMPTY_SECTION;
	if (section_blank(&r->sections, section))
		return NULL;
	const struct fence *fence = section_fence(section, info);
	if (!fence) {
		part->state = RUNBOOK_NO_BLOCK;
		part->hint = hint_for_block(r, section, info);
		return NULL;
	}
	part->pos = fence->pos;
	part->state = fence->closed ? RUNBOOK_READ : RUNBOOK_BAD_BLOCK;
	return fence->closed ? fence : NULL;
}

static void read_script(struct reader *r)
{
	struct runbook *rb = r->runbook;
	const struct fence *fence = read_fence(r, SECTION_SCRIPT, "sh", &rb->script);
	if (!fence)
		return;
	const char *text = fence_text(r->arena, &r->sections, fence), *whole = text;
	size_t len = strlen(text);
	blank_trim(&text, &len);
	if (!len) {
		rb->script.state = RUNBOOK_BAD_BLOCK;
		rb->script.hint = "the block is empty";
		return;
	}
	uint32_t line = fence->line;
	for (const char *p = whole; p < text; p++)
		line += *p == '\n';
	const char *script = arena_memdup(r->arena, text, len);
	rb->script_text = (struct spec_text){script, {rb->src, line, 1}};
	const char *ticks = strstr(script, "```");
	if (!ticks)
		return;
	for (const char *p = script; p < ticks; p++)
		line += *p == '\n';
	struct diag *d = diag_warning(r->diags, "runbook-script", ((struct pos){rb->src, line, 1}),
		"other runbook tools end the script at the three backticks in this line");
	diag_hint(r->diags, d, "write them as '``''`' in the shell, or make them with printf");
}

static void read_history(struct reader *r)
{
	struct runbook *rb = r->runbook;
	const struct section *section = sections_find(&r->sections, "History", r->first);
	rb->content_len = rb->history_start = rb->src->len;
	rb->history = (struct runbook_part){RUNBOOK_NO_SECTION, first_line(rb->src), NULL};
	if (!section)
		return;
	rb->history = (struct runbook_part){RUNBOOK_READ, section->pos, NULL};
	rb->content_len = section->heading;
	rb->history_start = section->start;
	rb->history_line = section->line;
}

/* ---- sections that do not count ---- */

/* The letters of a name in lower case, without the s of a plural. */
static void letters_of(const char *name, char *buf, size_t size)
{
	size_t len = 0;
	for (; *name && len + 1 < size; name++) {
		const char c = *name;
		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
			buf[len++] = (char)(c | 0x20);
	}
	if (len && buf[len - 1] == 's')
		len--;
	buf[len] = 0;
}

static bool same_letters(const char *a, const char *b)
{
	char x[64], y[64];
	letters_of(a, x, sizeof x);
	letters_of(b, y, sizeof y);
	return strcmp(x, y) == 0;
}

/* Claims that somebody may have meant to write: until it is clear which, nobody passes. */
static void doubt(struct reader *r, enum runbook_section which)
{
	r->claims_doubtful = r->claims_doubtful || which == SECTION_CLAIMS;
}

/* A heading whose name is nearly one of those that count. */
static void check_name(struct reader *r, const struct section *section)
{
	for (enum runbook_section k = SECTION_ENVIRONMENT; k < SECTION_COUNT; k++) {
		if (!same_letters(section->name, runbook_sections[k]))
			continue;
		struct diag *d = diag_add(r->diags,
			restricts(k) ? SEVERITY_ERROR : SEVERITY_WARNING, "runbook-section",
			section->pos,
			"the section '%.64s' does not count, because of the spelling of its name",
			section->name);
		diag_hint(r->diags, d, "write `# %s`", runbook_sections[k]);
		doubt(r, k);
		return;
	}
}

static void check_sections(struct reader *r)
{
	const struct section *seen[SECTION_COUNT] = {0};
	for (size_t i = r->first; i < r->sections.count; i++) {
		const struct section *section = &r->sections.items[i];
		enum runbook_section k = 0;
		while (k < SECTION_COUNT && !str_eq(section->name, runbook_sections[k]))
			k++;
		if (k == SECTION_COUNT) {
			check_name(r, section);
			continue;
		}
		if (!seen[k]) {
			seen[k] = section;
			continue;
		}
		struct diag *d = diag_add(r->diags,
			restricts(k) ? SEVERITY_ERROR : SEVERITY_WARNING, "runbook-section",
			section->pos, "the section '%s' is there twice; only the first one counts",
			section->name);
		diag_hint(r->diags, d, "make one of the two, or give this one another name");
		diag_related(r->diags, d, seen[k]->pos, "first given here");
		doubt(r, k);
	}
	const struct fence *open = r->sections.unclosed;
	if (!open)
		return;
	doubt(r, SECTION_CLAIMS);
	struct diag *d = diag_error(r->diags, "runbook-fence", open->pos,
		"the block that opens here is never closed, so nothing below it counts");
	diag_hint(r->diags, d, "close it with a line of %s%.*s alone",
		open->mark == '~' ? "~~~" : "```", open->width > 3 ? 1 : 0,
		open->mark == '~' ? "~" : "`");
}

/* Sections below the history that the file does not have above it. */
static void check_buried(struct reader *r)
{
	const struct runbook *rb = r->runbook;
	if (rb->history.state != RUNBOOK_READ)
		return;
	const struct src tail = {
		rb->src->path, rb->src->data + rb->history_start, rb->src->len - rb->history_start};
	struct sections below;
	AUTO_DIAGS ignored = {0};
	/* Too many headings in the history are no mistake of the runbook. */
	if (sections_parse(r->arena, &tail, NULL, &below, &ignored) < 0 && !below.count)
		return;
	for (enum runbook_section k = SECTION_ENVIRONMENT; k < SECTION_HISTORY; k++) {
		const struct section *section = sections_find(&below, runbook_sections[k], 0);
		if (!section || sections_find(&r->sections, runbook_sections[k], r->first))
			continue;
		const struct pos pos = {
			rb->src, section->pos.line + rb->history_line - 1, section->pos.col};
		struct diag *d = diag_error(r->diags, "runbook-section", pos,
			"the section '%s' stands below '# History', where nothing is read",
			section->name);
		diag_hint(r->diags, d, "move '# History' to the end of the file");
		diag_related(r->diags, d, rb->history.pos, "the history starts here");
		doubt(r, k);
	}
}

/* ---- headings that are no sections ---- */

static struct runbook_part *part_of(struct runbook *rb, enum runbook_section which)
{
	switch (which) {
	case SECTION_ENVIRONMENT:
		return &rb->environment;
	case SECTION_FILES:
		return &rb->files;
	case SECTION_CLAIMS:
		return &rb->claims;
	case SECTION_EXECUTION:
		return &rb->execution_part;
	case SECTION_SCRIPT:
		return &rb->script;
	case SECTION_HISTORY:
		return &rb->history;
	case SECTION_DOCUMENTATION:
	case SECTION_COUNT:
		break;
	}
	return NULL;
}

/*
 * The name in a line that people would take for a heading of any level; *ret_exact says whether it
 * has the form that counts.
 */
static const char *heading_like(struct reader *r, const char *text, size_t len, bool *ret_exact)
{
	const size_t indent = blank_prefix(text, len);
	size_t level = 0;
	while (indent + level < len && text[indent + level] == '#')
		level++;
	if (!level)
		return NULL;
	const char *name = text + indent + level;
	size_t name_len = len - indent - level;
	*ret_exact = indent == 0 && level == 1 && blank_prefix(name, name_len);
	blank_trim(&name, &name_len);
	return arena_memdup(r->arena, name, name_len);
}

/*
 * A line inside of a block reads like the heading of a section that the file does not have. Most
 * often the fence above it was not closed and has swallowed the section.
 */
static void report_lost(struct reader *r, enum runbook_section which, uint32_t line)
{
	struct runbook_part *part = part_of(r->runbook, which);
	if (!part)
		return;
	if (!restricts(which)) {
		part->hint = arena_printf(r->arena,
			"line %u has that heading, but inside of a block: is the line that closes "
			"a block missing above it?",
			line);
		return;
	}
	const struct pos pos = {r->runbook->src, line, 1};
	struct diag *d = diag_error(r->diags, "runbook-section", pos,
		"this reads like the section '%s', but does not count", runbook_sections[which]);
	diag_hint(r->diags, d, "write `# %s` in column 1, outside of any block",
		runbook_sections[which]);
	doubt(r, which);
}

static bool is_lost(struct reader *r, enum runbook_section k, const char *name, bool exact)
{
	if (sections_find(&r->sections, runbook_sections[k], r->first))
		return false;
	if (exact)
		return str_eq(name, runbook_sections[k]);
	return k == SECTION_CLAIMS && same_letters(name, runbook_sections[k]);
}

static void check_lost(struct reader *r)
{
	const struct runbook *rb = r->runbook;
	const char *p = rb->src->data, *end = p + rb->content_len;
	for (uint32_t line = 1; p < end; line++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		const size_t len = nl ? (size_t)(nl - p) : (size_t)(end - p);
		bool exact = false;
		const char *name = line > 1 ? heading_like(r, p, len, &exact) : NULL;
		for (enum runbook_section k = 0; name && k < SECTION_COUNT; k++)
			if (is_lost(r, k, name, exact))
				report_lost(r, k, line);
		p += len + 1;
	}
}

struct runbook *runbook_parse(struct arena *arena, const struct src *src, struct diag_list *diags)
{
	struct reader r = {.arena = arena, .diags = diags};
	if (!check_encoding(src, diags))
		return NULL;
	if (sections_parse(arena, src, runbook_sections[SECTION_HISTORY], &r.sections, diags) < 0)
		return NULL;
	r.first = r.sections.count && r.sections.items[0].heading == 0;
	r.runbook = arena_alloc(arena, sizeof *r.runbook);
	r.runbook->src = src;
	read_history(&r);
	if (!check_content(src, r.runbook->content_len, diags))
		return NULL;
	digest_hex(src->data, r.runbook->content_len, r.runbook->digest);
	read_names(&r);
	read_title(&r);
	check_sections(&r);
	check_buried(&r);
	read_environment(&r);
	read_files(&r);
	read_claims(&r);
	read_execution(&r);
	read_script(&r);
	check_lost(&r);
	if (r.claims_doubtful)
		r.runbook->claims.state = RUNBOOK_BAD_BLOCK;
	return r.runbook;
}
