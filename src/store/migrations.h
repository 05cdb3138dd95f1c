/*
 * The numbered migrations, in the executable. Number n brings a database of user_version n - 1 to
 * n. They go forward only, and one that was released is never edited.
 */
#ifndef TRUEUP_STORE_MIGRATIONS_H
#define TRUEUP_STORE_MIGRATIONS_H

struct store;

struct migration {
	int number; /* from 1, without gaps */
	const char *name; /* of the file, without ".sql" */
	const char *sql;
};

/* *ret_count of them, in order. */
const struct migration *migrations(int *ret_count);

#endif
