/*
 * Workspaces: one folder per canvas with its rendered files, its lock file and, with the local
 * backend, its state.
 *
 * `init` takes from half a second to many, and almost every run reads the same: so what it reads
 * is digested, and with the local backend all canvases with equal digests share one prepared data
 * folder, into which init ran once. A backend elsewhere writes its settings into that folder, so
 * then each canvas has one of its own.
 */
#include "engine/terraform_internal.h"

#include "base/digest.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/lock.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
	CLI_CONFIG_LIMIT = 1 << 20,
	LOCK_FILE_LIMIT = 1 << 20,
	INIT_WAIT_MS = 10 * 60 * 1000,
	SHORT_DIGEST = 16
};

#define LOCK_FILE ".terraform.lock.hcl"

static bool is_rendered(const struct engine_target *t, const char *name)
{
	for (size_t i = 0; i < t->file_count; i++)
		if (str_eq(t->files[i].name, name))
			return true;
	return false;
}

static int remove_stale(const struct tf *tf, struct err **err)
{
	DIR *dir = opendir(tf->dir);
	if (!dir)
		return err_errno(err, errno, "list %s", tf->dir);
	int failed = 0;
	for (struct dirent *e; !failed && (e = readdir(dir));) {
		const bool ours = str_ends(e->d_name, ".tf") || str_ends(e->d_name, ".tf.json");
		if (ours && !is_rendered(tf->t, e->d_name) &&
			unlinkat(dirfd(dir), e->d_name, 0) < 0)
			failed = err_errno(err, errno, "remove %s/%s", tf->dir, e->d_name);
	}
	(void)closedir(dir);
	return failed;
}

int tf_write_files(const struct tf *tf, struct err **err)
{
	if (fs_mkdirs(tf->dir, 0700, err) < 0)
		return -1;
	for (size_t i = 0; i < tf->t->file_count; i++) {
		const struct engine_file *f = &tf->t->files[i];
		if (!*f->name || *f->name == '.' || strchr(f->name, '/'))
			return err_set(
				err, ERR_INTERNAL, "rendered file has the name '%s'", f->name);
		AUTO_FREE char *path = path_join(tf->dir, f->name);
		if (fs_write_if_changed(path, f->text, f->len, 0600, NULL, err) < 0)
			return -1;
	}
	return remove_stale(tf, err);
}

/*
 * The text of the terraform {} blocks of a file: from such a line to the closing brace in column
 * one. Rendered files are formatted, so that this is exact for them.
 */
static void add_terraform_blocks(struct digest *d, const char *text, size_t len)
{
	bool inside = false;
	for (const char *line = text, *end = text + len; line < end;) {
		const char *nl = memchr(line, '\n', (size_t)(end - line));
		const size_t n = nl ? (size_t)(nl - line) + 1 : (size_t)(end - line);
		inside = inside || str_starts(line, "terraform {") || str_starts(line, "module \"");
		if (inside)
			digest_add(d, line, n);
		if (*line == '}')
			inside = false;
		line += n;
	}
}

/* Everything that init reads. */
static void digest_of_init(const struct tf *tf, char ret[DIGEST_HEX])
{
	struct digest *d = digest_begin();
	const char *config = tf_env_get((const char *const *)tf->envp, "TF_CLI_CONFIG_FILE");
	AUTO_STR text = STR_INIT;
	AUTO_ERR unreadable = NULL; /* then terraform will say so */
	digest_add_text(d, tf->binary);
	digest_add_text(d, tf->version);
	digest_add_text(d, config);
	if (config && fs_read(config, CLI_CONFIG_LIMIT, &text, &unreadable) == 0)
		digest_add(d, text.data, text.len);
	for (size_t i = 0; i < tf->t->file_count; i++)
		add_terraform_blocks(d, tf->t->files[i].text, tf->t->files[i].len);
	digest_end(d, ret);
}

/* Copies a file if it is there; ret_found says whether. */
static int copy_file(const char *from, const char *to, bool *ret_found, struct err **err)
{
	AUTO_STR text = STR_INIT;
	*ret_found = fs_exists(from);
	if (!*ret_found)
		return 0;
	if (fs_read(from, LOCK_FILE_LIMIT, &text, err) < 0)
		return -1;
	return fs_write_if_changed(to, text.data, text.len, 0600, NULL, err);
}

/* The paths and the digest of one initialisation. */
struct init {
	char digest[DIGEST_HEX];
	char *stamp; /* written last; holds the digest */
	char *kept_lock; /* the lock file as init left it */
	char *lock_file; /* the one in the workspace */
};

static void init_release(struct init *i)
{
	free_ptr(&i->stamp);
	free_ptr(&i->kept_lock);
	free_ptr(&i->lock_file);
}

/*
 * The digest that the workspace was initialised for, so that an apply finds its data folder
 * without the rendered files.
 */
#define DATA_NOTE ".trueup-data"

static char *shared_data_dir(const struct tf *tf, const char *digest)
{
	AUTO_FREE char *root = path_join(tf->t->state_dir, "terraform-data");
	AUTO_FREE char *name = xstrndup(digest, SHORT_DIGEST);
	return path_join(root, name);
}

void tf_find_data_dir(struct tf *tf)
{
	AUTO_FREE char *note = path_join(tf->dir, DATA_NOTE);
	AUTO_STR digest = STR_INIT;
	AUTO_ERR none = NULL;
	if (fs_read(note, DIGEST_HEX, &digest, &none) < 0)
		return;
	free_ptr(&tf->data_dir);
	tf->data_dir = shared_data_dir(tf, digest.data);
}

/* Points tf at the data folder that belongs to the digest. */
static int locate(struct tf *tf, struct init *ret, struct err **err)
{
	digest_of_init(tf, ret->digest);
	if (tf->local) {
		AUTO_FREE char *note = path_join(tf->dir, DATA_NOTE);
		free_ptr(&tf->data_dir);
		tf->data_dir = shared_data_dir(tf, ret->digest);
		char **envp = NULL;
		if (fs_write_if_changed(note, ret->digest, strlen(ret->digest), 0600, NULL, err) <
			0)
			return -1;
		if (tf_env_build(tf->t, tf->data_dir, &envp, err) < 0)
			return -1;
		tf_env_free(tf->envp);
		tf->envp = envp;
	}
	ret->stamp = path_join(tf->data_dir, "trueup-init");
	ret->kept_lock = path_join(tf->data_dir, "trueup-lock.hcl");
	ret->lock_file = path_join(tf->dir, LOCK_FILE);
	return 0;
}

/* Has it all been done before? Then the workspace only needs the lock file. */
static int use_prepared(const struct init *in, bool *ret_ready, struct err **err)
{
	AUTO_STR text = STR_INIT;
	AUTO_ERR none = NULL;
	*ret_ready =
		fs_read(in->stamp, DIGEST_HEX, &text, &none) == 0 && str_eq(text.data, in->digest);
	if (!*ret_ready)
		return 0;
	return copy_file(in->kept_lock, in->lock_file, ret_ready, err);
}

static int run_init(struct tf *tf, const struct engine_run *run, bool upgrade,
	struct tf_events *events, struct job_result *ret, struct err **err)
{
	const char *const args[] = {
		"init", "-input=false", "-no-color", upgrade ? "-upgrade" : NULL, NULL};
	AUTO_FREE char *job_dir = path_join(run->job_dir, "init");
	return tf_run(tf, args, job_dir, false, events, ret, err);
}

/* Under the lock. A lock file from before a changed constraint asks for -upgrade. */
static int init_locked(
	struct tf *tf, const struct init *in, const struct engine_run *run, struct err **err)
{
	bool ready;
	for (int upgrade = 0; upgrade < 2; upgrade++) {
		AUTO_TF_EVENTS events = TF_EVENTS_INIT;
		struct job_result r;
		events.run = run;
		events.masker = tf->t->masker;
		tf_events_step(&events, "init");
		if (run_init(tf, run, upgrade, &events, &r, err) < 0)
			return -1;
		if (r.phase == JOB_ENDED && r.exit.code == 0)
			break;
		if (upgrade || !strstr(events.errors.data, "-upgrade"))
			return tf_run_error(tf, "init", &events, &r, err);
	}
	if (copy_file(in->lock_file, in->kept_lock, &ready, err) < 0)
		return -1;
	return fs_write_atomic(in->stamp, in->digest, strlen(in->digest), 0600, err);
}

int tf_init(struct tf *tf, bool force, const struct engine_run *run, struct err **err)
{
	CLEANUP(init_release) struct init in = {0};
	bool ready = false;
	if (locate(tf, &in, err) < 0)
		return -1;
	if (!force && use_prepared(&in, &ready, err) < 0)
		return -1;
	if (ready)
		return 0;
	AUTO_FREE char *cache = path_join(tf->t->state_dir, "plugin-cache");
	AUTO_FREE char *lock_path = path_join(tf->t->state_dir, "terraform-init.lock");
	if (fs_mkdirs(cache, 0700, err) < 0 || fs_mkdirs(tf->data_dir, 0700, err) < 0)
		return -1;
	/* The plugin cache and a shared data folder bear one init at a time. */
	AUTO_LOCK lock = LOCK_NONE;
	if (lock_take(lock_path, run->owner ? run->owner : "init", INIT_WAIT_MS, &lock, err) < 0)
		return err_wrap(err, "wait for another init");
	/* Whoever held it may have done our work. */
	if (!force && use_prepared(&in, &ready, err) < 0)
		return -1;
	return ready ? 0 : init_locked(tf, &in, run, err);
}
