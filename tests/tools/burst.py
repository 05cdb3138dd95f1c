#!/usr/bin/env python3
"""A burst of webhooks over many repositories with open pull requests, and what becomes of it.

    burst.py HOOKS FORGE SERVER-PID DATA SECRET WEBHOOKS SEED < PLAN

HOOKS takes the webhooks (http://HOST), FORGE is the fake forge, DATA the server's data folder. PLAN:

    {"repositories": [{"name": .., "kind": "github|gitlab|gitea", "git": FOLDER, "alone": bool}],
     "pulls": {"7": [SHA, ..]}, "base": SHA, "workers": N, "mib": N or null}

A repository at the forge is octo/NAME, and FOLDER what the server mirrors, with all the commits.
Those that are alone (one of each kind) have their pull requests announced one after the other, with
the last head; what stands at the forge then is what must stand for all the others after the burst.

In the burst each pull request goes through its heads in order, while what tells of it arrives in any
order: what is older comes later, twice under one id, twice under two, between events that are of no
interest and some that nobody signed. A sender repeats what it got 503 or 429 or no answer for.

Prints what was measured and every difference; exit code 1 if there was one.
"""
import collections
import concurrent.futures
import http.client
import json
import os
import random
import re
import sqlite3
import sys
import threading
import time
import urllib.request

import webhook

SENDERS = 32
LIMIT = 900  # seconds until what is not there is missing
HELP = 501  # a comment that asks for something
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Repository:
    def __init__(self, world, row):
        self.world = world
        self.name, self.kind, self.git = row["name"], row["kind"], row["git"]
        self.alone = row["alone"]
        self.full = "octo/" + self.name
        self.store = "%s/repos/%s.git/trueup/trueup.db" % (world.data, self.name)
        self.lock = threading.Lock()
        self.at = {}

    def forge(self, change=None):
        url = "%s/_/state?repo=%s" % (self.world.forge, self.full)
        body = None if change is None else json.dumps(change).encode()
        with opener.open(urllib.request.Request(url, body), timeout=60) as answer:
            return json.load(answer)

    def set_up(self):
        self.forge({"permissions": {"alice": "write"}, "users": {"alice": 2}, "comments": {
            str(HELP): self.comment()}})

    def comment(self):
        return {"id": HELP, "pull": 7, "author": "alice", "body": "trueup help"}

    def move(self, number, step):
        """The pull request gets this head, if it has no later one."""
        with self.lock:
            if self.at.get(number, -1) >= step:
                return
            self.at[number] = step
            head = self.world.pulls[str(number)][step]
            theirs = "merge-requests" if self.kind == "gitlab" else "pull"
            ref = os.path.join(self.git, "refs", theirs, str(number), "head")
            os.makedirs(os.path.dirname(ref), exist_ok=True)
            with open(ref + ".new", "w") as out:
                out.write(head + "\n")
            os.rename(ref + ".new", ref)
            self.forge({"pulls": {str(number): {
                "number": number, "head": head, "head_ref": "topic-%d" % number,
                "author": "alice", "base": self.world.base}}})

    def announce(self, number, step):
        action = "synchronized" if step else "opened"
        return webhook.pull(self.kind, action, {
            "repo": self.full, "number": number, "head": self.world.pulls[str(number)][step],
            "head_ref": "topic-%d" % number, "base": self.world.base})

    def ask(self):
        return webhook.comment(self.kind, "created", dict(self.comment(), repo=self.full))

    def is_quiet(self):
        """Nothing is to be done or delivered any more. One that was given up is never quiet."""
        if not os.path.exists(self.store):
            return False
        db = sqlite3.connect(self.store, timeout=60)
        try:
            return db.execute("""SELECT (SELECT count(*) FROM queue WHERE kind <> 'drift') +
                (SELECT count(*) FROM outbox WHERE state <> 'done') +
                NOT EXISTS (SELECT 1 FROM revisions)""").fetchone()[0] == 0
        finally:
            db.close()

    def rows(self):
        db = sqlite3.connect(self.store, timeout=60)
        try:
            return db.execute("SELECT kind, subject, part, state, error FROM queue").fetchall() + \
                db.execute("SELECT key, state, error FROM outbox WHERE state <> 'done'").fetchall()
        finally:
            db.close()

    def picture(self):
        """What people see at the forge, without what is different each time."""
        state, out = self.forge(), []
        for number, heads in sorted(self.world.pulls.items()):
            newest = {s["context"]: s for s in state["statuses"].get(heads[-1], [])}
            for context in sorted(newest):
                s = newest[context]
                out.append("#%s %s: %s, %s" % (number, context, s["state"], s["description"]))
        for c in sorted(state["comments"].values(), key=lambda c: (c["pull"], c["body"])):
            out.append("#%d %s:\n%s" % (c["pull"], c["author"], plain(c["body"])))
        for r in sorted((r["comment"], r["content"]) for r in state["reactions"]):
            out.append("reaction %s" % (r,))
        return "\n".join(out).replace(self.name, "NAME")


def plain(text):
    text = re.sub(r"\b[0-9a-hjkmnp-tv-z]{26}\b", "ID", text, flags=re.I)
    text = re.sub(r"sha256:`[0-9a-f]+`", "sha256:X", text)
    return re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?Z?|\b[\d.]+ m?s\b", "TIME", text)


class Delivery:
    """One id; it is sent as often as `times` says."""

    def __init__(self, repository, name, event, wanted, move=None, secret=None):
        self.repository, self.name, self.wanted, self.move = repository, name, wanted, move
        self.event, body = event
        self.body = json.dumps(body).encode()
        self.secret = secret or repository.world.secret
        self.answers = []  # appended to by several threads, which is safe

    def send(self):
        r = self.repository
        if self.move:
            r.move(*self.move)
        url = "%s/hooks/%s" % (r.world.hooks, r.name)
        limit = time.monotonic() + LIMIT
        while True:
            headers = webhook.signed(r.kind, self.secret, self.event, self.name, self.body)
            began = time.monotonic()
            try:
                status = webhook.post(url, headers, self.body)
            except (OSError, http.client.HTTPException) as failed:
                status = type(failed).__name__
            self.answers.append(status)
            r.world.times.append(time.monotonic() - began)
            if isinstance(status, int) and status not in (429, 503):
                return
            if time.monotonic() > limit:
                return
            time.sleep(random.uniform(0.1, 0.5))

    def complaint(self):
        """What is wrong about the answers, if anything is."""
        final = [a for a in self.answers if isinstance(a, int) and a not in (429, 503)]
        broken = any(not isinstance(a, int) for a in self.answers)
        if self.wanted != 202:
            return None if set(final) == {self.wanted} else "answered %s" % self.answers
        # Taken on once; whose answer was lost may have been taken on before.
        if set(final) <= {200, 202} and (final.count(202) == 1 or broken):
            return None
        return "answered %s" % self.answers


class World:
    def __init__(self):
        self.hooks, self.forge, pid, self.data, self.secret, self.count, seed = sys.argv[1:]
        self.pid, self.count = int(pid), int(self.count)
        random.seed(int(seed))
        plan = json.load(sys.stdin)
        self.pulls, self.base = plan["pulls"], plan["base"]
        self.workers, self.mib = plan["workers"], plan["mib"]
        self.repositories = [Repository(self, row) for row in plan["repositories"]]
        self.most_children, self.times = 0, []
        self.measuring = True
        self.complaints = []

    def memory(self, what):
        with open("/proc/%d/status" % self.pid) as lines:
            return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(what))

    def cpu(self):
        with open("/proc/%d/stat" % self.pid) as f:
            user, system = f.read().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def wait_for_rest(self):
        """A moment after its last use the server has no store open."""
        folder = "/proc/%d/fd" % self.pid

        def holds(fd):
            try:
                return "/trueup.db" in os.readlink(os.path.join(folder, fd))
            except OSError:
                return False
        limit = time.monotonic() + LIMIT
        while any(holds(fd) for fd in os.listdir(folder)):
            if time.monotonic() > limit:
                self.complaints.append("the server keeps stores open")
                return
            time.sleep(0.05)

    def measure(self):
        while self.measuring:
            try:
                with open("/proc/%d/task/%d/children" % (self.pid, self.pid)) as f:
                    self.most_children = max(self.most_children, len(f.read().split()))
            except OSError:
                return
            time.sleep(0.01)

    def wait(self, repositories):
        left, limit = list(repositories), time.monotonic() + LIMIT
        while left:
            left = [r for r in left if not r.is_quiet()]
            if left and time.monotonic() > limit:
                for r in left:
                    self.complaints.append("%s does not come to rest: %s" % (r.name, r.rows()))
                return
            time.sleep(0.05 if len(left) < 10 else 0.5)

    def alone(self):
        """What must stand at the forge in the end, for each kind."""
        def one(r):
            for number, heads in sorted(self.pulls.items()):
                last = len(heads) - 1
                Delivery(r, "alone-" + number, r.announce(int(number), last), 202,
                         (int(number), last)).send()
                self.wait([r])
            Delivery(r, "alone-help", r.ask(), 202).send()
            self.wait([r])
            return r.kind, r.picture()
        with concurrent.futures.ThreadPoolExecutor() as pool:
            return dict(pool.map(one, [r for r in self.repositories if r.alone]))

    def script(self, r, count):
        """What is sent about a repository: one entry for each time."""
        out, extra = [], []
        for number, heads in self.pulls.items():
            for step in range(len(heads)):
                event = r.announce(int(number), step)
                out.append(Delivery(r, "%s-%s-%d" % (r.name, number, step), event, 202,
                                    (int(number), step)))
                extra.append(lambda n, e=event, k=number: Delivery(
                    r, "%s-%s-again-%d" % (r.name, k, n), e, 202))
        out.append(Delivery(r, r.name + "-help", r.ask(), 202))
        out.append(Delivery(r, r.name + "-watch", webhook.ignored(r.kind, r.full), 200))
        out.append(Delivery(r, r.name + "-forged", r.announce(7, 0), 401, secret="guessed"))
        twice = [d for d in out if d.wanted == 202]
        for n in range(max(0, count - len(out))):
            kind = n % 4
            if kind in (0, 1):
                out.append(random.choice(twice))  # the same id again
            elif kind == 2:
                out.append(random.choice(extra)(n))  # the same event, as news
            else:
                out.append(Delivery(r, "%s-help-%d" % (r.name, n), r.ask(), 202))
        return out

    def burst(self):
        served = [r for r in self.repositories if not r.alone]
        sent = []
        for i, r in enumerate(served):
            sent += self.script(r, (self.count - len(sent)) // (len(served) - i))
        random.shuffle(sent)
        self.times, started = [], time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(SENDERS) as pool:
            list(pool.map(Delivery.send, sent))
        took = time.monotonic() - started
        self.wait(served)
        answers = collections.Counter(str(a) for d in set(sent) for a in d.answers)
        times = sorted(self.times)
        print("%d webhooks, %d ids, over %d repositories: answered in %.1f s (%s), half of them "
              "within %d ms, all within %d ms; all done after %.1f s" % (
                  len(sent), len(set(sent)), len(served), took,
                  ", ".join("%s: %d" % a for a in sorted(answers.items())),
                  times[len(times) // 2] * 1000, times[-1] * 1000, time.monotonic() - started))
        for d in set(sent):
            said = d.complaint()
            if said:
                self.complaints.append("%s: %s" % (d.name, said))

    def main(self):
        for r in self.repositories:
            r.set_up()
        self.wait(self.repositories)
        wanted = self.alone()
        for kind in sorted(wanted):
            print("--- %s, alone\n%s" % (kind, wanted[kind]))
        self.wait_for_rest()
        with open("/proc/%d/clear_refs" % self.pid, "w") as f:
            f.write("5")  # VmHWM begins anew
        rest, cpu = self.memory("VmRSS"), self.cpu()
        sampler = threading.Thread(target=self.measure)
        sampler.start()
        self.burst()
        self.measuring = False
        sampler.join()
        most = self.memory("VmHWM")
        print("the server: %.1f MiB at rest, at most %.1f MiB; %.2f s of CPU; at most %d processes "
              "below it, %d workers configured" %
              (rest, most, self.cpu() - cpu, self.most_children, self.workers))
        for r in self.repositories:
            seen = r.picture()
            if seen != wanted[r.kind]:
                self.complaints.append("%s (%s) is otherwise than alone:\n%s" %
                                       (r.name, r.kind, seen))
        if self.mib is not None and most - rest > self.mib:
            self.complaints.append("memory grew by more than %d MiB" % self.mib)
        # Workers, as many deliveries, and one that stands by.
        if self.most_children > 2 * self.workers + 1:
            self.complaints.append("more than %d processes" % (2 * self.workers + 1))
        for said in self.complaints[:20]:
            print("!!! " + said)
        sys.exit(bool(self.complaints))


World().main()
