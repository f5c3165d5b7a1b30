#!/usr/bin/env python3
"""Prints one line per test of a ctest JUnit report: passed, failed or skipped, then its name."""
import sys
import xml.etree.ElementTree


def outcome(case):
    # ctest writes status="run", "fail", "notrun" (skipped, or its program is missing) or "disabled".
    skip = case.find("skipped")
    if case.find("failure") is not None or case.get("status") == "fail":
        return "failed"
    if skip is not None or case.get("status") in ("notrun", "disabled"):
        missing = skip is not None and "Unable to find executable" in skip.get("message", "")
        return "failed" if missing else "skipped"
    return "passed"


if __name__ == "__main__":
    for test in xml.etree.ElementTree.parse(sys.argv[1]).getroot().iter("testcase"):
        print(outcome(test), test.get("name"))
