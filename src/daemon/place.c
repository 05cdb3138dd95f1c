#include "daemon/place.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "reconcile/session.h"
#include "source/source.h"

#include <stdlib.h>

int place_find(const struct server_config *config, const struct server_repository *repository,
	struct place *ret, struct err **err)
{
	*ret = (struct place){.mirror = repository->url.text != NULL};
	if (ret->mirror) {
		/* As a bare repository has it, also before there is one. */
		ret->dir = xasprintf("%s/repos/%s.git", config->data_dir, repository->name.text);
		ret->state_dir = path_join(ret->dir, "trueup");
		return 0;
	}
	AUTO_SOURCE *source = NULL;
	if (source_open(repository->path.text, NULL, &source, err) < 0)
		return -1;
	ret->dir = xstrdup(repository->path.text);
	ret->state_dir = xstrdup(source_state_dir(source));
	return 0;
}

void place_release(struct place *place)
{
	free(place->dir);
	free(place->state_dir);
	*place = (struct place){0};
}
