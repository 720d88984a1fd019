package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"strconv"
	"strings"

	"github.com/gocurb/curb/bench/internal/page"
)

// The figures of a call, as the program prints them.
const (
	getppid = iota
	flock
	bothThreads
)

// calls measures how long a call takes, in ns: each figure of each contestant.
func calls(all []contestant, program string, rounds int) ([][]float64, error) {
	return turns(all, rounds, func(c contestant) ([]float64, error) {
		n := 300
		if c.slow {
			n = 5
		}
		words := c.under(program, strconv.Itoa(n))
		var errs bytes.Buffer
		cmd := exec.Command(words[0], words[1:]...)
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("%w\n%s", err, &errs)
		}
		figures := make([]float64, bothThreads+1)
		_, line, _ := strings.Cut(string(out), "took")
		if _, err := fmt.Sscan(line, &figures[getppid], &figures[flock], &figures[bothThreads]); err != nil {
			return nil, fmt.Errorf("it printed %q: %w", out, err)
		}
		return figures, nil
	})
}

func callsTable(all []contestant, took [][]float64) string {
	header := []string{"watched by"}
	for _, figure := range []string{"getppid, ns", "flock, ns", "two threads, ns"} {
		header = append(header, figure, "to bare", "to empty")
	}
	t := page.Table{header}
	for i, c := range all {
		row := []string{c.name}
		for figure, ns := range took[i] {
			row = append(row, fmt.Sprintf("%.0f", ns), fmt.Sprintf("%.2f", ns/took[bare][figure]), fmt.Sprintf("%.2f", ns/took[emptyBoth][figure]))
		}
		t = append(t, row)
	}
	return t.String()
}
