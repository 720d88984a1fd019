package scan_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gocurb/curb/internal/strace"
	"github.com/gocurb/curb/scan"
	"github.com/gocurb/curb/usage"
)

// raceBuilds are the ways to build a program with the race detector: with its code in the
// midst of Go's, and beside it.
var raceBuilds = map[string]cbuild{
	"internal": {flags: []string{"-race"}},
	"stripped": {flags: []string{"-race", "-ldflags=-s -w"}},
	"external": {flags: []string{"-race", "-ldflags=-linkmode=external"}},
	"glibc":    {flags: []string{"-race", "-ldflags=-linkmode=external -extldflags=-static"}},
	"musl":     {env: []string{"CC=musl-gcc"}, flags: []string{"-race", "-ldflags=-linkmode=external"}},
}

// Programs with the race detector in them are analysed wholly, and make no calls that
// were not found: with races that are told, and with settings for how.
func TestRaceDetector(t *testing.T) {
	for kind, b := range raceBuilds {
		t.Run(kind, func(t *testing.T) {
			path := b.build(t, "race-"+kind, "races")
			exec, main := scanned(t, path), inPhase(t, path, usage.Main)
			isWhole(t, exec)
			isWhole(t, main)
			foundRaces(t, path, exec)
			for _, name := range []string{"setuid", "mount", "fork", "vfork", "execve", "reboot", "chroot", "shmget"} {
				if c, ok := main.Find(name); ok {
					t.Errorf("%s is in the list of phase main: %v", name, c.Evidence[0].Chain)
				}
			}
		})
	}
	path := raceBuilds["internal"].build(t, "race-internal", "names")
	u := scanned(t, path)
	isWhole(t, u)
	isWhole(t, inPhase(t, path, usage.Main))
	foundAll(t, path, u)
	crossesIntoC(t, inPhase(t, path, usage.Main))
}

// foundRaces runs a program that has a race, and checks that all of its calls are in
// the list.
func foundRaces(t *testing.T, path string, u *usage.Usage) {
	t.Helper()
	dir := t.TempDir()
	options := filepath.Join(dir, "options")
	if err := os.WriteFile(options, []byte("verbosity=1\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, settings := range []string{
		"", "log_path=" + dir + "/log", "log_path=" + dir + "/new/log verbosity=2 atexit_sleep_ms=10", "log_path=/missing/file/log",
		"halt_on_error=1 log_to_syslog=1", "include=" + options, "soft_rss_limit_mb=1 abort_on_error=1",
	} {
		got, err := strace.Run{Path: path, Env: append(os.Environ(), "GORACE="+settings)}.Trace(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got.Status() != 66 {
			t.Fatalf("%s: status %d\n%s", settings, got.Status(), strace.Tail(got.Stdout, got.Stderr))
		}
		for name := range got.Calls {
			if _, ok := u.Find(name); !ok {
				t.Errorf("with settings %q it calls %s, which was not found", settings, name)
			}
		}
	}
	if logs, _ := filepath.Glob(filepath.Join(dir, "log.*")); len(logs) != 1 {
		t.Errorf("the races are in the files %v", logs)
	}
}

// The releases of Go have different detectors. Code says which variables it reads, and
// what it reads from them is known all the same.
func TestRaceDetectorOfReleases(t *testing.T) {
	for _, toolchain := range []string{"go1.17.13", "go1.22.12", "", "go1.27.4"} {
		t.Run(toolchain, func(t *testing.T) {
			u := scanned(t, portable(t, toolchain, "amd64", "race"))
			check(t, u, []expectation{
				{calls: "getpgid getsid", because: "a variable and the stores to it"},
				{calls: "semop", open: "main.captured.func1", because: "a closure"},
				{open: "main.unknown main.call", because: "a slice"},
			})
			if extra := without(openFunctions(u), []string{"main.unknown", "main.call", "main.captured.func1", "main.copyBlock", "main.main·dwrap·1"}); len(extra) > 0 {
				t.Errorf("unresolved without need: %v", extra)
			}
		})
	}
}

// On arm64 the race detector's code is followed in the same way.
func TestRaceDetectorForARM64(t *testing.T) {
	for _, link := range []string{"internal", "external"} {
		path := buildOnce(t, "races-arm64-"+link, ".", withCForARM64(t), "-race", "-ldflags=-linkmode="+link, "./testdata/races")
		u, err := scan.File(path, scan.Options{Sysroot: arm64Root})
		if err != nil {
			t.Fatal(err)
		}
		isWhole(t, u)
		begins(t, u)
	}
}

// begins checks that evidence leads from Go into the race detector, which looks for the
// program's name when it begins.
func begins(t *testing.T, u *usage.Usage) {
	t.Helper()
	call, _ := u.Find("readlinkat")
	if !slices.ContainsFunc(call.Evidence, func(e usage.Evidence) bool {
		i := slices.IndexFunc(e.Chain, func(s usage.Step) bool { return s.Function == "__tsan_init" })
		return i > 0 && e.Chain[i-1].Function == "runtime.raceinit" && e.Chain[0].How == "root"
	}) {
		t.Errorf("no chain leads from the program's start to readlinkat by way of __tsan_init: %v", call.Evidence)
	}
}
