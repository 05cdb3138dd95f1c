/* Looking things up in the tables, and the kinds themselves. */
#include "spec/field.h"

#include "base/str.h"

#include <string.h>
#include <strings.h>

static const struct {
	const char *name, *title;
	const struct field_table *table; /* NULL: known, not read by this version */
} kinds[KIND_COUNT] = {
	[KIND_CONFIG] = {"config", "Config", &table_config},
	[KIND_ROLE] = {"role", "Role", &table_role},
	[KIND_CANVAS] = {"canvas", "Canvas", &table_canvas},
	[KIND_RUNBOOK] = {"runbook", "Runbook", NULL},
	[KIND_RUN] = {"run", "Run", &table_run},
	[KIND_REQUEST] = {"request", "Request", NULL},
	[KIND_TEMPLATE] = {"template", "Template", NULL},
};

const char *spec_kind_name(enum spec_kind kind)
{
	return kind < KIND_COUNT ? kinds[kind].name : "unknown";
}

const char *spec_kind_title(enum spec_kind kind)
{
	return kind < KIND_COUNT ? kinds[kind].title : "unknown";
}

enum spec_kind spec_kind_of(const char *name)
{
	for (enum spec_kind k = 0; k < KIND_COUNT; k++)
		if (strcasecmp(kinds[k].name, name) == 0)
			return k;
	return KIND_UNKNOWN;
}

bool spec_kind_supported(enum spec_kind kind)
{
	return field_table_of(kind) != NULL;
}

const struct field_table *field_table_of(enum spec_kind kind)
{
	return kind < KIND_COUNT ? kinds[kind].table : NULL;
}

const struct field_table *field_metadata(enum spec_kind kind)
{
	return kind == KIND_CONFIG ? &table_config_metadata : &table_metadata;
}

const struct field *field_find(const struct field_table *t, const char *key)
{
	for (size_t i = 0; i < t->count; i++)
		if (*t->fields[i].key == *key && strcmp(t->fields[i].key, key) == 0)
			return &t->fields[i];
	return NULL;
}

const char *field_nearest(const struct field_table *t, const char *key)
{
	const char *names[65];
	size_t count = 0;
	for (size_t i = 0; i < t->count && count < ARRAY_LEN(names) - 1; i++)
		if (t->fields[i].type != FIELD_LAYOUT)
			names[count++] = t->fields[i].key;
	names[count] = NULL;
	/* A wrong case is the most frequent mistake and always near. */
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(names[i], key) == 0)
			return names[i];
	return strlen(key) > 64 ? NULL : str_nearest(key, names);
}
