"""The test runner behind tests/run.sh: builds, collects, runs, counts."""

import argparse
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

import jobs

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TESTS = os.path.join(SOURCE, "tests")
SCRIPTS = {"flow": "flow/*/*", "browser": "browser/test_*", "tor": "tor/test_*"}
INTERPRETERS = {".sh": ["sh"], ".py": [sys.executable], ".mjs": ["node"]}
FUZZ_SECONDS = 5
# The longest input that libFuzzer makes up; where a parser's limit lies higher than its seeds, it must get there.
FUZZ_LONGEST = {"age_header": 70000, "multipart": 16384, "zip_read": 8192, "request": 20000, "schedule": 16384, "bundle": 16384, "conf": 70000}
TAIL = 30  # lines of a failed test's log
# What each build is for; a script says on a line "# builds: ..." which it wants, else release.
BUILDS = {
    "release": (["-Dtests=true"], {}),
    "sanitize": (["-Dtests=true", "-Dtesting=true", "-Db_sanitize=address,undefined", "-Dbuildtype=debugoptimized"], {}),
    "fuzz": (["-Dfuzz=true", "-Dtesting=true", "-Db_sanitize=address,undefined", "-Db_lundef=false",
              "-Dbuildtype=debugoptimized"], {"CC": "clang"}),
}
SANITIZER_ENV = {
    "ASAN_OPTIONS": "halt_on_error=1:abort_on_error=1:detect_leaks=1",
    "UBSAN_OPTIONS": "halt_on_error=1:abort_on_error=1:print_stacktrace=1",
}


class Runner:
    def __init__(self, args, work):
        self.args, self.work = args, work
        self.results = []
        self.pool = jobs.Pool(work, 1 if os.cpu_count() == 1 else 2, self.report)

    def report(self, result):
        self.results.append(result)
        why = f": {result.why}" if result.why else ""
        print(f"{result.verdict:4} {result.seconds:6.1f} s  {result.test.title()}{why}", flush=True)
        if result.verdict == "FAIL":
            for line in telling(result.log):
                print("       | " + line.rstrip()[:300])
            sys.stdout.flush()

    def wants(self, test):
        if self.args.only and test.suite not in self.args.only:
            return False
        return not self.args.words or any(word in test.title() for word in self.args.words)

    def count(self, verdict):
        return sum(r.verdict == verdict for r in self.results)

    # ---- building

    def build(self, names):
        """Sets up and compiles, one after the other: each uses all cores. Returns what succeeded."""
        done = []
        for name in names:
            before = self.count("FAIL")
            self.pool.run(build_steps(name, self.dir(name)))
            if self.count("FAIL") == before:
                done.append(name)
        return done

    def dir(self, build):
        return os.path.join(self.work, build)

    # ---- collecting

    def builds_for(self):
        """The builds that the wanted suites may need."""
        only = set(self.args.only or ["build"])
        if only & {"build", "unit", "interop"}:
            return list(BUILDS)
        builds = ["fuzz"] if "fuzz" in only else []
        scripts = [t for t in collect_scripts(self.dir, list(BUILDS)) if self.wants(t)]
        wanted = {"release", "sanitize"} if "fuzz" in only else {t.build for t in scripts}
        return [b for b in BUILDS if b in wanted or b in builds]

    def collect(self, builds):
        tests = []
        for build in builds:
            if build != "fuzz":
                tests += meson_tests(self.dir(build), build)
        tests += collect_scripts(self.dir, builds)
        if "fuzz" in builds:
            tests += fuzz_targets(self.dir("fuzz"), self.args.fuzz_seconds)
        return [t for t in tests if self.wants(t)]


def telling(log):
    """The lines of a log that say why it failed: a sanitizer's report from its start, else the end."""
    with open(log, errors="replace") as f:
        lines = f.readlines()
    report = [i for i, line in enumerate(lines) if re.search(r"ERROR: \w+Sanitizer|runtime error: ", line)]
    return lines[report[0] : report[0] + TAIL] if report else lines[-TAIL:]


def build_steps(name, folder):
    options, env = BUILDS[name]
    if os.path.exists(os.path.join(folder, "build.ninja")):
        argv = ["meson", "compile", "-C", folder]
    else:
        script = 'd=$1; shift; meson setup "$d" "$@" && meson compile -C "$d"'
        argv = ["sh", "-c", script, "sh", folder, SOURCE, *options]
    return [jobs.Test("build", name, argv, limit=1200, env=env)]


def npm_step():
    """The packages of tests/package-lock.json, unless they are there already."""
    script = """
stamp=node_modules/.package-lock.json
[ ! "$stamp" -nt package-lock.json ] || exit 0
ca=/etc/ssl/certs/ca-certificates.crt
[ -n "${NODE_EXTRA_CA_CERTS:-}" ] || [ ! -e $ca ] || export NODE_EXTRA_CA_CERTS=$ca
for wait in 5 20 0; do
	timeout 300 npm ci --ignore-scripts --no-audit --no-fund && touch "$stamp" && exit 0
	sleep $wait
done
exit 1"""
    return jobs.Test("build", "npm", ["sh", "-c", script], limit=1000, cwd=TESTS)


def meson_tests(folder, build):
    """What meson knows as tests, run here so that everything is counted and limited in one way."""
    listed = json.loads(subprocess.check_output(["meson", "introspect", "--tests", folder]))
    tests = []
    for t in listed:
        suite = t["suite"][0].split(":")[-1] if t["suite"] else "unit"
        env = dict(t["env"], **(SANITIZER_ENV if build == "sanitize" else {}))
        tests.append(jobs.Test(suite, t["name"], t["cmd"], build, 4 * t["timeout"], env,
                               t["workdir"] or folder, not t["is_parallel"]))
    return tests


def header(path):
    """What a script says of itself in its first lines: "# time limit: 300", "# builds: ...", "# alone"."""
    with open(path, errors="replace") as f:
        top = "".join(f.readlines()[:30])
    limit = re.search(r"^(?:#|//) time limit: (\d+)", top, re.M)
    builds = re.search(r"^(?:#|//) builds: ([a-z ]+)$", top, re.M)
    return {"limit": int(limit[1]) if limit else 120, "builds": builds[1].split() if builds else ["release"],
            "alone": bool(re.search(r"^(?:#|//) alone$", top, re.M))}


def collect_scripts(dir_of, builds):
    tests = []
    for suite, pattern in SCRIPTS.items():
        for path in sorted(glob.glob(os.path.join(TESTS, pattern))):
            if os.path.splitext(path)[1] not in INTERPRETERS:
                continue
            head = header(path)
            name = os.path.relpath(path, os.path.join(TESTS, suite))
            argv = INTERPRETERS[os.path.splitext(path)[1]] + [path]
            tests += [jobs.Test(suite, name, argv + [dir_of(b)], b, head["limit"],
                                SANITIZER_ENV if b == "sanitize" else {}, None, head["alone"])
                      for b in head["builds"] if b in builds]
    return tests


def fuzz_targets(folder, seconds):
    """Some seconds of new input for each target, from its corpus on."""
    tests = []
    script = 'mkdir new && exec "$0" -max_total_time="$1" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 ${3:+-max_len=$3} new "$2"'
    for target in json.loads(subprocess.check_output(["meson", "introspect", "--targets", folder])):
        name = target["name"]
        if target["type"] != "executable" or not name.startswith("fuzz_"):
            continue
        target_of = name.removeprefix("fuzz_")
        corpus = os.path.join(TESTS, "fuzz", "corpus", target_of)
        argv = ["sh", "-c", 'cd "$TMPDIR" && ' + script, target["filename"][0], str(seconds), corpus,
                str(FUZZ_LONGEST.get(target_of, ""))]
        tests.append(jobs.Test("fuzz", name + " new input", argv, "fuzz", seconds + 60, SANITIZER_ENV))
    return tests


def arguments():
    p = argparse.ArgumentParser(prog="sh tests/run.sh", description="Builds everything and runs every test.")
    p.add_argument("--only", metavar="SUITE", action="append",
                   choices=["build", "unit", "interop", "fuzz", "flow", "browser", "tor"])
    p.add_argument("--list", action="store_true", help="build, then say what would run")
    p.add_argument("--work", metavar="DIR", help="keep builds and logs here")
    p.add_argument("--fuzz-seconds", metavar="N", type=int, default=FUZZ_SECONDS, help="how long each fuzz target gets new input")
    p.add_argument("words", metavar="WORD", nargs="*", help="only tests whose line contains it")
    return p.parse_args()


def session(runner):
    needs_npm = not runner.args.only or set(runner.args.only) - {"build", "unit", "fuzz"}
    if needs_npm:
        runner.pool.run([npm_step()])
    builds = runner.build(runner.builds_for())
    tests = runner.collect(builds)
    if runner.args.list:
        for test in tests:
            print(test.title())
        return
    runner.pool.run(tests)


def stop(signum, _frame):
    sys.exit(128 + signum)


def main():
    args = arguments()
    os.umask(0o022)
    work = args.work and os.path.abspath(args.work)
    if work:
        shutil.rmtree(os.path.join(work, "t"), ignore_errors=True)
        os.makedirs(work, exist_ok=True)
    scratch = work or tempfile.mkdtemp(prefix="sealslot-")
    if not work:
        os.chmod(scratch, 0o711)  # run as root, the server's processes drop to another user and must pass
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, stop)
    jobs.adopt_orphans()
    runner = Runner(args, scratch)
    try:
        session(runner)
    finally:
        runner.pool.stop()
        if not work:
            shutil.rmtree(scratch, ignore_errors=True)
    failed = [r.test.title() for r in runner.results if r.verdict == "FAIL"]
    for title in failed:
        print("failed: " + title)
    print(f"{runner.count('ok')} passed, {len(failed)} failed, {runner.count('skip')} skipped")
    return 1 if failed or not runner.results else 0


if __name__ == "__main__":
    sys.exit(main())
