package sample

import (
	_ "embed"
	"fmt"
	"strings"
)

// A Call says how often a system call was made with one value of the argument
// that the Checks look at, which is 0 where there is no check.
type Call struct {
	Count   int
	Syscall string
	Value   uint64
}

// String gives the call as Calls reads it.
func (c Call) String() string { return fmt.Sprintf("%d %s %#x", c.Count, c.Syscall, c.Value) }

//go:embed webserver.txt
var webserver string

// Calls are those that a busy web server made, the most frequent ones first. How
// they were recorded is said in the file.
func Calls() ([]Call, error) {
	var calls []Call
	for line := range strings.Lines(webserver) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var c Call
		if _, err := fmt.Sscanf(line, "%d %s %v", &c.Count, &c.Syscall, &c.Value); err != nil {
			return nil, fmt.Errorf("read the calls of the web server: %q: %w", line, err)
		}
		calls = append(calls, c)
	}
	return calls, nil
}
