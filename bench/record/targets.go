package main

import (
	"fmt"
	"slices"

	"github.com/gocurb/curb/bench/internal/page"
)

// A target is a bound of what recording may cost.
type target struct {
	name    string
	figure  float64
	atMost  float64
	percent bool // it is a share of which there must be as much at least
}

// targets holds what was measured against what recording is to cost. All need their
// contestants.
func targets(all []contestant, took, answered [][]float64) string {
	t := page.Table{{"what", "measured", "wanted", "reached"}}
	for _, g := range bounds(all, took, answered) {
		measured, wanted, reached := fmt.Sprintf("%.3g", g.figure), fmt.Sprintf("at most %.3g", g.atMost), g.figure <= g.atMost
		if g.percent {
			measured, wanted, reached = fmt.Sprintf("%.0f%%", 100*g.figure), fmt.Sprintf("at least %.0f%%", 100*g.atMost), g.figure >= g.atMost
		}
		answer := "yes"
		if !reached {
			answer = "**no**"
		}
		t = append(t, []string{g.name, measured, wanted, answer})
	}
	return t.String()
}

func bounds(all []contestant, took, answered [][]float64) (list []target) {
	place := func(name string) int {
		return slices.IndexFunc(all, func(c contestant) bool { return c.name == name })
	}
	add := func(g target, who, whom int, f func(who, whom int) float64) {
		if who >= 0 && whom >= 0 {
			g.figure = f(who, whom)
			list = append(list, g)
		}
	}
	callsOnly, both := place(onlyCalls), place(withEnds)
	for figure, name := range []string{"getppid", "flock", "getppid, two threads"} {
		ratio := func(who, whom int) float64 { return took[who][figure] / took[whom][figure] }
		added := func(who, whom int) float64 {
			return (took[who][figure] - took[bare][figure]) / (took[whom][figure] - took[bare][figure])
		}
		add(target{name: name + ": calls only, to bare", atMost: 2}, callsOnly, bare, ratio)
		add(target{name: name + ": time and errors, to empty programs", atMost: 1.5}, both, emptyBoth, ratio)
		add(target{name: name + ": calls only, to bpftrace", atMost: 1}, callsOnly, place(bpftraceCalls), ratio)
		add(target{name: name + ": time and errors, to bpftrace", atMost: 1}, both, place(bpftraceTime), ratio)
		add(target{name: name + ": added, to what strace adds", atMost: 0.01}, both, place(strace), added)
		add(target{name: name + ": added, to what strace --seccomp-bpf adds", atMost: 0.01}, both, place(straceSeccomp), added)
	}
	for figure, name := range []string{"requests in a second", "requests in a second of processor time"} {
		share := func(who, whom int) float64 { return answered[who][figure] / answered[whom][figure] }
		add(target{name: name + ": calls only", atMost: 0.9, percent: true}, callsOnly, bare, share)
		add(target{name: name + ": time and errors", atMost: 0.9, percent: true}, both, bare, share)
	}
	return list
}
