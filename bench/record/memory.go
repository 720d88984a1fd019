package main

import (
	"fmt"
	"os/exec"
	"strconv"
	"syscall"

	"github.com/gocurb/curb/bench/internal/page"
)

// memory measures how much the recorder itself takes at most, after few calls and
// after many.
func memory(curb, program string) (string, error) {
	t := page.Table{{"MB at most", "after 12,000 calls", "after 4,000,000"}}
	for _, flag := range []string{"--calls-only", "", "--stacks"} {
		row := []string{"curb record"}
		words := []string{"record", "-q"}
		if flag != "" {
			row[0] += " " + flag
			words = append(words, flag)
		}
		for _, rounds := range []int{3, 1000} { // of 4000 calls each
			cmd := exec.Command(curb, append(words[:len(words):len(words)], "--", program, strconv.Itoa(rounds))...)
			if out, err := cmd.CombinedOutput(); err != nil {
				return "", fmt.Errorf("%s: %w\n%s", row[0], err, out)
			}
			used, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
			if !ok {
				return "", fmt.Errorf("%s: the kernel does not say what it used", row[0])
			}
			row = append(row, fmt.Sprintf("%.1f", float64(used.Maxrss)/1024))
		}
		t = append(t, row)
	}
	return t.String(), nil
}
