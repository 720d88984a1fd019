package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/gocurb/curb/bench/internal/policy"
	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/internal/sample"
)

// A bench is one run.
type bench struct {
	rounds        int
	load, heldOut []sample.Call // what the web server called, see package sample
	policies      []policy.Policy
	contestants   []contestant
	// compiled are the programs, by policy and contestant.
	compiled [][]filter.Program
}

func newBench(rounds int) (*bench, error) {
	if rounds < 1 {
		return nil, fmt.Errorf("%d rounds measure nothing", rounds)
	}
	load, err := sample.Calls()
	if err != nil {
		return nil, err
	}
	heldOut, err := sample.HeldOut()
	if err != nil {
		return nil, err
	}
	b := &bench{rounds: rounds, load: load, heldOut: heldOut, policies: policies(), contestants: contestants(load)}
	for _, p := range b.policies {
		var row []filter.Program
		for _, c := range b.contestants {
			prog, err := c.compile(p)
			if err != nil {
				return nil, fmt.Errorf("%s compiles %s: %w", c.name, p.Name, err)
			}
			row = append(row, prog)
		}
		b.compiled = append(b.compiled, row)
	}
	return b, nil
}

// The middle of the policies is the one with checks, which is taken where one
// policy has to do.
const withChecks = 1

// A table of the page.
type pageTable struct {
	name string
	make func() (string, error)
}

func (b *bench) tables() []pageTable {
	return []pageTable{
		{"machine", b.machine},
		{"instructions", b.instructions},
		{"verdicts", b.verdicts},
		{"compile", b.compile},
		{"start", b.start},
		{"calls", b.calls},
		{"size", b.size},
	}
}

func (b *bench) instructions() (string, error) {
	var text strings.Builder
	for i, p := range b.policies {
		t := markdown{{p.Name, "instructions", "run per call", "ratio", "at most", "other load", "per denied call", "at most", "without cache"}}
		var curb float64
		for j, c := range b.contestants {
			n, err := count(b.compiled[i][j], p, b.load, b.heldOut)
			if err != nil {
				return "", fmt.Errorf("%s: %w", c.name, err)
			}
			if j == 0 {
				curb = n.load.mean()
			}
			t.add(c.name, n.length, n.load.text(), ratio(n.load.mean(), curb), n.load.mostText(), n.heldOut.text(), n.denied.text(), n.denied.mostText(), n.uncached.text())
		}
		text.WriteString(t.String() + "\n")
	}
	return text.String(), nil
}

func (b *bench) verdicts() (string, error) {
	p := b.policies[withChecks]
	t := markdown{{p.Name, "inputs", "passes though denied", "for instance", "denied though allowed", "for instance"}}
	for j, c := range b.contestants {
		v, err := judge(b.compiled[withChecks][j], p)
		if err != nil {
			return "", fmt.Errorf("%s: %w", c.name, err)
		}
		t.add(c.name, v.inputs, len(v.passes), instance(p, v.passes), len(v.refused), instance(p, v.refused))
	}
	return t.String(), nil
}

// instance describes one of the calls: of madvise, if there is one, which anybody
// can try without harm.
func instance(p policy.Policy, calls []filter.Data) string {
	if len(calls) == 0 {
		return ""
	}
	madvise, _ := table.ByName("madvise")
	i := slices.IndexFunc(calls, func(d filter.Data) bool { return d.Nr == madvise.Nr })
	return describe(p, calls[max(i, 0)])
}

func (b *bench) compile() (string, error) {
	header := []any{"µs"}
	for _, p := range b.policies {
		header = append(header, p.Name, "ratio")
	}
	var t markdown
	t.add(header...)
	rows := make([][]any, len(b.contestants))
	for _, p := range b.policies {
		times, err := compileTimes(b.rounds, b.contestants, p)
		if err != nil {
			return "", err
		}
		for j := range b.contestants {
			rows[j] = append(rows[j], fmt.Sprintf("%.0f", times[j][0]/1e3), ratio(times[j][0], times[0][0]))
		}
	}
	for j, c := range b.contestants {
		t.add(append([]any{c.name}, rows[j]...)...)
	}
	return t.String(), nil
}

func (b *bench) start() (string, error) {
	all := programs()
	builder, done, err := b.builder()
	if err != nil {
		return "", err
	}
	defer done()
	times, err := builder.startTimes(b.rounds*startsPerRound, all)
	if err != nil {
		return "", err
	}
	t := markdown{{"", "µs from start to enforced", "ratio", "of these, in main", "ratio"}}
	for i, p := range all {
		t.add(p.title, fmt.Sprintf("%.0f", times[i][0]/1e3), ratio(times[i][0], times[0][0]),
			fmt.Sprintf("%.0f", times[i][1]/1e3), ratio(times[i][1], times[0][1]))
	}
	return t.String(), nil
}

// startsPerRound: to start a program takes little time, and varies much.
const startsPerRound = 10

func (b *bench) size() (string, error) {
	all := programs()
	builder, done, err := b.builder()
	if err != nil {
		return "", err
	}
	defer done()
	sizes, err := builder.sizes(all)
	if err != nil {
		return "", err
	}
	t := markdown{{"", "KB added", "ratio", "KB added without symbols", "ratio"}}
	for i, p := range all {
		if p.dir == "nothing" {
			continue
		}
		t.add(p.title, kb(sizes[i][0]), ratio(float64(sizes[i][0]), float64(sizes[0][0])), kb(sizes[i][1]), ratio(float64(sizes[i][1]), float64(sizes[0][1])))
	}
	return t.String(), nil
}

func kb(bytes int64) string { return fmt.Sprintf("%.1f", float64(bytes)/1e3) }

// builder is for programs that carry curb's filter. What it needs is there until
// done is called.
func (b *bench) builder() (_ builder, done func(), err error) {
	dir, err := os.MkdirTemp("", "filter")
	if err != nil {
		return builder{}, nil, err
	}
	built, err := newBuilder(dir, b.compiled[withChecks][0])
	return built, func() { os.RemoveAll(dir) }, err
}

func (b *bench) calls() (string, error) {
	times, err := callTimes(b.rounds, b.compiled[withChecks])
	if err != nil {
		return "", err
	}
	t := markdown{{b.policies[withChecks].Name, "ns added to a cached call", "ratio", "ns added to a checked call", "ratio"}}
	for i, c := range b.contestants {
		t.add(c.name, fmt.Sprintf("%.1f", times[i][0]), ratio(times[i][0], times[0][0]), fmt.Sprintf("%.1f", times[i][1]), ratio(times[i][1], times[0][1]))
	}
	return t.String(), nil
}

// ratio compares with curb.
func ratio(peer, curb float64) string {
	if curb <= 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", peer/curb)
}

func (c *cost) text() string {
	if c.calls == 0 {
		return "none"
	}
	return fmt.Sprintf("%.1f", c.mean())
}

func (c *cost) mostText() string {
	if c.calls == 0 {
		return "-"
	}
	return fmt.Sprint(c.most)
}
