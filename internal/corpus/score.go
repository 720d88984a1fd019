package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gocurb/curb/usage"
)

// f1 is the harmonic mean of precision (the part of the predicted calls that was
// observed) and recall (the part of the observed that was predicted). It is not ok
// where there is no complete prediction or no observation.
func (r *result) f1() (score float64, ok bool) {
	if len(r.predicted) == 0 || len(r.unresolved) > 0 || r.stacksOnly {
		return 0, false
	}
	hits := len(r.observed) - len(r.missed())
	return 2 * float64(hits) / float64(len(r.observed)+len(r.predicted)), true
}

// A mean is one of scores.
type mean struct {
	sum float64
	n   int
}

func (m *mean) add(score float64) { m.sum, m.n = m.sum+score, m.n+1 }

func (m *mean) value() float64 { return m.sum / float64(max(m.n, 1)) }

// writeScores writes the mean of F1 over all rows, and over the programs as they
// are built by default, where each counts once.
func writeScores(w io.Writer, results []*result) {
	var rows, programs mean
	for _, r := range results {
		score, ok := r.f1()
		if !ok {
			continue
		}
		rows.add(score)
		if r.toolchain == "local" && r.arch == "amd64" && r.mode == "plain" {
			programs.add(score)
		}
	}
	if rows.n > 0 {
		fmt.Fprintf(w, "\nMean F1: %.3f over %d binaries", rows.value(), rows.n)
		if programs.n > 0 {
			fmt.Fprintf(w, ", %.3f over %d programs built as by default for amd64", programs.value(), programs.n)
		}
		fmt.Fprintln(w, ".")
	}
}

// writeUnseen lists, for each row, the calls that were predicted and that no run has
// made, with the code that could make them: what observation lacks, or the scan has
// too much.
func writeUnseen(w io.Writer, results []*result) {
	for _, r := range results {
		unseen := without(r.predicted, r.observed)
		if len(unseen) == 0 || r.stacksOnly {
			continue
		}
		fmt.Fprintf(w, "\n%s, never observed (%d):\n\n", r.label(), len(unseen))
		for _, name := range unseen {
			fmt.Fprintf(w, "  %-18s %s\n", name, r.because(name))
		}
	}
}

// because gives the end of the shortest way to a call in the code.
func (r *result) because(name string) string {
	const steps = 6
	i := slices.IndexFunc(r.syscalls, func(s usage.Syscall) bool { return s.Name == name })
	if i < 0 || len(r.syscalls[i].Evidence) == 0 {
		return ""
	}
	e := &r.syscalls[i].Evidence[0]
	var way []string
	for _, s := range e.Chain {
		for _, o := range s.Via {
			way = append(way, o.Kind+" "+o.Name)
		}
		way = append(way, s.Function)
	}
	if len(way) == 0 {
		return e.Note
	}
	if extra := len(way) - steps; extra > 0 {
		way = append([]string{"…"}, way[extra:]...)
	}
	return strings.Join(way, " > ")
}
