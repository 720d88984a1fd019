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

//go:embed api.txt
var api string

// Calls are those that a busy web server made that also serves files, the most
// frequent ones first. How they were recorded is said in the file.
func Calls() ([]Call, error) { return read(webserver) }

// HeldOut are the calls of the same server where it served hardly any files. No
// default was chosen by them: they show whether one that was chosen by Calls
// holds for others.
func HeldOut() ([]Call, error) { return read(api) }

func read(text string) ([]Call, error) {
	var calls []Call
	for line := range strings.Lines(text) {
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
