"""Closed-loop load through a sidecar: load.py PROXY STOP_FILE THREADS METHOD URL, until STOP_FILE exists.

Each thread keeps one connection and sends its next request when the last one is answered. Prints a JSON list of
[begin, end, status, version] in seconds of CLOCK_MONOTONIC; status 0 is a request without an answer.
"""
import http.client
import json
import os
import sys
import threading
import time
import urllib.parse

LIMIT_SECONDS = 120


def ask(connection, method, url):
    begin = time.monotonic()
    try:
        connection.request(method, url)
        answer = connection.getresponse()
        answer.read()
        status, version = answer.status, answer.getheader("x-petstore-version", "")
    except (OSError, http.client.HTTPException) as problem:
        connection.close()
        status, version = 0, repr(problem)
    return [begin, time.monotonic(), status, version]


def main():
    proxy, stop_file, threads, method, url = sys.argv[1:]
    address = urllib.parse.urlsplit(proxy)
    stop, results = threading.Event(), []

    def drive():
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=20)
        while not stop.is_set():
            results.append(ask(connection, method, url))

    drivers = [threading.Thread(target=drive) for _ in range(int(threads))]
    for driver in drivers:
        driver.start()
    end = time.monotonic() + LIMIT_SECONDS
    while not os.path.exists(stop_file) and time.monotonic() < end:
        time.sleep(0.02)
    stop.set()
    for driver in drivers:
        driver.join()
    json.dump(results, sys.stdout)


main()
