/*
 * Migrations are SQL files, so that they can be read, reviewed and run by sqlite3(1) as they are.
 * The assembler puts them into the executable; the Makefile knows that this file depends on them.
 */
#include "store/migrations.h"

#include "store/internal.h"

#include <stdio.h>

#define EMBED(symbol, file)                                                                        \
	extern const char symbol[];                                                                \
	__asm__(".pushsection .rodata\n"                                                           \
		".local " #symbol "\n" #symbol ":\n"                                               \
		".incbin \"src/store/migrations/" file ".sql\"\n"                                  \
		".byte 0\n"                                                                        \
		".popsection\n")

EMBED(migration_0001, "0001-initial");
EMBED(migration_0002, "0002-runs");
EMBED(migration_0003, "0003-outbox");
EMBED(migration_0004, "0004-pulls");
EMBED(migration_0005, "0005-queue");
EMBED(migration_0006, "0006-drift");
EMBED(migration_0007, "0007-told");

const struct migration *migrations(int *ret_count)
{
	static const struct migration list[] = {
		{1, "0001-initial", migration_0001},
		{2, "0002-runs", migration_0002},
		{3, "0003-outbox", migration_0003},
		{4, "0004-pulls", migration_0004},
		{5, "0005-queue", migration_0005},
		{6, "0006-drift", migration_0006},
		{7, "0007-told", migration_0007},
	};
	*ret_count = (int)ARRAY_LEN(list);
	return list;
}

int store_schema_newest(void)
{
	int count;
	(void)migrations(&count);
	return count;
}

static int apply(struct store *store, const struct migration *m, struct err **err)
{
	if (sql_script(store, "change the schema", m->sql, err) < 0)
		return err_wrap(err, "migration %s", m->name);
	char version[64];
	(void)snprintf(version, sizeof version, "PRAGMA user_version = %d", m->number);
	return sql_script(store, "change the schema", version, err);
}

static int apply_missing(struct store *store, struct err **err)
{
	/* Asked again under the write lock: another process may have been first. */
	int64_t version;
	if (sql_number(store, "PRAGMA user_version", &version, err) < 0)
		return -1;
	int count;
	const struct migration *list = migrations(&count);
	for (int i = 0; i < count; i++)
		if (list[i].number > version && apply(store, &list[i], err) < 0)
			return -1;
	return 0;
}

int store_migrate(struct store *store, struct err **err)
{
	bool own;
	if (sql_enter(store, &own, err) < 0)
		return -1;
	return sql_leave(store, own, apply_missing(store, err), err);
}
