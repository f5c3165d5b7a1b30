#!/usr/bin/env python3
"""Checks the rules of the house that a compiler cannot see. Prints file:line: message; exits 1 when a rule is broken.

The module graph comes from the marty_module lines of src/CMakeLists.txt, so it is written once. Standard library only.
"""
import os
import re
import sys
from pathlib import Path

FILE_LINES_FAIL, FILE_LINES_WARN, LINE_COLUMNS = 600, 400, 120
SKIPPED = (".git", ".cache", "__pycache__")
CODE = (".cpp", ".hpp")
MEASURED = CODE + (".py", ".sh", ".cmake")
# Words that say nothing about what is inside a file.
BANNED_NAMES = {"util", "utils", "helper", "helpers", "manager", "common", "misc", "impl"}

# Library header -> (word after EXTERNAL in src/CMakeLists.txt, or None, and the module when CMake has no word for it;
# may more than one file include it).
LIBRARIES = {
    r"yaml\.h": ("yaml-0.1", None, False),
    r"re2/": ("re2", None, False),
    r"sqlite3\.h": ("sqlite3", None, False),
    r"openssl/": ("openssl", None, True),
    r"CLI/": (None, "cli", False),
}
HEAVY = re.compile(r"(nlohmann|gtest|gmock|CLI|openssl|re2)/|sqlite3\.h|yaml\.h")
# A module's own wrappers of a library, in a header named after it; it must not reach other modules by any way.
DOOR_HEADERS = ("openssl.hpp",)

IMPURE_INCLUDE = re.compile(
    r"(thread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier|stop_token|fstream|filesystem|random"
    r"|csignal|sys/.*|unistd\.h|fcntl\.h|poll\.h|signal\.h|pthread\.h|netdb\.h|netinet/.*|arpa/.*)$"
)
IMPURE_CODE = re.compile(
    r"\b(steady_clock|system_clock|high_resolution_clock|random_device|clock_gettime|gettimeofday|getenv|setenv"
    r"|fopen|this_thread|std::(?:mutex|thread|jthread))\b|\bs?rand\s*\(|::now\s*\(|\btime\s*\(\s*(?:nullptr|NULL|0|&)"
)
TEST_SLEEP = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep)\b")
# Split so that this file does not find itself.
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]) + r")\b")
MACHINE_PATH = re.compile("/wo" + r"rk/|bash_" + "jobs")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]')
# One pass over the text, so that a quote inside a comment or a slash inside a string is what it is.
NOT_CODE = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<mark>[^(\s]{0,16})\(.*?\)(?P=mark)"'
    r'|"(?:\\.|[^"\\\n])*"|(?<![0-9a-zA-Z])\'(?:\\.|[^\'\\\n])*\'',
    re.DOTALL,
)


class Module:
    def __init__(self, name, line, words):
        self.name, self.line = name, line
        self.pure = "PURE" in words
        self.deps, self.external, into = [], [], None
        for word in words:
            if word in ("PURE", "DEPS", "EXTERNAL"):
                into = {"DEPS": self.deps, "EXTERNAL": self.external}.get(word)
            elif into is not None:
                into.append(word)


def read_modules(cmake_text):
    modules = {}
    for number, line in enumerate(cmake_text.splitlines(), 1):
        found = re.match(r"\s*marty_module\(\s*(\S+)([^)]*)\)", line)
        if found:
            modules[found[1]] = Module(found[1], number, found[2].split())
    return modules


def blank(text):
    """The text with comments, strings and characters replaced by spaces; line breaks stay."""
    return NOT_CODE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


class Tidy:
    def __init__(self, root):
        self.root = Path(root)
        self.errors, self.warnings = [], []
        cmake = self.root / "src" / "CMakeLists.txt"
        self.modules = read_modules(cmake.read_text()) if cmake.exists() else {}
        self.doors = {}  # library header pattern -> the files that include it
        self.includes = []  # (file, line, what it includes, as a path from the root)

    def error(self, path, line, message):
        self.errors.append(f"{path}:{line}: {message}")

    def run(self):
        self.check_graph()
        for path in self.files():
            text = self.read(path)
            if text is None:
                continue
            self.check_name(path)
            self.check_words(path, text)
            if path.suffix in MEASURED or path.name == "dev":
                self.check_size(path, text)
            if path.suffix in CODE:
                self.check_code(path, text)
        self.check_doors()
        self.check_private_headers()
        return not self.errors

    def files(self):
        for folder, names, files in os.walk(self.root):
            top = Path(folder) == self.root
            names[:] = sorted(n for n in names if n not in SKIPPED and not (top and n.startswith("build")))
            for name in sorted(set(files) - set(SKIPPED)):  # of a second worktree .git is a file
                yield Path(folder, name).relative_to(self.root)

    def read(self, path):
        try:
            return (self.root / path).read_bytes().decode()
        except (UnicodeDecodeError, OSError):
            return None  # binary, or gone since we listed it

    def check_graph(self):
        where = "src/CMakeLists.txt"
        done, path = set(), []

        def visit(name, line):
            if name in path:
                self.error(where, line, "cycle of modules: " + " -> ".join(path[path.index(name):] + [name]))
            elif name not in self.modules:
                self.error(where, line, f"no marty_module line for '{name}'")
            elif name not in done:
                path.append(name)
                for dep in self.modules[name].deps:
                    visit(dep, self.modules[name].line)
                path.pop()
                done.add(name)

        for module in self.modules.values():
            visit(module.name, module.line)
            for dep in module.deps:
                if module.pure and dep in self.modules and not self.modules[dep].pure:
                    self.error(where, module.line, f"pure module '{module.name}' depends on '{dep}', which is not pure")
        self.allowed = {name: self.reach(name) for name in self.modules}

    def reach(self, name):
        seen, todo = set(), [name]
        while todo:
            current = todo.pop()
            if current not in seen and current in self.modules:
                seen.add(current)
                todo += self.modules[current].deps
        return seen

    def check_name(self, path):
        for word in re.split(r"[_\-.]", path.name):
            if word.lower() in BANNED_NAMES:
                self.error(path, 1, f"'{word}' in a file name says nothing; name the thing inside")

    def check_words(self, path, text):
        for number, line in enumerate(text.splitlines(), 1):
            if found := UNFINISHED.search(line):
                self.error(path, number, f"'{found[0]}': do it now or open an issue")
            if found := MACHINE_PATH.search(line):
                self.error(path, number, f"'{found[0]}' is a path of one machine")

    def check_size(self, path, text):
        lines = text.splitlines()
        if len(lines) > FILE_LINES_FAIL:
            self.error(path, len(lines), f"{len(lines)} lines; split it (the limit is {FILE_LINES_FAIL})")
        elif len(lines) > FILE_LINES_WARN:
            self.warnings.append(f"{path}:{len(lines)}: warning: {len(lines)} lines; does it hold two things?")
        for number, line in enumerate(lines, 1):
            if len(line) > LINE_COLUMNS:
                self.error(path, number, f"{len(line)} columns (the limit is {LINE_COLUMNS})")

    def check_code(self, path, text):
        test = path.name.endswith("_test.cpp") or path.parts[0] == "tests"
        module = self.module_of(path)
        code = blank(text)
        lines = text.splitlines()
        if path.suffix == ".hpp" and not re.search(r"^#pragma once", text, re.MULTILINE):
            self.error(path, 1, "a header starts with #pragma once")
        for number, line in enumerate(code.splitlines(), 1):
            directive = INCLUDE.match(lines[number - 1]) if line.lstrip().startswith("#") else None
            if directive:
                self.check_include(path, number, module, test, directive[1] == '"', directive[2])
            if test and (found := TEST_SLEEP.search(line)):
                self.error(path, number, f"{found[0]} in a test: wait for the event, not for the clock")
            if module and module.pure and not test and (found := IMPURE_CODE.search(line)):
                self.error(path, number, f"'{found[0]}' in pure module '{module.name}': take it as an argument")

    def module_of(self, path):
        if path.parts[0] != "src" or len(path.parts) < 3:
            return None
        name = path.parts[1]
        if self.modules and name not in self.modules:
            self.error(path, 1, f"folder '{name}' has no marty_module line in src/CMakeLists.txt")
        return self.modules.get(name)

    def check_include(self, path, number, module, test, quoted, header):
        if path.suffix == ".hpp" and HEAVY.match(header) and path.name not in DOOR_HEADERS:
            self.error(path, number, f"<{header}> in a header; keep it in a .cpp file, builds here have two cores")
        if module is None:
            return
        if quoted:
            self.includes.append((path, number, Path("src", header)))
            target = header.split("/")[0]
            if "/" not in header or target not in self.modules:
                self.error(path, number, f'"{header}": include as "<module>/<file>.hpp"')
            elif target not in self.allowed[module.name]:
                self.error(path, number, f"'{module.name}' may not include '{target}' (graph: src/CMakeLists.txt)")
        if module.pure and not test and IMPURE_INCLUDE.match(header):
            self.error(path, number, f"<{header}> in pure module '{module.name}'")
        for pattern, (external, owner, _) in LIBRARIES.items():
            if re.match(pattern, header):
                self.doors.setdefault(pattern, {}).setdefault(path, number)
                if external not in module.external and owner != module.name:
                    self.error(path, number, f"<{header}> does not belong to module '{module.name}'")

    def check_doors(self):
        for pattern, users in self.doors.items():
            users = {path: line for path, line in users.items() if not path.name.endswith("_test.cpp")}
            if len(users) > 1 and not LIBRARIES[pattern][2]:
                first, *others = sorted(users)
                for other in others:
                    self.error(other, users[other], f"this library has its one door in {first} already")

    def check_private_headers(self):
        private, before = set(), -1
        while before != len(private):
            before = len(private)
            private |= {path for path, _, target in self.includes
                        if path.suffix == ".hpp" and (target.name in DOOR_HEADERS or target in private)}
        for path, line, target in self.includes:
            if (target.name in DOOR_HEADERS or target in private) and path.parts[1] != target.parts[1]:
                self.error(path, line, f"{target} brings a library along; it is private to '{target.parts[1]}'")


def main(arguments):
    root = arguments[0] if arguments else Path(__file__).resolve().parent.parent
    tidy = Tidy(root)
    clean = tidy.run()
    print("\n".join(tidy.warnings + tidy.errors), end="\n" if tidy.warnings + tidy.errors else "")
    print(f"tidy: {len(tidy.errors)} errors, {len(tidy.warnings)} warnings", file=sys.stderr)
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
