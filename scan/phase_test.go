package scan_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/gocurb/curb/scan"
	"github.com/gocurb/curb/usage"
)

// The calls of testdata's program phases, in the order in which it makes them.
const (
	variables  = "getsid"
	firstInit  = "getpgid"
	behindInit = "getpriority"
	laterInit  = "personality"
	startMain  = "sched_get_priority_max"
	top        = "sysinfo"
	loopStart  = "getitimer"
	deepStart  = "getresuid"
	behindDeep = "getresgid"
	loopEnd    = "capget"
	inMethod   = "msync"
	behind     = "mincore"
	endMain    = "times"
	// Of what can run at any time once main.main has begun: a goroutine, a function
	// in a map, one in a channel, a timer's.
	others = "ioprio_get sched_getscheduler sched_get_priority_min sched_rr_get_interval"
	late   = "getrusage" // a deferred function
)

// TestPhaseLocked locks down in many places, and looks what can still happen.
func TestPhaseLocked(t *testing.T) {
	everything := fields(variables, firstInit, behindInit, laterInit, startMain, top, loopStart, deepStart, behindDeep, loopEnd, inMethod, behind, endMain, others, late)
	main := fields(startMain, top, loopStart, deepStart, behindDeep, loopEnd, inMethod, behind, endMain, others, late)
	tests := []struct {
		where string
		since usage.Phase
		want  []string
	}{
		{"init", usage.Locked, fields(strings.Join(main, " "), behindInit, laterInit)},
		{"top", usage.Locked, without(main, fields(startMain))},
		{"deep", usage.Locked, without(main, fields(startMain, top))},
		{"method", usage.Exec, everything}, // the method is in an itab, which code before main.main might use
		{"goroutine", usage.Main, main},
		{"early", usage.Exec, everything},
	}
	for _, way := range []way{{"plain", "amd64", nil, false}, {"arm64", "arm64", nil, false}} {
		for _, test := range tests {
			t.Run(way.name+"/"+test.where, func(t *testing.T) {
				path := buildOnce(t, "phases-"+test.where+"-"+way.name, ".", []string{"GOARCH=" + way.arch}, "-tags="+test.where, "./testdata/phases")
				u := scannedIn(t, path, usage.Locked)
				if got := without(everything, without(everything, u.Names())); !slices.Equal(got, sorted(everything, test.want)) {
					t.Errorf("can still happen: %v, want %v", got, test.want)
				}
				if u.LockDown == nil || u.LockDown.Since != test.since || len(u.LockDown.Places) != 1 {
					t.Errorf("the lock-down is %+v, and counts from phase %s on", u.LockDown, test.since)
				}
			})
		}
	}
}

// TestPhaseAttributes makes what a process is started with before the lock-down.
func TestPhaseAttributes(t *testing.T) {
	for _, way := range []string{"plain", "arm64"} {
		path := program(t, "madebefore", way)
		for _, phase := range []usage.Phase{usage.Exec, usage.Main, usage.Locked} {
			if u := scannedIn(t, path, phase); !slices.Contains(u.Names(), "setsid") {
				t.Errorf("%s: phase %s lacks setsid, which attributes from before ask for", way, phase)
			}
		}
	}
}

// TestPhaseMain holds the phases of one program against each other.
func TestPhaseMain(t *testing.T) {
	path := buildOnce(t, "phases-top-plain", ".", []string{"GOARCH=amd64"}, "-tags=top", "./testdata/phases")
	exec, main, locked := scannedIn(t, path, usage.Exec).Names(), scannedIn(t, path, usage.Main).Names(), scannedIn(t, path, usage.Locked).Names()
	if extra := without(main, exec); len(extra) > 0 {
		t.Errorf("phase main has %v, which phase exec has not", extra)
	}
	if extra := without(locked, main); len(extra) > 0 {
		t.Errorf("phase locked has %v, which phase main has not", extra)
	}
	for _, call := range fields(variables, firstInit, laterInit, "arch_prctl", "mincore") {
		if call != behind && slices.Contains(main, call) {
			t.Errorf("phase main has %s, which only the program's start makes", call)
		}
	}
}

// TestPhaseReleases looks whether a program's start is told from what follows it, as
// other releases of Go have it: the runtime asks for the memory's pages and for the
// limit of open files there, and nowhere else.
func TestPhaseReleases(t *testing.T) {
	for _, release := range []struct{ toolchain, arch, start string }{
		{"go1.17.13", "amd64", "mincore arch_prctl"},
		{"go1.17.13", "arm64", "mincore"},
		{"go1.20.14", "arm64", "mincore prlimit64"},
		{"", "amd64", "mincore arch_prctl prlimit64"},
		{"", "arm64", "mincore prlimit64"},
	} {
		t.Run(release.toolchain+release.arch, func(t *testing.T) {
			path := portable(t, release.toolchain, release.arch, "plain")
			exec := scanned(t, path).Names()
			u, err := scan.File(path, scan.Options{Phase: usage.Main})
			if err != nil {
				t.Fatal(err)
			}
			main := u.Names()
			for _, call := range fields(release.start) {
				if !slices.Contains(exec, call) || slices.Contains(main, call) {
					t.Errorf("%s is a call of the start alone: in phase exec it is %t, in main %t", call, slices.Contains(exec, call), slices.Contains(main, call))
				}
			}
			if extra := without(main, exec); len(extra) > 0 {
				t.Errorf("phase main has %v, which phase exec has not", extra)
			}
		})
	}
}

// TestPhaseErrors names what is missing.
func TestPhaseErrors(t *testing.T) {
	path := program(t, "hello", "plain")
	if _, err := scan.File(path, scan.Options{Phase: usage.Locked}); !errors.Is(err, scan.ErrNoLockDown) || !strings.Contains(err.Error(), path) {
		t.Errorf("without a lock-down, the error is %v", err)
	}
	if _, err := scan.File(path, scan.Options{Phase: "tea"}); err == nil || !strings.Contains(err.Error(), `"tea"`) {
		t.Errorf("for phase tea, the error is %v", err)
	}
}

// scannedIn returns what the scan of a phase says.
func scannedIn(t *testing.T, path string, phase usage.Phase) *usage.Usage {
	t.Helper()
	u, err := scan.File(path, scan.Options{Phase: phase})
	if err != nil {
		t.Fatal(err)
	}
	if u.Phase != phase {
		t.Errorf("asked for phase %s, it says %s", phase, u.Phase)
	}
	if len(u.Unresolved) > 0 {
		t.Errorf("unresolved in phase %s: %v", phase, openFunctions(u))
	}
	return u
}

func fields(lists ...string) []string { return strings.Fields(strings.Join(lists, " ")) }

// sorted returns what is in list, in the order of all.
func sorted(all, list []string) []string { return without(all, without(all, list)) }
