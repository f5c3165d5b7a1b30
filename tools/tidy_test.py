#!/usr/bin/env python3
"""Each rule of tidy.py, on a small tree that keeps it and on one that breaks it."""
import contextlib
import io
import tempfile
import unittest
from pathlib import Path

import tidy

GRAPH = """
marty_module(core PURE)
marty_module(policy PURE DEPS core EXTERNAL re2)
marty_module(mesh PURE DEPS policy)
marty_module(io DEPS core EXTERNAL openssl)
marty_module(cli DEPS io mesh)
"""


class TidyTest(unittest.TestCase):
    def findings(self, files, graph=GRAPH):
        with tempfile.TemporaryDirectory() as root:
            for name, text in {"src/CMakeLists.txt": graph, **files}.items():
                path = Path(root, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text if isinstance(text, bytes) else text.encode())
            checker = tidy.Tidy(root)
            self.assertEqual(checker.run(), not checker.errors)
            self.warnings = checker.warnings
            return checker.errors

    def assert_clean(self, files, graph=GRAPH):
        self.assertEqual(self.findings(files, graph), [])

    def assert_one(self, place, words, files, graph=GRAPH):
        found = self.findings(files, graph)
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(place + ": "), found)
        self.assertIn(words, found[0])

    def test_includes_follow_the_graph(self):
        self.assert_clean({"src/mesh/a.cpp": '#include "core/x.hpp"\n#include "policy/x.hpp"\n#include "mesh/a.hpp"\n'})
        self.assert_one("src/policy/a.cpp:2", "may not include 'mesh'",
                        {"src/policy/a.cpp": '#include <string>\n#include "mesh/a.hpp"\n'})
        self.assert_one("src/mesh/a.cpp:1", "include as", {"src/mesh/a.cpp": '#include "a.hpp"\n'})
        self.assert_clean({"src/core/a.cpp": '// #include "mesh/a.hpp"\n'})

    def test_graph_itself(self):
        self.assert_one("src/CMakeLists.txt:2", "a -> b -> a", {}, "marty_module(a DEPS b)\nmarty_module(b DEPS a)\n")
        self.assert_one("src/CMakeLists.txt:1", "no marty_module line for 'b'", {}, "marty_module(a DEPS b)\n")
        self.assert_one("src/CMakeLists.txt:2", "not pure", {}, "marty_module(a)\nmarty_module(b PURE DEPS a)\n")
        self.assert_one("src/new/a.cpp:1", "no marty_module line", {"src/new/a.cpp": "\n"})

    def test_pure_modules_touch_nothing(self):
        for code in ("auto t = std::chrono::steady_clock::now();", "int r = rand();", 'getenv("HOME");',
                     "auto t = time(nullptr);", "std::mutex m;", "auto t = Clock::now();"):
            self.assert_one("src/core/a.cpp:1", "take it as an argument", {"src/core/a.cpp": code + "\n"})
            self.assert_clean({"src/io/a.cpp": code + "\n", "src/core/a_test.cpp": code + "\n"})
        for header in ("thread", "mutex", "fstream", "sys/socket.h", "unistd.h", "random"):
            self.assert_one("src/core/a.cpp:1", "in pure module", {"src/core/a.cpp": f"#include <{header}>\n"})
            self.assert_clean({"src/io/a.cpp": f"#include <{header}>\n"})

    def test_words_in_comments_and_strings_are_not_code(self):
        self.assert_clean({"src/core/a.cpp": '/* rand() */ auto s = "getenv(";  // steady_clock\n'
                                             "auto r = R\"x(rand() \" )x\"; auto n = 1'000; int operand(int);\n"})

    def test_library_doors(self):
        self.assert_clean({"src/policy/match.cpp": "#include <re2/re2.h>\n",
                           "src/io/tls.cpp": "#include <openssl/ssl.h>\n",
                           "src/io/ca.cpp": "#include <openssl/ssl.h>\n"})
        self.assert_one("src/mesh/a.cpp:1", "does not belong", {"src/mesh/a.cpp": "#include <re2/re2.h>\n"})
        self.assert_one("src/policy/b.cpp:1", "one door in src/policy/a.cpp",
                        {"src/policy/a.cpp": "#include <re2/re2.h>\n", "src/policy/b.cpp": "#include <re2/re2.h>\n"})
        self.assert_one("src/io/a.cpp:1", "does not belong", {"src/io/a.cpp": "#include <CLI/CLI.hpp>\n"})

    def test_headers(self):
        self.assert_one("src/cli/a.hpp:2", "in a header",
                        {"src/cli/a.hpp": "#pragma once\n#include <nlohmann/json.hpp>\n"})
        self.assert_one("src/cli/a.hpp:1", "#pragma once", {"src/cli/a.hpp": "int a;\n"})
        door = {"src/io/openssl.hpp": "#pragma once\n#include <openssl/ssl.h>\n"}
        door["src/io/tls.hpp"] = '#pragma once\n#include "io/openssl.hpp"\n'
        self.assert_clean({**door, "src/io/tls.cpp": '#include "io/tls.hpp"\n'})
        for header in ("openssl", "tls"):
            self.assert_one("src/cli/a.cpp:1", "private to 'io'",
                            {**door, "src/cli/a.cpp": f'#include "io/{header}.hpp"\n'})

    def test_size(self):
        self.assert_clean({"src/io/a.cpp": "\n" * 600})
        self.assertIn("600 lines", self.warnings[0])
        self.assert_one("src/io/a.cpp:601", "split it", {"src/io/a.cpp": "\n" * 601})
        self.assert_clean({"src/io/a.cpp": "/" * 120})
        self.assert_one("src/io/a.cpp:1", "121 columns", {"src/io/a.cpp": "/" * 121})

    def test_names_and_words(self):
        self.assert_one("src/io/string_util.cpp:1", "'util'", {"src/io/string_util.cpp": "\n"})
        self.assert_clean({"src/io/utility_bill.cpp": "\n"})
        self.assert_one("notes.md:2", "do it now", {"notes.md": "a\nTO" "DO: b\n"})
        self.assert_clean({"a.sh": "mktemp x.XXXXXX\n", "image.png": b"\xff\xfeTO" b"DO", "build-x/a.md": "FIX" "ME"})
        self.assert_one("a.md:1", "one machine", {"a.md": "see /wo" "rk/x\n"})

    def test_tests_do_not_sleep(self):
        sleep = "std::this_thread::sleep_for(1s);\n"
        self.assert_one("src/io/a_test.cpp:1", "wait for the event", {"src/io/a_test.cpp": sleep})
        self.assert_one("tests/e2e/a.cpp:1", "wait for the event", {"tests/e2e/a.cpp": sleep})
        self.assert_clean({"src/io/a.cpp": sleep})

    def test_exit_status(self):
        with tempfile.TemporaryDirectory() as root, contextlib.redirect_stdout(io.StringIO()) as out:
            with contextlib.redirect_stderr(io.StringIO()):
                self.assertEqual(tidy.main([root]), 0)
                Path(root, "a.md").write_text("FIX" "ME")
                self.assertEqual(tidy.main([root]), 1)
            self.assertTrue(out.getvalue().startswith("a.md:1: "))


if __name__ == "__main__":
    unittest.main()
