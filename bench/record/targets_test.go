package main

import (
	"strings"
	"testing"
)

// TestTargets: each target is held against the right figures, and says no when it is
// missed.
func TestTargets(t *testing.T) {
	var all []contestant
	for _, c := range contestants("curb") {
		switch c.name {
		case "nothing", "empty programs on both hooks", onlyCalls, withEnds, bpftraceCalls, strace:
			all = append(all, c)
		}
	}
	ns := func(figure float64) []float64 { return []float64{figure, figure, figure} }
	took := [][]float64{ns(100), ns(200), ns(150), ns(160), {290, 310, 290}, ns(40000)}
	answered := [][]float64{{1000, 1000}, {990, 990}, {950, 950}, {900, 900}, {899, 901}, {50, 50}}
	for i, name := range []string{"nothing", "empty programs on both hooks", onlyCalls, bpftraceCalls, withEnds, strace} {
		if all[i].name != name {
			t.Fatalf("contestant %d is %s, not %s", i, all[i].name, name)
		}
	}
	rows := map[string]string{}
	for line := range strings.Lines(targets(all, took, answered)) {
		cells := strings.Split(line, "|")
		rows[strings.TrimSpace(cells[1])] = strings.TrimSpace(cells[2]) + ", " + strings.TrimSpace(cells[4])
	}
	for name, want := range map[string]string{
		"getppid: calls only, to bare":                            "1.5, yes",
		"getppid: time and errors, to empty programs":             "1.45, yes",
		"flock: time and errors, to empty programs":               "1.55, **no**",
		"getppid: calls only, to bpftrace":                        "0.938, yes",
		"getppid: added, to what strace adds":                     "0.00476, yes",
		"requests in a second: calls only":                        "95%, yes",
		"requests in a second: time and errors":                   "90%, **no**",
		"requests in a second of processor time: time and errors": "90%, yes",
	} {
		if rows[name] != want {
			t.Errorf("%s: %q, want %q", name, rows[name], want)
		}
	}
	if _, ok := rows["getppid: time and errors, to bpftrace"]; ok {
		t.Error("there is a figure of a contestant that did not take part")
	}
}
