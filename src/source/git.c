/* Opening a repository by libgit2, resolving revisions, reading blobs. */
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "source/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void git_clean_object(git_object **object)
{
	git_object_free(*object);
}

void git_clean_tree(git_tree **tree)
{
	git_tree_free(*tree);
}

static enum err_kind kind_of(int code)
{
	switch (code) {
	case GIT_ENOTFOUND:
	case GIT_EUNBORNBRANCH:
		return ERR_NOT_FOUND;
	case GIT_EAMBIGUOUS:
	case GIT_EINVALIDSPEC:
	case GIT_EPEEL:
		return ERR_INVALID;
	case GIT_ELOCKED:
		return ERR_UNAVAILABLE;
	case GIT_EMODIFIED:
	case GIT_EEXISTS:
		return ERR_CONFLICT;
	case GIT_EOWNER:
		return ERR_DENIED;
	case GIT_EMISMATCH:
		return ERR_CORRUPT;
	default:
		return ERR_IO;
	}
}

int git_fail(const struct source *s, int code, struct err **err, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	AUTO_FREE char *what = xvasprintf(fmt, args);
	va_end(args);
	const char *where = s->work_dir ? s->work_dir : s->git_dir;
	if (code == GIT_EOWNER)
		return err_set(err, ERR_DENIED,
			"%s: the repository %s belongs to another user; if you trust it, run: git "
			"config "
			"--global --add safe.directory '%s'",
			what, where, where);
	const git_error *last = git_error_last();
	return err_set(err, kind_of(code), "%s: %s: %s", where, what,
		last && last->message ? last->message : "git failed without saying why");
}

/*
 * libgit2 1.5 answers "not found" instead of "wrong owner" when a configuration exists that says
 * nothing about safe.directory.
 */
static int owner_code(const struct source *s, int code)
{
	struct stat st;
	const char *where = s->work_dir ? s->work_dir : s->git_dir;
	const bool foreign = stat(where, &st) == 0 && st.st_uid != geteuid();
	return code == GIT_ENOTFOUND && foreign ? GIT_EOWNER : code;
}

/*
 * Debian's libgit2 reads all certificates of the system when it starts, which takes longer than the
 * rest of most commands (docs/decisions/0020). They are for its own HTTPS, which nothing here uses:
 * git(1) fetches. It calls mbedTLS by this name, and a symbol of the executable comes before one of
 * a library. Without certificates its HTTPS would trust nobody. mbedtls/x509_crt.h.
 */
int mbedtls_x509_crt_parse_file(void *chain, const char *path);
__attribute__((used, visibility("default"))) int mbedtls_x509_crt_parse_file(
	void *chain, const char *path)
{
	enum { FILE_IO_ERROR = -0x2900 };
	(void)chain;
	(void)path;
	return FILE_IO_ERROR;
}

/* libgit2 counts: what is not given back keeps it for the life of the process. */
void source_load_ahead(void)
{
	(void)git_libgit2_init();
}

int git_need(struct source *s, struct err **err)
{
	if (s->repo)
		return 0;
	if (s->kind != SOURCE_GIT)
		return err_set(err, ERR_INTERNAL, "%s is not a git repository", s->dir);
	if (git_libgit2_init() < 0)
		return err_set(err, ERR_INTERNAL, "libgit2 does not start");
	/*
	 * As git itself: what is read is checked by zlib's sum, and its name by `git fsck`. SHA-1
	 * by libgit2's slow code would cost more than unpacking.
	 */
	(void)git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
	int rc = git_repository_open_ext(&s->repo, s->work_dir ? s->work_dir : s->git_dir,
		GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);
	if (rc == 0)
		rc = git_repository_odb(&s->odb, s->repo);
	const int failed = rc < 0 ? git_fail(s, owner_code(s, rc), err, "open the repository")
				  : quarantine_add(s, err);
	if (failed) {
		git_odb_free(s->odb);
		git_repository_free(s->repo);
		s->odb = NULL;
		s->repo = NULL;
		(void)git_libgit2_shutdown();
	}
	return failed;
}

int git_id(const char *hex, git_oid *ret, struct err **err)
{
	if (strlen(hex) != GIT_OID_HEXSZ || git_oid_fromstr(ret, hex) < 0)
		return err_set(err, ERR_INVALID, "'%s' is not a git object id", hex);
	return 0;
}

int git_tree_by_id(struct source *s, const char *id, git_tree **ret, struct err **err)
{
	*ret = NULL;
	if (!id)
		return 0;
	git_oid oid;
	if (git_id(id, &oid, err) < 0)
		return -1;
	const int rc = git_tree_lookup(ret, s->repo, &oid);
	return rc < 0 ? git_fail(s, rc, err, "read tree %s", id) : 0;
}

static int unborn(struct source *s, struct err **err)
{
	git_reference *head = NULL;
	AUTO_FREE char *branch = NULL;
	if (git_reference_lookup(&head, s->repo, "HEAD") == 0 &&
		git_reference_type(head) == GIT_REFERENCE_SYMBOLIC) {
		const char *target = git_reference_symbolic_target(head);
		branch = xstrdup(str_starts(target, "refs/heads/") ? target + 11 : target);
	}
	git_reference_free(head);
	return err_set(err, ERR_NOT_FOUND,
		"%s: branch '%s' has no commit yet: commit the specs first",
		s->work_dir ? s->work_dir : s->git_dir, branch ? branch : "HEAD");
}

static int look_up(struct source *s, const char *rev, git_object **ret_object,
	git_reference **ret_ref, struct err **err)
{
	if (rev) {
		const int rc = git_revparse_ext(ret_object, ret_ref, s->repo, rev);
		return rc < 0 ? git_fail(s, rc, err, "no revision '%s'", rev) : 0;
	}
	int rc = git_repository_head(ret_ref, s->repo);
	if (rc == GIT_EUNBORNBRANCH || rc == GIT_ENOTFOUND)
		return unborn(s, err);
	if (rc == 0)
		rc = git_reference_peel(ret_object, *ret_ref, GIT_OBJECT_COMMIT);
	return rc < 0 ? git_fail(s, rc, err, "read HEAD") : 0;
}

int git_subtree(
	struct source *s, const git_commit *commit, char ret[SOURCE_ID_SIZE], struct err **err)
{
	if (!*s->subtree) {
		(void)git_oid_tostr(ret, SOURCE_ID_SIZE, git_commit_tree_id(commit));
		return 0;
	}
	AUTO_GIT_TREE *top = NULL;
	int rc = git_commit_tree(&top, commit);
	if (rc < 0)
		return git_fail(s, rc, err, "read the commit's tree");
	git_tree_entry *entry = NULL;
	rc = git_tree_entry_bypath(&entry, top, s->subtree);
	const bool is_tree = rc == 0 && git_tree_entry_type(entry) == GIT_OBJECT_TREE;
	if (is_tree)
		(void)git_oid_tostr(ret, SOURCE_ID_SIZE, git_tree_entry_id(entry));
	git_tree_entry_free(entry);
	if (is_tree)
		return 0;
	char id[GIT_OID_HEXSZ + 1];
	return err_set(err, ERR_NOT_FOUND, "commit %.10s has no folder '%s'",
		git_oid_tostr(id, sizeof id, git_commit_id(commit)), s->subtree);
}

static int fill_rev(struct source *s, const git_object *object, const git_reference *ref,
	struct source_rev *ret, struct err **err)
{
	AUTO_GIT_OBJECT *commit = NULL;
	const int rc = git_object_peel(&commit, object, GIT_OBJECT_COMMIT);
	if (rc < 0)
		return git_fail(s, rc, err, "the revision is not a commit");
	const git_commit *c = (const git_commit *)commit;
	(void)git_oid_tostr(ret->commit, sizeof ret->commit, git_commit_id(c));
	ret->committed_at = git_commit_time(c) * 1000;
	if (ref && git_reference_is_branch(ref)) {
		const char *name = git_reference_shorthand(ref);
		if (strlen(name) < sizeof ret->branch)
			memcpy(ret->branch, name, strlen(name) + 1);
	}
	return git_subtree(s, c, ret->tree, err);
}

int source_resolve(struct source *s, const char *rev, struct source_rev *ret, struct err **err)
{
	*ret = (struct source_rev){0};
	if (git_need(s, err) < 0)
		return -1;
	AUTO_GIT_OBJECT *object = NULL;
	git_reference *ref = NULL;
	int rc = look_up(s, rev, &object, &ref, err);
	if (rc == 0)
		rc = fill_rev(s, object, ref, ret, err);
	git_reference_free(ref);
	return rc;
}

int source_contains(
	struct source *s, const char *branch, const char *commit, bool *ret, struct err **err)
{
	static const char *const prefixes[] = {"refs/heads/", "refs/remotes/origin/"};
	git_oid tip, oid;
	int rc = GIT_ENOTFOUND;
	*ret = false;
	if (git_need(s, err) < 0 || git_id(commit, &oid, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(prefixes) && rc == GIT_ENOTFOUND; i++) {
		AUTO_FREE char *name = xasprintf("%s%s", prefixes[i], branch);
		rc = git_reference_name_to_id(&tip, s->repo, name);
	}
	if (rc == GIT_ENOTFOUND || rc == GIT_EINVALIDSPEC)
		return 0;
	if (rc == 0)
		rc = git_oid_equal(&tip, &oid) ? 1 : git_graph_descendant_of(s->repo, &tip, &oid);
	if (rc < 0)
		return git_fail(s, rc, err, "look for %.10s in the branch '%s'", commit, branch);
	*ret = rc == 1;
	return 0;
}

int source_read(struct source *s, const char *id, size_t limit, struct str *out, struct err **err)
{
	git_oid oid;
	if (git_need(s, err) < 0 || git_id(id, &oid, err) < 0)
		return -1;
	/* The size first: a huge blob must not be unpacked to learn that it is too large. */
	size_t size;
	git_object_t type;
	int rc = git_odb_read_header(&size, &type, s->odb, &oid);
	if (rc < 0)
		return git_fail(s, rc, err, "read object %s", id);
	if (type != GIT_OBJECT_BLOB)
		return err_set(err, ERR_INVALID, "object %s is not a file", id);
	if (size > limit)
		return err_set(err, ERR_INVALID, "the file is larger than %zu bytes", limit);
	git_odb_object *object = NULL;
	rc = git_odb_read(&object, s->odb, &oid);
	if (rc < 0)
		return git_fail(s, rc, err, "read object %s", id);
	str_addn(out, git_odb_object_data(object), git_odb_object_size(object));
	git_odb_object_free(object);
	return 0;
}

int source_read_path(struct source *s, const char *tree, const char *path, size_t limit,
	struct str *out, struct err **err)
{
	if (git_need(s, err) < 0)
		return -1;
	AUTO_GIT_TREE *top = NULL;
	if (git_tree_by_id(s, tree, &top, err) < 0)
		return -1;
	git_tree_entry *entry = NULL;
	const int rc = top ? git_tree_entry_bypath(&entry, top, path) : GIT_ENOTFOUND;
	if (rc < 0 && rc != GIT_ENOTFOUND)
		return git_fail(s, rc, err, "look for %s", path);
	char id[SOURCE_ID_SIZE] = "";
	if (entry && git_tree_entry_type(entry) == GIT_OBJECT_BLOB &&
		git_tree_entry_filemode(entry) != GIT_FILEMODE_LINK)
		(void)git_oid_tostr(id, sizeof id, git_tree_entry_id(entry));
	git_tree_entry_free(entry);
	if (!*id)
		return err_set(err, ERR_NOT_FOUND, "there is no file '%s' in the commit", path);
	if (source_read(s, id, limit, out, err) < 0)
		return err_wrap(err, "%s", path);
	return 0;
}
