//go:build linux && amd64

package accounted

import (
	"maps"
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/gocurb/curb/usage"
)

// A call that a run is named for happens in it. Much depends on how threads meet, so a
// run that lacks something is repeated.
func TestRunsMakeTheCalls(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Fatalf("strace is needed: make deps installs it: %v", err)
	}
	type key struct {
		place
		run string
	}
	expected := map[key]map[string]bool{}
	for _, a := range accounts(t) {
		for _, p := range a.places {
			if a.run == "" || p.phase == usage.Exec && len(a.places) > 1 && slices.Contains(a.places, place{p.program, usage.Main}) {
				continue // what happens in phase main is one of phase exec, too
			}
			k := key{p, a.run}
			if expected[k] == nil {
				expected[k] = map[string]bool{}
			}
			expected[k][a.call] = true
		}
	}
	for k, calls := range expected {
		t.Run(k.program+"/"+string(k.phase)+"/"+k.run, func(t *testing.T) {
			t.Parallel()
			trigger, ok := triggers[k.run]
			if !ok {
				t.Fatal("there is no such run")
			}
			if os.Getuid() != 0 && (trigger.nobody || k.program == "processes") {
				t.Skip("only root can become another user, and give a process the attributes that this program gives")
			}
			const attempts = 24
			for range attempts {
				dir := t.TempDir()
				r := run{path: built(t, k.program), phase: k.phase, dir: dir, trigger: trigger}
				if k.program == "files" {
					r.args = []string{dir}
				}
				for call := range r.observe(t) {
					delete(calls, call)
				}
				if len(calls) == 0 {
					return
				}
			}
			t.Errorf("does not happen: %v", slices.Sorted(maps.Keys(calls)))
		})
	}
}

// The document explains every run that it names, and no other.
func TestRunsAreExplained(t *testing.T) {
	var explained, named []string
	for _, cells := range rows(t, "run", "what it is") {
		explained = append(explained, cells[0])
	}
	for _, a := range accounts(t) {
		if a.run != "" {
			named = append(named, a.run)
		}
	}
	slices.Sort(named)
	named = slices.Compact(named)
	slices.Sort(explained)
	if all := slices.Sorted(maps.Keys(triggers)); !slices.Equal(explained, named) || !slices.Equal(named, all) {
		t.Errorf("explained are %q, named %q, and there are %q", explained, named, all)
	}
}
