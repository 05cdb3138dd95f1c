#!/usr/bin/env python3
"""A service manager's ear (sd_notify(3)) for tests.

    notify-socket.py SOCKET FILE

Binds the datagram socket SOCKET, and appends each field of what it is told to FILE, a line each.
Tests wait for SOCKET to be there, give its path as NOTIFY_SOCKET, and end this by a signal.
"""

import socket
import sys

ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
ear.bind(sys.argv[1])
with open(sys.argv[2], "ab", buffering=0) as said:
    while True:
        said.write(ear.recv(65536).rstrip(b"\n") + b"\n")
