package scan_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/internal/permit"
	"github.com/gocurb/curb/syscalls"
	"github.com/gocurb/curb/usage"
)

// TestLockedBreakers has a program lock itself down to its own phase locked, at
// many places, with trap for all other calls. What it made before runs after that:
// closures, timers, finalizers, handlers, goroutines, functions further up the stack.
func TestLockedBreakers(t *testing.T) {
	before := []string{"sched_get_priority_max"} // comes in front of the place, where it is deep
	for _, test := range []struct {
		where string
		never []string
	}{
		{"variable", nil}, {"init", nil}, {"top", nil}, {"deep", before}, {"late", before}, {"several", nil}, {"method", nil},
		{"once", nil}, {"range", nil}, {"deferred", nil}, {"goroutine", nil}, {"value", nil},
	} {
		for _, w := range []way{ways[0], ways[1], {"unoptimised", "amd64", []string{"-gcflags=-N -l"}, false}} {
			t.Run(test.where+"/"+w.name, func(t *testing.T) {
				path := buildOnce(t, "locked-"+test.where+"-"+w.name, ".", []string{"GOARCH=" + w.arch}, append(w.flags, "-tags="+test.where, "./testdata/breakers/locked")...)
				u := scannedIn(t, path, usage.Locked)
				if w.name == "plain" && len(test.never) > 0 && len(without(test.never, u.Names())) == 0 {
					t.Errorf("%v is in, which only comes before", test.never)
				}
				free := breaker(t, path)
				missing := without(rares(t, "locked"), made(free))
				if missing = without(missing, fields("timer_gettime timer_getoverrun")); len(missing) > 0 { // of two places only
					t.Fatalf("the program itself does not make %v\n%s", missing, free)
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

// filterFile writes a filter that allows what a usage holds and traps all else.
func filterFile(t *testing.T, u *usage.Usage) string {
	t.Helper()
	policy, err := permit.Policy(u, permit.Options{Default: filter.Trap, Conditions: permit.All})
	if err != nil {
		t.Fatal(err)
	}
	program, err := (&filter.Compiler{Tables: []*syscalls.Table{syscalls.AMD64}}).Compile(policy)
	if err != nil {
		t.Fatal(err)
	}
	var data bytes.Buffer
	for _, ins := range program.Packed() {
		data.Write(binary.LittleEndian.AppendUint64(nil, ins))
	}
	path := filepath.Join(t.TempDir(), "filter")
	if err := os.WriteFile(path, data.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}
