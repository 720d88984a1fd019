package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/gocurb/curb/bench/internal/page"
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
	// compared is what was compared so far.
	compared []comparison
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

// A pageTable is a table of the page.
type pageTable struct {
	name string
	make func() (string, error)
}

// tables are in the order in which they are made.
func (b *bench) tables() []pageTable {
	return []pageTable{
		{"machine", b.machine},
		{"instructions", b.instructions},
		{"verdicts", b.verdicts},
		{"compile", b.compile},
		{"start", b.start},
		{"calls", b.calls},
		{"size", b.size},
		{"better", b.better},
	}
}

// compare begins a comparison of the contestants.
func (b *bench) compare(title string) comparison {
	c := comparison{title: title}
	for _, contestant := range b.contestants {
		curb := isCurb(contestant.name)
		c.rows = append(c.rows, row{contestant.name, curb, !curb})
	}
	return c
}

func isCurb(name string) bool { return strings.HasPrefix(name, "curb") }

// text gives the table, and remembers what it compares.
func (b *bench) text(c comparison) string {
	b.compared = append(b.compared, c)
	return c.String()
}

func (b *bench) instructions() (string, error) {
	var text strings.Builder
	for i, p := range b.policies {
		figures := []figure{
			{name: "instructions"},
			{name: "run per call", decimals: 1, ratio: true}, {name: "at most"},
			{name: "other load", decimals: 1},
			{name: "per denied call", decimals: 1}, {name: "at most, denied"},
			{name: "without cache", decimals: 1},
		}
		for j, c := range b.contestants {
			n, err := count(b.compiled[i][j], p, b.load, b.heldOut)
			if err != nil {
				return "", fmt.Errorf("%s: %w", c.name, err)
			}
			for f, value := range []float64{float64(n.length), n.load.mean(), n.load.most(), n.heldOut.mean(), n.denied.mean(), n.denied.most(), n.uncached.mean()} {
				figures[f].values = append(figures[f].values, value)
			}
		}
		c := b.compare(p.Name)
		c.figures = figures
		text.WriteString(b.text(c) + "\n")
	}
	return text.String(), nil
}

func (b *bench) verdicts() (string, error) {
	p := b.policies[withChecks]
	t := page.Table{{p.Name, "inputs", "passes though denied", "for instance", "denied though allowed", "for instance"}}
	for j, c := range b.contestants {
		v, err := judge(b.compiled[withChecks][j], p)
		if err != nil {
			return "", fmt.Errorf("%s: %w", c.name, err)
		}
		t = append(t, []string{c.name, strconv.Itoa(v.inputs), strconv.Itoa(len(v.passes)), instance(p, v.passes), strconv.Itoa(len(v.refused)), instance(p, v.refused)})
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
	c := b.compare("µs to compile")
	for _, p := range b.policies {
		times, err := compileTimes(b.rounds, b.contestants, p)
		if err != nil {
			return "", err
		}
		c.figures = append(c.figures, figure{name: p.Name, values: column(times, 0, 1e3), ratio: true})
	}
	return b.text(c), nil
}

// column gives one of several measurements of each row, in a larger unit.
func column(measured [][]float64, which int, unit float64) []float64 {
	var values []float64
	for _, m := range measured {
		values = append(values, m[which]/unit)
	}
	return values
}

func (b *bench) calls() (string, error) {
	times, err := callTimes(b.rounds, b.compiled[withChecks])
	if err != nil {
		return "", err
	}
	c := b.compare("ns added")
	c.figures = []figure{
		{name: "to a cached call", decimals: 1, values: column(times, 0, 1), ratio: true},
		{name: "to a checked call", decimals: 1, values: column(times, 1, 1), ratio: true},
	}
	return b.text(c), nil
}

// startsPerRound: to start a program takes little time, and varies much.
const startsPerRound = 10

func (b *bench) start() (string, error) {
	return b.ofPrograms("µs to lock down", func(builder builder, all []program) ([]figure, error) {
		times, err := builder.startTimes(b.rounds*startsPerRound, all)
		return []figure{
			{name: "from start to enforced", values: column(times, 0, 1e3), ratio: true},
			{name: "of these, in main", values: column(times, 1, 1e3), ratio: true},
		}, err
	})
}

func (b *bench) size() (string, error) {
	return b.ofPrograms("KB added", func(builder builder, all []program) ([]figure, error) {
		sizes, err := builder.sizes(all)
		return []figure{
			{name: "as linked", decimals: 1, values: column(sizes, 0, 1e3), ratio: true},
			{name: "without symbols", decimals: 1, values: column(sizes, 1, 1e3), ratio: true},
		}, err
	})
}

// ofPrograms compares programs, which carry curb's filter where they carry one.
func (b *bench) ofPrograms(title string, measure func(builder, []program) ([]figure, error)) (string, error) {
	dir, err := os.MkdirTemp("", "filter")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	builder, err := newBuilder(dir, b.compiled[withChecks][0])
	if err != nil {
		return "", err
	}
	all := programs()
	c := comparison{title: title}
	for _, p := range all {
		curb := isCurb(p.title)
		c.rows = append(c.rows, row{p.title, curb, !curb && !p.bare})
	}
	if c.figures, err = measure(builder, all); err != nil {
		return "", err
	}
	return b.text(c), nil
}

// better is where curb is not the best, of all that was compared.
func (b *bench) better() (string, error) {
	t := page.Table{{"less is better", "who", "figure", "the best peer", "figure", "ratio"}}
	for _, c := range b.compared {
		t = c.better(t)
	}
	if len(t) == 1 {
		return "Nowhere, by a twentieth or more.\n", nil
	}
	return t.String(), nil
}
