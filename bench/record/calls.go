package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// calls measures how long a call takes.
func calls(all []contestant, program string, rounds int) (string, error) {
	took, err := turns(all, rounds, func(c contestant) ([]float64, error) {
		n := 300
		if c.slow {
			n = 10
		}
		words := c.under(program, strconv.Itoa(n))
		var errs bytes.Buffer
		cmd := exec.Command(words[0], words[1:]...)
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("%w\n%s", err, &errs)
		}
		var getppid, flock float64
		_, line, _ := strings.Cut(string(out), "took")
		if _, err := fmt.Sscan(line, &getppid, &flock); err != nil {
			return nil, fmt.Errorf("it printed %q: %w", out, err)
		}
		return []float64{getppid, flock}, nil
	})
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("| watched by | getppid, ns | to bare | to empty programs | flock, ns | to bare | to empty programs |\n")
	b.WriteString("| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	for i, c := range all {
		fmt.Fprintf(&b, "| %s |", c.name)
		for figure, ns := range took[i] {
			fmt.Fprintf(&b, " %.0f | %.2f | %.2f |", ns, ns/took[bare][figure], ns/took[emptyBoth][figure])
		}
		b.WriteByte('\n')
	}
	return b.String(), nil
}
