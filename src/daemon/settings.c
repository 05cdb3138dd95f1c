/*
 * A configuration in force. Workers get the very text that was checked, as a file in memory, so
 * that an edit of the file on disk cannot reach them before the daemon has accepted it.
 */
#include "daemon/daemon_internal.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CONFIG_MAX = 4 * 1024 * 1024 };

static int keep_in_memory(struct settings *s, struct err **err)
{
	s->fd = memfd_create("server.yaml", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (s->fd < 0)
		return err_errno(err, errno, "make a file in memory");
	for (size_t at = 0; at < s->text.len;) {
		const ssize_t n = write(s->fd, s->text.data + at, s->text.len - at);
		if (n < 0)
			return err_errno(err, errno, "write a file in memory");
		at += (size_t)n;
	}
	const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	if (fcntl(s->fd, F_ADD_SEALS, seals) < 0)
		return err_errno(err, errno, "seal a file in memory");
	return 0;
}

int settings_load(const struct daemon_options *options, struct settings **ret, struct err **err)
{
	*ret = NULL;
	struct settings *s = xcalloc(1, sizeof *s);
	*s = (struct settings){.text = STR_INIT, .fd = -1};
	AUTO_DIAGS diags = {0};
	if (fs_read(options->config_path, CONFIG_MAX, &s->text, err) < 0) {
		settings_free(s);
		return -1;
	}
	s->src = (struct src){options->config_path, s->text.data, s->text.len};
	s->config = server_load(&s->arena, &s->src, &diags);
	if (diags.count)
		options->show(options->data, &diags);
	int rc = 0;
	if (s->config && (rc = keep_in_memory(s, err)) == 0)
		*ret = steal_ptr(s);
	settings_free(s);
	return rc;
}

void settings_free(struct settings *settings)
{
	if (!settings)
		return;
	close_fd(&settings->fd);
	str_release(&settings->text);
	arena_release(&settings->arena);
	free(settings);
}
