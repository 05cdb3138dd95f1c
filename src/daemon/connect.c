#include "daemon/connect.h"

#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"

enum forge_kind connect_kind(const struct server_repository *repository)
{
	static const enum forge_kind kinds[] = {
		[SERVER_GITHUB] = FORGE_GITHUB,
		[SERVER_GITLAB] = FORGE_GITLAB,
		[SERVER_GITEA] = FORGE_GITEA,
	};
	return kinds[repository->forge.kind];
}

int connect_forge(const struct server_repository *repository, struct forge **ret, struct err **err)
{
	const struct server_repository *r = repository;
	if (!r->forge.repository)
		return err_set(err, ERR_NOT_FOUND, "'%s' has no forge", r->name.text);
	const bool app = r->forge.app.id != NULL;
	AUTO_STR secret = STR_INIT;
	if (server_secret_read(app ? &r->forge.app.key : &r->forge.token, &secret, err) < 0)
		return err_wrap(err, "the credential for the forge of '%s'", r->name.text);
	const struct forge_config config = {
		.kind = connect_kind(r),
		.url = r->forge.base_url,
		.repository = r->forge.repository,
		.token = app ? NULL : secret.data,
		.app_id = r->forge.app.id,
		.app_key_pem = app ? secret.data : NULL,
		.installation = r->forge.app.installation,
		.ca_file = r->forge.ca_file,
		.proxy = r->forge.proxy,
	};
	const int rc = forge_open(&config, ret, err);
	secret_wipe(secret.data, secret.len);
	return rc;
}
