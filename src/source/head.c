/*
 * HEAD without libgit2 (whose start costs more than the rest of a run with nothing to do), by the
 * documented files: gitrepository-layout(5), git-pack-refs(1). Whatever does not look just as
 * expected is left to libgit2.
 */
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "source/internal.h"

#include <fcntl.h>
#include <string.h>

enum { ID_LEN = 40, MAX_REF_FILE = 4096, MAX_PACKED = 16 * 1024 * 1024 };

static bool is_id(const char *text)
{
	return strspn(text, "0123456789abcdef") == ID_LEN;
}

/* A regular file that is no link, in full. */
static bool read_plain(const char *dir, const char *name, size_t limit, struct str *out)
{
	AUTO_FREE char *path = path_join(dir, name);
	AUTO_CLOSE fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	AUTO_ERR unreadable = NULL;
	return fd >= 0 && fs_read_fd(fd, path, limit, out, &unreadable) == 0;
}

static bool from_loose(const char *common, const char *ref, char *ret_id)
{
	AUTO_STR text = STR_INIT;
	if (!read_plain(common, ref, MAX_REF_FILE, &text) || !is_id(text.data) ||
		text.len != ID_LEN + 1 || text.data[ID_LEN] != '\n')
		return false;
	memcpy(ret_id, text.data, ID_LEN);
	ret_id[ID_LEN] = '\0';
	return true;
}

/* Lines "ID REF"; comments begin with "#", peeled tags with "^". */
static bool from_packed(const char *common, const char *ref, char *ret_id)
{
	AUTO_FREE char *loose = path_join(common, ref);
	if (fs_exists(loose))
		return false; /* there, but not as expected */
	AUTO_STR text = STR_INIT;
	if (!read_plain(common, "packed-refs", MAX_PACKED, &text))
		return false;
	const size_t ref_len = strlen(ref);
	for (const char *line = text.data; *line;) {
		const size_t len = strcspn(line, "\n");
		if (len == ID_LEN + 1 + ref_len && is_id(line) && line[ID_LEN] == ' ' &&
			memcmp(line + ID_LEN + 1, ref, ref_len) == 0) {
			memcpy(ret_id, line, ID_LEN);
			ret_id[ID_LEN] = '\0';
			return true;
		}
		line += len + (line[len] == '\n');
	}
	return false;
}

bool source_head_fast(const struct source *s, struct source_rev *ret)
{
	*ret = (struct source_rev){0};
	AUTO_STR head = STR_INIT;
	if (s->kind != SOURCE_GIT || !read_plain(s->git_dir, "HEAD", MAX_REF_FILE, &head))
		return false;
	if (!head.len || head.data[head.len - 1] != '\n')
		return false;
	str_truncate(&head, head.len - 1);
	if (head.len == ID_LEN && is_id(head.data)) {
		memcpy(ret->commit, head.data, ID_LEN);
		return true;
	}
	static const char prefix[] = "ref: refs/heads/";
	if (!str_starts(head.data, prefix) || strlen(head.data) != head.len)
		return false;
	const char *branch = head.data + strlen(prefix);
	if (strlen(branch) >= SOURCE_NAME_SIZE || branch[0] == '.' || strstr(branch, ".."))
		return false;
	const char *ref = head.data + strlen("ref: ");
	if (!from_loose(s->common_dir, ref, ret->commit) &&
		!from_packed(s->common_dir, ref, ret->commit))
		return false;
	memcpy(ret->branch, branch, strlen(branch) + 1);
	return true;
}
