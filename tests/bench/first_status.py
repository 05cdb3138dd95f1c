#!/usr/bin/env python3
"""Times from a webhook to its first status at the fake forge, and to the whole preview: three
aggregate statuses, the object's, and the comment. In milliseconds, a line for each pull request.

    first_status.py URL METRICS-URL FORGE-DIR SECRET < HEADS

URL takes the webhooks, FORGE-DIR is the fake forge's folder, HEADS are "NUMBER SHA" lines of pull
requests. Each is opened at the forge and announced when the server has nothing to do any more with
the one before; the clock runs from before the request is sent until the line about the last of them
is in the forge's log.
"""
import hashlib
import hmac
import json
import os
import re
import sys
import time
import urllib.request


def until(found, what, pause=0.0002):
    limit = time.monotonic() + 60
    while not found():
        if time.monotonic() > limit:
            sys.exit("first_status: after a minute, still " + what())
        time.sleep(pause)


class Log:
    """A file that somebody else writes, from where we stopped to read."""

    def __init__(self, path):
        self.lines, self.text = open(path, "rb"), b""
        self.lines.seek(0, os.SEEK_END)

    def skip(self):
        self.text = b""
        self.lines.read()

    def says(self, text, times=1):
        self.text += self.lines.read()
        return self.text.count(text) >= times


def read(opener, url):
    with opener.open(url, timeout=60) as answer:
        return answer.read().decode()


def is_idle(metrics):
    """No worker, nothing queued and nothing to be delivered."""
    busy = [line for line in metrics.splitlines()
            if re.match(r'trueup_(workers_busy|queue_requests\{.*(queued|running)|outbox_rows\{.*due)',
                        line)]
    return len(busy) == 4 and all(line.endswith(" 0") for line in busy)


def event(number, head):
    def side(ref, sha):
        return {"ref": ref, "sha": sha, "repo": {"full_name": "octo/shop"}}
    return json.dumps({
        "action": "opened", "number": number, "repository": {"full_name": "octo/shop"},
        "sender": {"login": "alice"},
        "pull_request": {
            "number": number, "state": "open", "title": "x", "draft": False, "merged": False,
            "html_url": "https://forge.example/%d" % number, "user": {"login": "alice"},
            "updated_at": "2026-11-22T08:01:02Z",
            "head": side("topic", head), "base": side("main", head)}}).encode()


def main():
    url, metrics, forge, secret = sys.argv[1:]
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with open(os.path.join(forge, "url")) as file:
        forge_url = file.read().strip()
    requests = Log(os.path.join(forge, "requests.jsonl"))
    for line in sys.stdin:
        number, head = line.split()
        until(lambda: is_idle(read(opener, metrics)), lambda: read(opener, metrics),
              0.02)
        time.sleep(0.5)  # as between two people's pushes: a worker stands by again
        known = {"pulls": {number: {"number": int(number), "head": head, "author": "alice"}}}
        read(opener, urllib.request.Request(forge_url + "/_/state", json.dumps(known).encode()))
        body = event(int(number), head)
        mac = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        request = urllib.request.Request(url, body, {
            "X-GitHub-Event": "pull_request", "X-GitHub-Delivery": "bench-" + number,
            "X-Hub-Signature-256": "sha256=" + mac, "Content-Type": "application/json"})
        requests.skip()
        begin = time.perf_counter()
        read(opener, request)
        until(lambda: requests.says(b"/statuses/" + head.encode()),
              lambda: "no status of %s in: %s" % (head, requests.text.decode()[-2000:]))
        first = time.perf_counter()
        until(lambda: requests.says(b"/statuses/" + head.encode(), 4) and
              requests.says(b'"POST", "path": "/api/v3/repos/octo/shop/issues/%d/comments"'
                            % int(number)),
              lambda: "no preview of %s in: %s" % (head, requests.text.decode()[-2000:]))
        print("%.2f %.2f" % ((first - begin) * 1000, (time.perf_counter() - begin) * 1000),
              flush=True)


main()
