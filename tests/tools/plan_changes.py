#!/usr/bin/env python3
"""What a Terraform plan (JSON) does, for tests.

  plan_changes.py changes PLAN [BASE]   "replace aws_instance.web" a line, sorted. What plan BASE
                                        does in just the same way is left out: an emulator forgets
                                        some attributes, so it has changes that nobody made.
  plan_changes.py attributes PLAN       "update aws_sqs_queue redrive_policy" a line: types and
                                        top-level attributes that change, "replace ... PATH" with
                                        what forces a replacement.
  plan_changes.py settle STATE PLAN OUT the state as if PLAN had been applied, as far as its values
                                        are known: so that what an emulator forgets or cannot make
                                        does not stand in the way of plans without a refresh.
"""
import json
import sys

NAMES = {
    ("create",): "create",
    ("update",): "update",
    ("delete",): "destroy",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
}


def changes(path):
    with open(path, encoding="utf-8") as f:
        plan = json.load(f)
    found = {}
    for r in plan["resource_changes"]:
        name = NAMES.get(tuple(r["change"]["actions"]))
        if name and r["mode"] == "managed":
            found[r["address"]] = (name, r)
    return found


def changed_attributes(change):
    before, after = change["before"] or {}, change["after"] or {}
    unknown = change["after_unknown"] or {}
    return {
        k: (before.get(k), after.get(k), unknown.get(k))
        for k in set(before) | set(after) | set(unknown)
        if before.get(k) != after.get(k) or unknown.get(k) is True
    }


def print_changes(plan, base):
    for address, (name, r) in sorted(changes(plan).items()):
        other = base.get(address)
        if other and other[0] == name:
            if changed_attributes(other[1]["change"]) == changed_attributes(r["change"]):
                continue
        print(name, address)


def print_attributes(plan):
    lines = set()
    for _, (name, r) in changes(plan).items():
        change = r["change"]
        if name == "replace":
            paths = change.get("replace_paths", [])
            lines |= {"replace %s %s" % (r["type"], p[0]) for p in paths}
        elif name == "update":
            lines |= {"update %s %s" % (r["type"], k) for k in changed_attributes(change)}
        else:
            lines.add("%s %s" % (name, r["type"]))
    print("\n".join(sorted(lines)))


# Types that no emulator makes have no example in the state.
SCHEMA_VERSIONS = {"aws_elasticache_replication_group": 2, "aws_elasticache_cluster": 0}


def settle(state_path, plan_path, out):
    with open(state_path, encoding="utf-8") as f:
        state = json.load(f)
    versions, attributes, provider = dict(SCHEMA_VERSIONS), {}, None
    for r in state["resources"]:
        provider = r["provider"]
        for i in r["instances"]:
            versions[r["type"]] = i.get("schema_version", 0)
            attributes["%s.%s" % (r["type"], r["name"])] = i["attributes"]
    for address, (name, r) in changes(plan_path).items():
        after, unknown = r["change"]["after"], r["change"]["after_unknown"]
        if name == "create":
            made = dict(after)
            for key in ("id", "arn"):
                if unknown.get(key) is True:
                    made[key] = "%s-of-%s" % (key, r["name"])
            attributes[address] = made
            state["resources"].append({
                "mode": "managed", "type": r["type"], "name": r["name"], "provider": provider,
                "instances": [{"schema_version": versions.get(r["type"], 0), "attributes": made}]})
        elif name in ("update", "replace"):
            known = {k: v for k, v in after.items() if unknown.get(k) is not True}
            attributes[address].update(known)
            for path in r["change"].get("replace_paths", []):
                if unknown.get(path[0]) is True:
                    attributes[address][path[0]] = []
            if r["type"] == "aws_eks_node_group":
                attributes[address]["remote_access"] = []  # the one that moto invents
    with open(out, "w", encoding="utf-8") as f:
        json.dump(state, f)


if sys.argv[1] == "settle":
    settle(*sys.argv[2:5])
elif sys.argv[1] == "changes":
    print_changes(sys.argv[2], changes(sys.argv[3]) if len(sys.argv) > 3 else {})
else:
    print_attributes(sys.argv[2])
