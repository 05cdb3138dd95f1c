#!/usr/bin/env python3
"""A forge for tests: GitHub (/api/v3, or no prefix), GitLab (/api/v4) and Gitea (/api/v1) at once.

    fake-forge.py serve DIR                  writes DIR/url when it listens (127.0.0.1, free port)

It keeps what it is told, so that the end of a test can be compared, and records every request in
DIR/requests.jsonl. Tests steer it:

    GET  /_/state                everything it knows
    POST /_/state {..}           merges into it; null removes
    POST /_/eval EXPRESSION      a Python expression over its state s: text as it is, else JSON
    POST /_/wait EXPRESSION      the same, once it is true; 504 if it is not in three minutes
    POST /_/fault {..}           puts a fault at the end of the list; the first that matches a request
                                 answers in its place, `times` times:
        match    regular expression on "METHOD PATH"
        times    default 1
        status, headers, body    the answer; default 502 with a line of HTML
        after    true: do what was asked first, then answer like this (an answer that got lost)
        cut      true: promise a longer body than is sent
        close    true: close without an answer
        hang     seconds to wait before anything is answered
    POST /_/reset                forgets faults and requests

State: tokens, app, repo (name), pulls, comments, statuses, reactions, reviews, permissions, users,
behind. That is of octo/shop; a test that needs several repositories says /_/state?repo=octo/other,
which makes one. Only loopback, no dependencies beyond Python.
"""
import json
import os
import re
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BOT = "trueup-bot"
APP = "trueup-app"
REPO = "octo/shop"
STAMP = "2026-11-22T08:01:02Z"
PATIENCE = 180  # seconds
SHA = re.compile(r"^[0-9a-f]{40}$")


class Refused(Exception):
    def __init__(self, status, message, headers=None):
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers or {}


class Forge:
    def __init__(self, folder):
        self.folder = folder
        self.lock = threading.Condition()  # told of each request that was answered
        self.faults = []
        self.log = open(os.path.join(folder, "requests.jsonl"), "a", buffering=1)
        self.repos = {}
        self.turn_to(REPO, make=True)

    def turn_to(self, repo, make=False):
        """What is done next is about this repository, if there is one."""
        if repo not in self.repos and make:
            self.repos[repo] = self.new_state(repo)
        self.state = self.repos.get(repo, self.repos.get(REPO))

    @staticmethod
    def new_state(repo):
        return {
            "repo": repo,
            "tokens": ["test-token"],
            "app": {"installation": 77, "made": 0, "lifetime": 3600},
            "pulls": {},
            "comments": {},
            "statuses": {},
            "reactions": [],
            "reviews": {},
            "permissions": {},
            "users": {},
            "behind": {},
            "next_id": 1000,
        }

    def new_id(self):
        self.state["next_id"] += 1
        return self.state["next_id"]

    def merge(self, change, into=None):
        into = self.state if into is None else into
        for key, value in change.items():
            if value is None:
                into.pop(key, None)
            elif isinstance(value, dict) and isinstance(into.get(key), dict):
                self.merge(value, into[key])
            else:
                into[key] = value

    def fault_for(self, line):
        for fault in self.faults:
            if fault.get("times", 1) > 0 and re.search(fault["match"], line):
                fault["times"] = fault.get("times", 1) - 1
                return fault
        return None

    # What all three have in common.

    def comment_add(self, pull, body):
        limit = 1000000 if self.kind == "gitlab" else 65536
        if not isinstance(body, str) or not body:
            raise Refused(422, "Validation Failed: body is missing")
        if len(body) > limit:
            raise Refused(422, "Validation Failed: body is too long (maximum is 65536 characters)")
        if str(pull) not in self.state["pulls"]:
            raise Refused(404, "Not Found")
        number = self.new_id()
        self.state["comments"][str(number)] = {
            "id": number, "pull": int(pull), "author": self.login, "body": body}
        return self.state["comments"][str(number)]

    def comment(self, number):
        if str(number) not in self.state["comments"]:
            raise Refused(404, "Not Found")
        return self.state["comments"][str(number)]

    @staticmethod
    def comment_edit(comment, body):
        comment["body"] = body
        comment["updated_at"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

    def comments_of(self, pull):
        return [c for c in self.state["comments"].values() if c["pull"] == int(pull)]

    def status_add(self, sha, context, state, description, url):
        if not SHA.match(sha):
            raise Refused(422, "No commit found for SHA: " + sha)
        if description and len(description) > 140:
            raise Refused(422, "Validation Failed: description is too long (maximum is 140 "
                               "characters)")
        if len(context.encode()) > 255:
            raise Refused(422, "Validation Failed: context is too long")
        of_sha = self.state["statuses"].setdefault(sha, [])
        if sum(1 for s in of_sha if s["context"] == context) >= 1000:
            raise Refused(422, "This SHA and context has reached the maximum number of statuses.")
        row = {"id": self.new_id(), "context": context, "state": state,
               "description": description, "url": url}
        of_sha.append(row)
        return row

    def statuses_now(self, sha):
        newest = {}
        for row in self.state["statuses"].get(sha, []):
            newest[row["context"]] = row
        return list(newest.values())

    def pull(self, number):
        if str(number) not in self.state["pulls"]:
            raise Refused(404, "Not Found")
        return self.state["pulls"][str(number)]

    def pulls(self, all_of_them):
        rows = [p for p in self.state["pulls"].values()
                if all_of_them or p.get("state", "open") == "open"]
        return sorted(rows, key=lambda p: p.get("updated_at", STAMP), reverse=True)


class HubShapes:
    """GitHub and Gitea."""

    def __init__(self, forge):
        self.f = forge

    def user(self, login):
        bot = login.endswith("[bot]")
        return {"login": login, "id": 1, "node_id": "U_1", "avatar_url": "https://x/a",
                "gravatar_id": "", "url": "https://x/u", "html_url": "https://x/u",
                "followers_url": "https://x/u", "following_url": "https://x/u",
                "gists_url": "https://x/u", "starred_url": "https://x/u",
                "subscriptions_url": "https://x/u", "organizations_url": "https://x/u",
                "repos_url": "https://x/u", "events_url": "https://x/u",
                "received_events_url": "https://x/u", "type": "Bot" if bot else "User",
                "site_admin": False}

    def comment(self, c):
        return {"id": c["id"], "node_id": "IC_%d" % c["id"], "url": "https://x/c/%d" % c["id"],
                "html_url": "https://x/h/%d" % c["id"], "issue_url": "https://x/i",
                "body": c["body"], "user": self.user(c["author"]),
                "created_at": c.get("created_at", STAMP), "updated_at": c.get("updated_at", STAMP),
                "author_association": "MEMBER"}

    def status(self, s, sha):
        row = {"id": s["id"], "node_id": "S_%d" % s["id"], "context": s["context"],
               "description": s["description"], "target_url": s["url"],
               "url": "https://x/s/" + sha, "avatar_url": "https://x/a",
               "created_at": STAMP, "updated_at": STAMP, "creator": self.user(self.f.login)}
        row["status" if self.f.kind == "gitea" else "state"] = s["state"]
        return row

    def pull(self, p):
        merged = p.get("state") == "merged"

        def side(ref, sha, repo):
            return {"label": "x:" + ref, "ref": ref, "sha": sha, "user": self.user("octo"),
                    "repo": repo and {"id": 1, "full_name": repo, "name": repo.split("/")[1]}}
        return {"id": p["number"], "number": p["number"], "title": p.get("title", "A change"),
                "state": "closed" if merged else p.get("state", "open"),
                "user": self.user(p.get("author", "alice")), "draft": p.get("draft", False),
                "html_url": "https://x/pull/%d" % p["number"], "body": p.get("body", ""),
                "head": side(p.get("head_ref", "topic"), p["head"],
                             p.get("head_repo", self.f.state["repo"])),
                "base": side(p.get("base_ref", "main"), p.get("base", "b" * 40),
                             self.f.state["repo"]),
                "mergeable": p.get("mergeable", True), "merged": merged,
                "merged_at": STAMP if merged else None,
                "merge_commit_sha": p.get("merge_sha"),
                "created_at": STAMP, "updated_at": p.get("updated_at", STAMP)}

    def page(self, rows, query):
        size = int(query.get("per_page", query.get("limit", ["30"]))[0])
        number = int(query.get("page", ["1"])[0])
        return rows[(number - 1) * size:number * size]

    def combined(self, sha, query):
        rows = [self.status(s, sha) for s in self.f.statuses_now(sha)]
        return 200, {"state": "success", "sha": sha, "total_count": len(rows),
                     "statuses": self.page(rows, query)}

    def set_status(self, sha, body):
        if body.get("state") not in ("error", "failure", "pending", "success"):
            raise Refused(422, "Validation Failed: state")
        row = self.f.status_add(sha, body.get("context", "default"), body["state"],
                                body.get("description"), body.get("target_url"))
        return 201, self.status(row, sha)

    def reaction(self, number, body):
        self.f.comment(number)
        for r in self.f.state["reactions"]:
            if r["comment"] == int(number) and r["content"] == body["content"]:
                return 200, {"id": r["id"], "content": r["content"]}
        row = {"id": self.f.new_id(), "comment": int(number), "content": body["content"]}
        self.f.state["reactions"].append(row)
        return 201, {"id": row["id"], "content": row["content"], "user": self.user(self.f.login),
                     "node_id": "R", "created_at": STAMP}

    def reviews(self, number, query):
        rows = []
        for r in self.f.state["reviews"].get(str(number), []):
            row = {"id": r.get("id", 1), "user": self.user(r["author"]), "state": r["state"],
                   "commit_id": r.get("sha"), "submitted_at": STAMP}
            if self.f.kind == "gitea":
                row["dismissed"] = r.get("dismissed", False)
                row["state"] = {"CHANGES_REQUESTED": "REQUEST_CHANGES"}.get(r["state"], r["state"])
            rows.append(row)
        return 200, self.page(rows, query)

    def compare(self, text):
        first, second = text.split("...", 1)
        if self.f.kind == "gitea":
            first, second = second, first
            return 200, {"total_commits": self.f.state["behind"].get(first + "..." + second, 0),
                         "commits": []}
        behind = self.f.state["behind"].get(first + "..." + second, 0)
        return 200, {"status": "behind" if behind else "identical", "ahead_by": 0,
                     "behind_by": behind, "total_commits": 0, "commits": []}

    def permission(self, login):
        if login not in self.f.state["permissions"]:
            raise Refused(404, "%s is not a user" % login)
        name = self.f.state["permissions"][login]
        plain = {"maintain": "write", "triage": "read"}.get(name, name)
        return 200, {"permission": plain, "role_name": name, "user": self.user(login)}

    def comments(self, method, pull, query, body):
        if method == "POST":
            return 201, self.comment(self.f.comment_add(pull, body.get("body")))
        rows = [self.comment(c) for c in self.f.comments_of(pull)]
        since = query.get("since", [""])[0]
        rows = [c for c in rows if c["updated_at"] >= since]
        return 200, rows if self.f.kind == "gitea" else self.page(rows, query)

    def one_comment(self, method, number, body):
        c = self.f.comment(number)
        if method == "DELETE":
            del self.f.state["comments"][str(number)]
            return 204, None
        if method == "PATCH":
            if len(body["body"]) > 65536:
                raise Refused(422, "Validation Failed: body is too long")
            self.f.comment_edit(c, body["body"])
        return 200, self.comment(c)

    def app(self, method, path, bearer):
        if bearer.count(".") != 2:
            raise Refused(401, "A JSON web token could not be decoded")
        app = self.f.state["app"]
        if path == "/app":
            return 200, {"id": 1, "slug": APP, "name": APP}
        if path == "/repos/%s/installation" % self.f.state["repo"]:
            return 200, {"id": app["installation"], "app_id": 1}
        if path == "/app/installations/%d/access_tokens" % app["installation"]:
            app["made"] += 1
            token = "ghs_%d" % app["made"]
            self.f.state["tokens"].append(token)
            expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + app["lifetime"]))
            return 201, {"token": token, "expires_at": expires, "permissions": {}}
        raise Refused(404, "Not Found")

    def route(self, method, path, query, body):
        if path == "/user":
            return 200, self.user(self.f.login)
        repo = "/repos/" + self.f.state["repo"]
        if not path.startswith(repo + "/"):
            raise Refused(404, "Not Found")
        rest = path[len(repo):]
        routes = [
            (r"/statuses/(\w+)", "POST", lambda m: self.set_status(m[1], body)),
            (r"/commits/(\w+)/status", "GET", lambda m: self.combined(m[1], query)),
            (r"/issues/(\d+)/comments", "GET|POST",
             lambda m: self.comments(method, m[1], query, body)),
            (r"/issues/comments/(\d+)", "GET|PATCH|DELETE",
             lambda m: self.one_comment(method, m[1], body)),
            (r"/issues/comments/(\d+)/reactions", "POST", lambda m: self.reaction(m[1], body)),
            (r"/pulls/(\d+)", "GET", lambda m: (200, self.pull(self.f.pull(m[1])))),
            (r"/pulls", "GET", lambda m: (200, self.page(
                [self.pull(p) for p in self.f.pulls(query.get("state") == ["all"])], query))),
            (r"/pulls/(\d+)/reviews", "GET", lambda m: self.reviews(m[1], query)),
            (r"/compare/(.+)", "GET", lambda m: self.compare(m[1])),
            (r"/collaborators/([^/]+)/permission", "GET", lambda m: self.permission(m[1])),
        ]
        return dispatch(routes, method, rest)


class LabShapes:
    LEVELS = {"read": 20, "write": 30, "admin": 40}
    EVENTS = {"pending": "enqueue", "running": "run", "success": "succeed", "failed": "drop",
              "canceled": "cancel"}

    def __init__(self, forge):
        self.f = forge

    def note(self, c):
        return {"id": c["id"], "body": c["body"], "system": c.get("system", False),
                "author": {"id": 1, "username": c["author"]},
                "created_at": c.get("created_at", STAMP), "updated_at": c.get("updated_at", STAMP)}

    def pull(self, p):
        own = p.get("head_repo", self.f.state["repo"]) == self.f.state["repo"]
        state = {"open": "opened"}.get(p.get("state", "open"), p.get("state"))
        return {"id": 9000 + p["number"], "iid": p["number"], "title": p.get("title", "A change"),
                "state": state, "author": {"id": 2, "username": p.get("author", "alice")},
                "draft": p.get("draft", False), "sha": p["head"],
                "source_branch": p.get("head_ref", "topic"),
                "target_branch": p.get("base_ref", "main"), "source_project_id": 5 if own else 6,
                "target_project_id": 5, "web_url": "https://x/mr/%d" % p["number"],
                "merge_status": "can_be_merged" if p.get("mergeable", True) else
                                "cannot_be_merged",
                "has_conflicts": not p.get("mergeable", True),
                "merge_commit_sha": p.get("merge_sha"), "updated_at": p.get("updated_at", STAMP)}

    def page(self, rows, query):
        size = int(query.get("per_page", ["20"])[0])
        number = int(query.get("page", ["1"])[0])
        return 200, rows[(number - 1) * size:number * size]

    def set_status(self, sha, body):
        state, context = body.get("state"), body.get("name") or body.get("context")
        if state not in ("pending", "running", "success", "failed", "canceled", "skipped"):
            raise Refused(400, "state does not have a valid value")
        # One that is open is moved on, and cannot be moved to where it is or back; beside one that
        # has ended a new one is made.
        for s in self.f.statuses_now(sha):
            if s["context"] != context or s["state"] not in ("pending", "running"):
                continue
            if state == "pending" or s["state"] == state:
                event = self.EVENTS[state]
                raise Refused(400, {"message": "Cannot transition status via :%s from :%s "
                                    "(Reason(s): Status cannot transition via \"%s\")" %
                                    (event, s["state"], event)})
        row = self.f.status_add(sha, context, state, body.get("description"),
                                body.get("target_url"))
        return 201, self.status(row, sha)

    def status(self, s, sha):
        return {"id": s["id"], "sha": sha, "ref": "topic", "status": s["state"],
                "name": s["context"], "target_url": s["url"], "description": s["description"],
                "created_at": STAMP}

    def notes(self, method, pull, query, body):
        if method == "POST":
            return 201, self.note(self.f.comment_add(pull, body.get("body")))
        rows = [self.note(c) for c in self.f.comments_of(pull)]
        if query.get("sort") == ["desc"]:
            rows = sorted(rows, key=lambda c: c["updated_at"], reverse=True)
        return self.page(rows, query)

    def one_note(self, method, number, body):
        c = self.f.comment(number)
        if method == "DELETE":
            del self.f.state["comments"][str(number)]
            return 204, None
        if method == "PUT":
            self.f.comment_edit(c, body["body"])
        return 200, self.note(c)

    def award(self, number, body):
        self.f.comment(number)
        for r in self.f.state["reactions"]:
            if r["comment"] == int(number) and r["content"] == body["name"]:
                raise Refused(404, {"message": "404 Award Emoji Name has already been taken "
                                    "Not Found"})
        self.f.state["reactions"].append(
            {"id": self.f.new_id(), "comment": int(number), "content": body["name"]})
        return 201, {"name": body["name"]}

    def approvals(self, number):
        rows = [r for r in self.f.state["reviews"].get(str(number), [])
                if r["state"] == "APPROVED"]
        return 200, {"approved_by": [{"user": {"username": r["author"]}} for r in rows]}

    def reviewers(self, number):
        names = {"APPROVED": "approved", "CHANGES_REQUESTED": "requested_changes",
                 "COMMENTED": "reviewed"}
        return 200, [{"user": {"username": r["author"]}, "state": names[r["state"]]}
                     for r in self.f.state["reviews"].get(str(number), [])]

    def member(self, number):
        for login, user in self.f.state["users"].items():
            if user == int(number) and login in self.f.state["permissions"]:
                level = self.LEVELS[self.f.state["permissions"][login]]
                return 200, {"id": user, "username": login, "state": "active",
                             "access_level": level}
        raise Refused(404, {"message": "404 Not found"})

    def commits(self, query):
        head, base = query["ref_name"][0].split("..")
        count = self.f.state["behind"].get(base + "..." + head, 0)
        return self.page([{"id": "%040x" % i} for i in range(count)], query)

    def route(self, method, path, query, body):
        if path == "/user":
            return 200, {"id": 1, "username": self.f.login}
        if path == "/users":
            login = query["username"][0]
            known = self.f.state["users"].get(login)
            return 200, [{"id": known, "username": login}] if known else []
        repo = "/projects/" + urllib.parse.quote(self.f.state["repo"], safe="")
        if not path.startswith(repo + "/"):
            raise Refused(404, {"message": "404 Project Not Found"})
        pull = r"/merge_requests/(\d+)"
        routes = [
            (r"/statuses/(\w+)", "POST", lambda m: self.set_status(m[1], body)),
            (r"/repository/commits/(\w+)/statuses", "GET", lambda m: self.page(
                [self.status(s, m[1]) for s in self.f.statuses_now(m[1])], query)),
            (r"/repository/commits", "GET", lambda m: self.commits(query)),
            (pull + "/notes", "GET|POST", lambda m: self.notes(method, m[1], query, body)),
            (pull + r"/notes/(\d+)", "GET|PUT|DELETE",
             lambda m: self.one_note(method, m[2], body)),
            (pull + r"/notes/(\d+)/award_emoji", "POST", lambda m: self.award(m[2], body)),
            (pull + "/approvals", "GET", lambda m: self.approvals(m[1])),
            (pull + "/reviewers", "GET", lambda m: self.reviewers(m[1])),
            (pull, "GET", lambda m: (200, self.pull(self.f.pull(m[1])))),
            (r"/merge_requests", "GET", lambda m: self.page(
                [self.pull(p) for p in self.f.pulls(query.get("state") == ["all"])], query)),
            (r"/members/all/(\d+)", "GET", lambda m: self.member(m[1])),
        ]
        return dispatch(routes, method, path[len(repo):])


def dispatch(routes, method, path):
    for pattern, methods, act in routes:
        match = re.fullmatch(pattern, path)
        if match:
            if not re.fullmatch(methods, method):
                raise Refused(405, "Method Not Allowed")
            return act(match)
    raise Refused(404, "Not Found")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body are two writes: a client would wait 40 ms for the second one, as nobody's does.
    disable_nagle_algorithm = True
    forge = None

    def log_message(self, *args):
        pass

    def answer(self, status, body, headers=None, cut=False):
        text = b"" if body is None else body if isinstance(body, bytes) else \
            json.dumps(body).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if body is not None:
            self.send_header("Content-Type", "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(text) + (100 if cut else 0)))
        self.end_headers()
        self.wfile.write(text)
        if cut:
            self.close_connection = True

    def look(self, repo, expression, patience):
        """Under the lock, which is free while it waits."""
        f, limit = self.forge, time.monotonic() + patience
        while True:
            f.turn_to(repo, make=True)
            value = eval(expression, {"s": f.state})
            left = limit - time.monotonic()
            if value or left <= 0:
                break
            f.lock.wait(left)
        said = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
        self.answer(200 if value or not patience else 504, said.encode())

    def steer(self, path, query, body):
        f = self.forge
        f.turn_to(query.get("repo", [REPO])[0], make=True)
        if path == "/_/state" and self.command == "POST":
            f.merge(body)
        elif path == "/_/fault":
            f.faults.append(body)
        elif path == "/_/reset":
            f.faults.clear()
            f.log.truncate(0)
        self.answer(200, f.state)

    def credential(self):
        scheme, _, value = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() not in ("bearer", "token") or not value:
            raise Refused(401, "Requires authentication")
        return value

    def act(self, path, query, body):
        f = self.forge
        kinds = {"/api/v1": "gitea", "/api/v3": "github", "/api/v4": "gitlab"}
        f.kind = kinds.get(path[:7], "github")
        inner = path[7:] if path[:7] in kinds else path
        value = self.credential()
        named = re.match(r"/(?:repos|projects)/([^/]+?(?:/|%2F)[^/]+)", inner)
        f.turn_to(urllib.parse.unquote(named[1]) if named else REPO)
        shapes = LabShapes(f) if f.kind == "gitlab" else HubShapes(f)
        # GitLab's project is one segment of the path; everything else is decoded.
        inner = inner if f.kind == "gitlab" else urllib.parse.unquote(inner)
        if f.kind == "github" and (inner.startswith("/app") or inner.endswith("/installation")):
            return shapes.app(self.command, inner, value)
        if value not in f.state["tokens"]:
            raise Refused(401, "Bad credentials")
        f.login = APP + "[bot]" if value.startswith("ghs_") else BOT
        return shapes.route(self.command, inner, query, body)

    def handle_one(self):
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        if url.path in ("/_/eval", "/_/wait"):
            with self.forge.lock:
                self.look(query.get("repo", [REPO])[0], raw.decode().strip(),
                          PATIENCE if url.path == "/_/wait" else 0)
            return
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            self.answer(400, {"message": "Problems parsing JSON"})
            return
        if url.path.startswith("/_/"):
            with self.forge.lock:
                self.steer(url.path, query, body)
                self.forge.lock.notify_all()
            return
        with self.forge.lock:
            fault = self.forge.fault_for("%s %s" % (self.command, self.path))
            result = None
            if not fault or fault.get("after"):
                try:
                    result = self.act(url.path, query, body)
                except Refused as refused:
                    said = refused.message
                    result = (refused.status, said if isinstance(said, dict) else
                              {"message": said}, refused.headers)
            status = fault.get("status", 502) if fault else result[0]
            self.forge.log.write(json.dumps({
                "method": self.command, "path": self.path, "status": status,
                "fault": bool(fault), "body": body}) + "\n")
            self.forge.lock.notify_all()
        if not fault:
            self.answer(*result)
            return
        if fault.get("hang"):
            time.sleep(fault["hang"])
        if fault.get("close"):
            self.close_connection = True
            self.connection.close()
            return
        said = fault.get("body", "<html>Bad Gateway</html>")
        self.answer(status, said.encode() if isinstance(said, str) else said,
                    fault.get("headers"), fault.get("cut"))

    def do_GET(self):
        try:
            self.handle_one()
        except OSError:  # whoever asked went away
            self.close_connection = True

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET


def serve(folder):
    forge = Forge(folder)
    Handler.forge = forge
    ThreadingHTTPServer.request_queue_size = 256
    ThreadingHTTPServer.daemon_threads = True
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    path = os.path.join(folder, "url")
    with open(path + ".new", "w") as out:
        out.write("http://127.0.0.1:%d" % server.server_address[1])
    os.rename(path + ".new", path)
    server.serve_forever()


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "serve":
        serve(sys.argv[2])
    else:
        sys.exit(__doc__)
