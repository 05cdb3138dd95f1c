#!/bin/bash
# Protects: no text in a spec can become code. What the parsed HCL holds is the text that was
# written, and there is no resource, data source, provider, module or provisioner that a harmless
# text would not have given as well.
# timeout: 900
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-terraform.sh"
. "$TOP/tests/e2e/lib-canvas.sh"
need_terraform
need_moto

# A canvas in which each text stands in every place that takes free text; $2 "x" puts a harmless
# text in all of them instead.
cat >make.py <<'END'
import json, sys, unicodedata

corpus, out, harmless = sys.argv[1], sys.argv[2], len(sys.argv) > 3
with open(corpus, encoding="utf-8") as f:
    texts = [t["text"] for t in json.load(f)["texts"]]
texts.append(('"${file("/etc/passwd")}%{ if true }\n' * 2048)[:65536])
nodes = []


def node(id, kind, label, config):
    nodes.append({"id": id, "type": "resource",
                  "data": {"resourceType": kind, "label": label, "config": config}})


def text(i, limit):
    t = "x%d" % i if harmless else texts[i]
    return t if len(t.encode()) <= limit else "long"


for i in range(len(texts)):
    # A label with control characters is refused, with a warning: then it is the node's id.
    label = text(i, 65536)
    plain = not any(c != "\n" and c != "\t" and unicodedata.category(c) == "Cc" for c in label)
    node("k%d" % i, "KMS", label if plain else "label",
         {"description": text(i, 8000), "tags": {"value": text(i, 65536), text(i, 65536): "key"}})
    if i % 6 == 0:
        node("s%d" % i, "SNS", "topic", {"displayName": text(i, 60)})
        node("t%d" % i, "DYNAMODB", "table", {"hashKey": text(i, 200), "ttl": "t" + text(i, 200)})
every = range(len(texts))
node("fn", "LAMBDA", "function",
     {"runtime": "python3.13", "handler": "a.b", "source": "s3://example/${x}/\"a\".zip",
      "environment": {"E%d" % i: text(i, 65536) for i in every}})
node("api", "ECS", "tasks",
     {"image": "nginx", "command": [text(i, 65536) for i in every],
      "environment": {text(i, 200): text(i, 65536) for i in every}})
node("web", "EC2", "server", {"userData": "".join(text(i, 200) for i in every) or "x"})
node("zone", "ROUTE53", "zone",
     {"zone": "example.com", "comment": "c" + text(8, 200),
      "records": {"r%d" % i + text(i, 200): {"name": "r%d" % i, "type": "TXT", "values": [text(i, 200)]}
                  for i in every}})
with open(out, "w", encoding="utf-8") as f:
    json.dump({"apiVersion": "trueup/v1", "kind": "Canvas", "metadata": {"name": "inject"},
               "spec": {"role": "everything", "nodes": nodes, "edges": []}}, f)
END

# Terraform keeps texts in Unicode's composed form (NFC).
cat >compare.py <<'END'
import hashlib, json, sys, unicodedata

canvas, plan = (json.load(open(p, encoding="utf-8")) for p in sys.argv[1:3])
values = {r["address"]: r["values"] for r in plan["planned_values"]["root_module"]["resources"]}
wrong = 0


def same(place, got, want):
    global wrong
    if isinstance(want, dict):
        want = {unicodedata.normalize("NFC", k): unicodedata.normalize("NFC", v)
                for k, v in want.items()}
    elif isinstance(want, list):
        want = [unicodedata.normalize("NFC", v) for v in want]
    else:
        want = unicodedata.normalize("NFC", want)
    if got != want:
        wrong += 1
        print("%s:\n  got    %.300r\n  wanted %.300r" % (place, got, want))


for n in canvas["spec"]["nodes"]:
    id, data = n["id"], n["data"]
    kind, label, config = data["resourceType"], data["label"], data["config"]
    if kind == "KMS":
        v = values["aws_kms_key." + id]
        same(id + " description", v["description"], config["description"])
        same(id + " tags", v["tags"], dict({"Name": "inject-" + label}, **config["tags"]))
    elif kind == "SNS":
        same(id + " displayName", values["aws_sns_topic." + id]["display_name"], config["displayName"])
    elif kind == "DYNAMODB":
        v = values["aws_dynamodb_table." + id]
        same(id + " hashKey", v["hash_key"], config["hashKey"])
        same(id + " ttl", v["ttl"][0]["attribute_name"], config["ttl"])
    elif kind == "LAMBDA":
        v = values["aws_lambda_function." + id]
        same(id + " environment", v["environment"][0]["variables"], config["environment"])
        same(id + " source", "s3://%s/%s" % (v["s3_bucket"], v["s3_key"]), config["source"])
    elif kind == "EC2":
        text = unicodedata.normalize("NFC", config["userData"])
        same(id + " userData", values["aws_instance." + id]["user_data"],
             hashlib.sha1(text.encode()).hexdigest())
    elif kind == "ROUTE53":
        same(id + " comment", values["aws_route53_zone." + id]["comment"], config["comment"])
        got = sorted(v["name"] + " " + v["records"][0] for a, v in values.items()
                     if a.startswith("aws_route53_record."))
        same(id + " records", got, sorted(
            "%s.example.com %s" % (r["name"], r["values"][0]) for r in config["records"].values()))
sys.exit(wrong > 0)
END

# The containers of a task are JSON that is known only after apply: as an expression, they hold
# the texts between the quotes of HCL, so the console of Terraform is asked for them.
cat >containers.py <<'END'
import json, sys

canvas, printed = (json.load(open(p, encoding="utf-8")) for p in sys.argv[1:3])
if isinstance(printed, str):
    printed = json.loads(printed)
import unicodedata
nfc = lambda t: unicodedata.normalize("NFC", t)
config = [n for n in canvas["spec"]["nodes"] if n["id"] == "api"][0]["data"]["config"]
got = printed[0]
want = sorted((nfc(k), nfc(v)) for k, v in config["environment"].items())
assert sorted((e["name"], e["value"]) for e in got["environment"]) == want, "environment differs"
assert got["command"] == [nfc(t) for t in config["command"]], "command differs"
END

# What there is beside values: addresses, modes, providers, modules, provisioners.
cat >shape.py <<'END'
import json, sys, re

plan = json.load(open(sys.argv[1], encoding="utf-8"))
root = plan["configuration"]["root_module"]
for r in sorted(root["resources"], key=lambda r: r["address"]):
    name = r["address"]
    if r["type"] == "aws_route53_record":
        name = re.sub(r"__records_.*", "__records", name)
    print(r["mode"], name, r["provider_config_key"], "provisioners" in r)
print(sorted(plan["configuration"]["provider_config"]), sorted(root.get("module_calls", {})))
print(sorted(root.get("outputs", {})), sorted(plan.get("variables", {})))
END

for kind in hostile harmless; do
	option=
	[ $kind = hostile ] || option=x
	test_expect_success "$kind texts: rendered, formatted, planned" '
		mkdir $kind &&
		python3 make.py "$TOP/tests/data/injection/texts.json" $kind.json $option &&
		"$RENDER" "$ROLE" $kind.json $kind &&
		"$TERRAFORM" fmt -check -list=true $kind &&
		{ tf $kind plan -input=false -no-color -out=plan >log ||
			{ cut -c1-300 log; false; }; } &&
		tf $kind show -json plan >$kind.plan.json &&
		python3 shape.py $kind.plan.json >$kind.shape
	'
done
test_expect_success 'every text arrives as it was written' '
	python3 compare.py hostile.json hostile.plan.json
'
test_expect_success 'texts in a JSON document inside HCL arrive too' '
	awk "/container_definitions = jsonencode/ { on = 1; print \"locals {\"; sub(/.*= jsonencode/, \"text = jsonencode\") }
		on { print } on && /^  \]\)/ { print \"}\"; exit }" hostile/node-api.tf >locals.tf &&
	sed "s/aws_cloudwatch_log_group.api.name/\"log\"/" locals.tf >part.tf &&
	mkdir part && mv part.tf part/ &&
	echo "output \"text\" { value = local.text }" >part/output.tf &&
	"$TERRAFORM" -chdir=part apply -auto-approve -input=false >log || { cut -c1-300 log; false; } &&
	"$TERRAFORM" -chdir=part output -raw text >text.json &&
	python3 containers.py hostile.json text.json
'
test_expect_success 'no resource, provider, module or provisioner came of it' '
	test_cmp harmless.shape hostile.shape
'
test_done
