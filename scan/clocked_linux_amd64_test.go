package scan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gocurb/curb/scan"
	"github.com/gocurb/curb/usage"
)

// onlyBefore are the calls that the program makes before the lock-down, and not behind it.
var onlyBefore = fields("add_key mq_unlink")

// TestLockedBreakersInC has a program lock itself down to its own phase locked, with
// trap for all other calls. What its C code has left behind runs after that: threads and
// calls that are going on, handlers, functions to which it has pointers. What C code
// does that only Go code from before calls is not in the list, unless the lock-down
// is made by code that C calls: then all of the program counts.
func TestLockedBreakersInC(t *testing.T) {
	for kind, b := range cbuilds {
		for where, since := range map[string]usage.Phase{"top": usage.Locked, "callback": usage.Exec} {
			t.Run(kind+"/"+where, func(t *testing.T) {
				path := buildOnce(t, "clocked-"+where+"-"+kind, ".", append(withC(t), b.env...), slices.Concat(b.flags, []string{"-tags=" + where, "./testdata/clocked"})...)
				u := inPhase(t, path, usage.Locked)
				isWhole(t, u)
				if u.LockDown.Since != since {
					t.Errorf("it counts from phase %s on", u.LockDown.Since)
				}
				if never := without(onlyBefore, without(onlyBefore, u.Names())); since == usage.Locked && len(never) > 0 {
					t.Errorf("%v is in, which only comes before", never)
				}
				free := breaker(t, path)
				if missing := without(made(free), inPhase(t, path, usage.Main).Names()); len(missing) > 0 {
					t.Errorf("phase main lacks %v", missing)
				}
				t.Setenv("FILTER", filterFile(t, u))
				got := breaker(t, path)
				if open := strings.ReplaceAll(got, "locked down\n", ""); open != free || open == got {
					t.Errorf("locked down it says\n%s\nand without\n%s", got, free)
				}
			})
		}
	}
}

// On arm64 the same is in the list, though no kernel is there to hold the program to it.
// (Of swapcontext's call there the number cannot be told.)
func TestLockedBreakersInCForARM64(t *testing.T) {
	// Position-independent, so that no number in the data is a function's address by chance.
	for kind, flags := range map[string]string{"shared": "-linkmode=external", "static": "-s -w -linkmode=external -extldflags=-static-pie"} {
		t.Run(kind, func(t *testing.T) {
			path := buildOnce(t, "clocked-arm64-"+kind, ".", withCForARM64(t), "-buildmode=pie", "-ldflags="+flags, "./testdata/clocked")
			u, err := scan.File(path, scan.Options{Sysroot: arm64Root, Phase: usage.Locked})
			if err != nil {
				t.Fatal(err)
			}
			does := made(breaker(t, "qemu-aarch64-static", "-L", arm64Root, path))
			if missing := without(does, u.Names()); !slices.Equal(missing, onlyBefore) {
				t.Errorf("%v is made and not in the list, where only %v comes before", missing, onlyBefore)
			}
		})
	}
}
