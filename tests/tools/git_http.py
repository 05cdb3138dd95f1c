"""Serves the bare repositories of a folder over smart HTTP, by `git http-backend` as a web server
would run it.

Usage: git_http.py FOLDER PORT_FILE

Listens on a free port of 127.0.0.1 and writes its number into PORT_FILE. The name of HTTP basic
authentication is who pushes, whatever the password; without a name only reading is allowed.
"""

import base64
import http.server
import os
import subprocess
import sys
import threading


class Bridge(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def user(self):
        kind, _, value = self.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "basic":
            return ""
        return base64.b64decode(value).decode().partition(":")[0]

    def chunks(self):
        """The body, announced by its length or in chunks (git does that with large pushes)."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline().split(b";")[0], 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        elif length := int(self.headers.get("Content-Length") or 0):
            yield self.rfile.read(length)

    def environment(self, path, query):
        env = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LC_ALL", "TZ")}
        env.update(
            GIT_CONFIG_NOSYSTEM="1",
            GIT_CONFIG_GLOBAL="/dev/null",
            GIT_PROJECT_ROOT=sys.argv[1],
            GIT_HTTP_EXPORT_ALL="1",
            PATH_INFO=path,
            QUERY_STRING=query,
            REQUEST_METHOD=self.command,
            REMOTE_ADDR=self.client_address[0],
            CONTENT_TYPE=self.headers.get("Content-Type", ""),
        )
        if "Content-Encoding" in self.headers:
            env["HTTP_CONTENT_ENCODING"] = self.headers["Content-Encoding"]
        if "Git-Protocol" in self.headers:
            env["GIT_PROTOCOL"] = self.headers["Git-Protocol"]
        if self.user():
            env["REMOTE_USER"] = self.user()
        return env

    def answer(self, output):
        """The backend's headers as an answer, then its body as it comes."""
        status, headers = 200, []
        for line in iter(output.readline, b""):
            name, _, value = line.decode().rstrip("\r\n").partition(": ")
            if not name:
                break
            if name == "Status":
                status = int(value.split()[0])
            else:
                headers.append((name, value))
        if status == 403 and not self.user():
            status = 401
            headers.append(("WWW-Authenticate", 'Basic realm="git"'))
        self.send_response(status)
        for header in headers:
            self.send_header(*header)
        self.send_header("Connection", "close")
        self.end_headers()
        while piece := output.read1(65536):
            self.wfile.write(piece)
            self.wfile.flush()
        self.close_connection = True

    def serve(self):
        path, _, query = self.path.partition("?")
        backend = subprocess.Popen(
            ["git", "http-backend"],
            env=self.environment(path, query),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

        def feed():
            try:
                for chunk in self.chunks():
                    backend.stdin.write(chunk)
                backend.stdin.close()
            except BrokenPipeError:
                pass

        feeder = threading.Thread(target=feed)
        feeder.start()
        try:
            self.answer(backend.stdout)
        except BrokenPipeError:
            pass  # the pusher left
        finally:
            backend.stdout.close()
            feeder.join()
            backend.wait()

    do_GET = do_POST = serve


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bridge)
    with open(sys.argv[2] + ".new", "w", encoding="ascii") as file:
        file.write(f"{server.server_address[1]}\n")
    os.rename(sys.argv[2] + ".new", sys.argv[2])
    server.serve_forever()


main()
