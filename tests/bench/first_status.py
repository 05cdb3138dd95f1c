#!/usr/bin/env python3
"""Times from a webhook to its first status at the fake forge, in milliseconds, one a line.

    first_status.py URL FORGE-DIR SERVER-LOG SECRET < HEADS

URL takes the webhooks, FORGE-DIR is the fake forge's folder, HEADS are "NUMBER SHA" lines of pull
requests that the forge knows. Each is announced when the one before is planned and told; the clock
runs from before the request is sent until the line about the status is in the forge's log.
"""
import hashlib
import hmac
import json
import os
import sys
import time
import urllib.request

PAUSE = 0.0002  # between two looks at a file


def wait_for(path, offset, found):
    """Reads on from offset until found(text so far); returns the new offset."""
    limit = time.monotonic() + 60
    text = b""
    while not found(text):
        if time.monotonic() > limit:
            sys.exit("first_status: %s says nothing of it:\n%s" % (path, text.decode()[-2000:]))
        with open(path, "rb") as lines:
            lines.seek(offset)
            text = lines.read()
        time.sleep(PAUSE)
    return offset + len(text)


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
    url, forge, log, secret = sys.argv[1:]
    requests = os.path.join(forge, "requests.jsonl")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    said = os.path.getsize(log)
    for line in sys.stdin:
        number, head = line.split()
        body = event(int(number), head)
        mac = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        request = urllib.request.Request(url, body, {
            "X-GitHub-Event": "pull_request", "X-GitHub-Delivery": "bench-" + number,
            "X-Hub-Signature-256": "sha256=" + mac, "Content-Type": "application/json"})
        seen = os.path.getsize(requests)
        begin = time.perf_counter()
        opener.open(request, timeout=60).close()
        wait_for(requests, seen, lambda text: b"/statuses/" + head.encode() in text)
        print("%.2f" % ((time.perf_counter() - begin) * 1000), flush=True)
        said = wait_for(log, said, lambda text: b"pull of branch done" in text)


main()
