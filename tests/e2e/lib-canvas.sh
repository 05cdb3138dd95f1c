# shellcheck shell=bash
# For tests of what canvases render to; source it after lib.sh (and lib-terraform.sh).
#
#	RENDER      the program that renders one canvas without a repository
#	ROLE        a role that may use everything
#	ALL         a canvas with every resource type and every kind of edge

RENDER=$TOP/${TRUEUP_BUILD:-build/release}/tools/render_canvas
ROLE=$TOP/examples/all-types/roles/everything.yaml
ALL=$TOP/examples/all-types/canvases/all-types.yaml

# canvas_edit IN OUT PYTHON: a canvas changed by Python statements over `spec` (the spec), `node`
# (configs by node id), drop(ID...) and cut(FROM, TO), written as JSON, which is YAML too.
canvas_edit() {
	python3 - "$@" <<-'END'
		import json, sys, yaml
		with open(sys.argv[1], encoding="utf-8") as f:
		    canvas = yaml.safe_load(f)
		spec = canvas["spec"]
		node = {n["id"]: n["data"].setdefault("config", {}) for n in spec["nodes"]}

		def drop(*ids):
		    spec["nodes"] = [n for n in spec["nodes"] if n["id"] not in ids]
		    spec["edges"] = [e for e in spec["edges"]
		                     if e["source"] not in ids and e["target"] not in ids]

		def cut(source, target):
		    spec["edges"] = [e for e in spec["edges"]
		                     if (e["source"], e["target"]) != (source, target)]

		exec(sys.argv[3])
		with open(sys.argv[2], "w", encoding="utf-8") as f:
		    json.dump(canvas, f, indent=1)
	END
}

# The canvas that an emulator can apply: without the cache, which moto never ends deleting, without
# HTTPS, for which there is no certificate, and without what protects from being destroyed.
canvas_live() {
	canvas_edit "$ALL" "$1" '
canvas["metadata"]["name"] = "live"
drop("cache")
cut("cdn", "front")
for name in ("front", "tcp", "tcp-tasks"):
    node[name]["deletionProtection"] = False
del node["front"]["certificateArn"]
node["front"]["internal"] = True
node["db"].update(deletionProtection=False, skipFinalSnapshot=True)
node["assets"]["forceDestroy"] = True
node["cdn"].clear()
'
}

# tf FOLDER ARGUMENTS: terraform in a folder, with providers that are set up once for all of them.
tf() {
	local dir=$1
	shift
	if [ ! -d "$TRASH/data" ]; then
		mkdir "$TRASH/init" &&
			"$RENDER" "$ROLE" "$ALL" "$TRASH/init" &&
			TF_DATA_DIR=$TRASH/data "$TERRAFORM" -chdir="$TRASH/init" init -input=false -no-color \
				>/dev/null || return 1
	fi
	cp "$TRASH/init/.terraform.lock.hcl" "$dir/" 2>/dev/null
	TF_DATA_DIR=$TRASH/data "$TERRAFORM" -chdir="$dir" "$@"
}
