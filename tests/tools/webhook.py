#!/usr/bin/env python3
"""Webhooks as GitHub, GitLab and Gitea send them, for tests.

    webhook.py send KIND URL SECRET EVENT ID < BODY
    webhook.py pull KIND URL SECRET ID ACTION < PULL
    webhook.py comment KIND URL SECRET ID ACTION < COMMENT
    webhook.py review KIND URL SECRET ID < PULL

prints the status of the answer. KIND is github, gitlab, gitlab-signed (the newer signature) or
gitea; URL "http://HOST/hooks/NAME", or "unix:PATH NAME" for a socket. `send` takes the body as it
is, the others make it from JSON in the words of the fake forge's state:

    PULL     {"repo": .., "number": .., "head": .., "head_ref": .., "base": .., "author": ..}
             ACTION: opened, synchronized, closed, merged; labeled, which is of no interest
    COMMENT  {"repo": .., "pull": .., "id": .., "author": .., "body": ..}
             ACTION: created, edited, deleted (GitLab says nothing of a deletion)
"""
import base64
import hashlib
import hmac
import http.client
import json
import socket
import sys
import time
import urllib.parse

STAMP = "2026-11-22T08:01:02Z"


def plain(kind):
    return "gitlab" if kind.startswith("gitlab") else kind


def pull(kind, action, p):
    """Name of the event and its body."""
    ended = action in ("closed", "merged")
    author, number = p.get("author", "alice"), p["number"]
    if plain(kind) == "gitlab":
        what = {"opened": "open", "synchronized": "update", "closed": "close", "merged": "merge",
                "labeled": "update"}[action]
        row = {"id": 9000 + number, "iid": number, "title": "x", "action": what, "draft": False,
               "state": {"closed": "closed", "merged": "merged"}.get(action, "opened"),
               "source_branch": p.get("head_ref", "topic"), "target_branch": "main",
               "source_project_id": 5, "target_project_id": 5, "url": "https://x/%d" % number,
               "last_commit": {"id": p["head"]}, "updated_at": STAMP}
        if action == "synchronized":
            row["oldrev"] = p.get("before", "a" * 40)
        return "Merge Request Hook", {
            "object_kind": "merge_request", "user": {"username": author},
            "project": {"id": 5, "path_with_namespace": p["repo"]}, "object_attributes": row,
            "changes": {"labels": {}} if action == "labeled" else {}}
    said = "closed" if ended else action
    if action == "synchronized" and kind == "github":
        said = "synchronize"
    if action == "labeled" and kind == "gitea":
        said = "label_updated"

    def side(ref, sha):
        return {"ref": ref, "sha": sha, "repo": {"full_name": p["repo"]}}
    return "pull_request", {
        "action": said, "number": number, "repository": {"full_name": p["repo"]},
        "sender": {"login": author},
        "pull_request": {
            "number": number, "state": "closed" if ended else "open", "title": "x",
            "draft": False, "merged": action == "merged", "html_url": "https://x/%d" % number,
            "user": {"login": author}, "updated_at": STAMP,
            "head": side(p.get("head_ref", "topic"), p["head"]),
            "base": side("main", p.get("base", "b" * 40))}}


def comment(kind, action, c):
    author = c.get("author", "alice")
    if plain(kind) == "gitlab":
        return "Note Hook", {
            "object_kind": "note", "user": {"username": author},
            "project": {"id": 5, "path_with_namespace": c["repo"]},
            "merge_request": {"iid": c["pull"]},
            "object_attributes": {
                "id": c["id"], "note": c["body"], "noteable_type": "MergeRequest",
                "action": {"created": "create", "edited": "update"}[action], "system": False}}
    return "issue_comment", {
        "action": action, "repository": {"full_name": c["repo"]}, "sender": {"login": author},
        "issue": {"number": c["pull"], "pull_request": {"url": "https://x/%d" % c["pull"]}},
        "is_pull": True,
        "comment": {"id": c["id"], "body": c["body"], "user": {"login": author},
                    "created_at": STAMP, "updated_at": STAMP}}


def review(kind, p):
    """Somebody approved."""
    if plain(kind) == "gitlab":
        event, body = pull(kind, "opened", p)
        body["object_attributes"]["action"] = "approved"
        body["user"]["username"] = "bob"
        return event, body
    _, body = pull(kind, "opened", p)
    body.update({"action": "submitted" if kind == "github" else "reviewed",
                 "sender": {"login": "bob"}})
    return "pull_request_review" if kind == "github" else "pull_request_approved", body


def ignored(kind, repo):
    """Of no interest to anybody here."""
    if plain(kind) == "gitlab":
        return "Pipeline Hook", {"object_kind": "pipeline", "user": {"username": "alice"},
                                 "project": {"id": 5, "path_with_namespace": repo}}
    return "fork" if kind == "gitea" else "watch", {
        "action": "started", "repository": {"full_name": repo}, "sender": {"login": "alice"}}


def signed(kind, secret, event, delivery, body):
    """The headers of a delivery."""
    mac = hmac.new(secret.encode(), body, hashlib.sha256)
    headers = {"Content-Type": "application/json"}
    if kind == "github":
        headers.update({"X-GitHub-Event": event, "X-GitHub-Delivery": delivery,
                        "X-Hub-Signature-256": "sha256=" + mac.hexdigest()})
    elif kind == "gitea":
        headers.update({"X-Gitea-Event": event, "X-Gitea-Delivery": delivery,
                        "X-Gitea-Signature": mac.hexdigest()})
    elif kind == "gitlab":
        headers.update({"X-Gitlab-Event": event, "X-Gitlab-Token": secret,
                        "Idempotency-Key": delivery})
    else:
        now = str(int(time.time()))
        whole = hmac.new(secret.encode(), b".".join([delivery.encode(), now.encode(), body]),
                         hashlib.sha256)
        headers.update({"X-Gitlab-Event": event, "webhook-id": delivery, "webhook-timestamp": now,
                        "webhook-signature": "v1," + base64.b64encode(whole.digest()).decode()})
    return headers


def post(url, headers, body):
    """Status of the answer; OSError or HTTPException: there was none."""
    if url.startswith("unix:"):
        path, name = url[5:].split(" ")
        connection = http.client.HTTPConnection("localhost", timeout=60)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(path)
        path = "/hooks/" + name
    else:
        at = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(at.netloc, timeout=60)
        path = at.path
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def main():
    what, kind, url, secret, *rest = sys.argv[1:]
    if what == "send":
        event, delivery = rest
        body = sys.stdin.buffer.read()
    else:
        delivery, thing = rest[0], json.load(sys.stdin)
        event, body = review(kind, thing) if what == "review" else \
            {"pull": pull, "comment": comment}[what](kind, rest[1], thing)
        body = json.dumps(body).encode()
    print(post(url, signed(kind, secret, event, delivery, body), body))


if __name__ == "__main__":
    if len(sys.argv) < 6:
        sys.exit(__doc__)
    main()
