package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/gocurb/curb/internal/sample"
	"github.com/gocurb/curb/syscalls"
)

// script counts the calls of one process by number and, where the sample policy
// looks at an argument, by that.
func script() (string, error) {
	t := syscalls.Native()
	var b strings.Builder
	b.WriteString("tracepoint:raw_syscalls:sys_enter /pid == cpid/ {\n$arg = (uint64)0;\n")
	for _, check := range sample.Checks {
		call, found := t.ByName(check.Syscall)
		if !found {
			return "", fmt.Errorf("%s has no system call %s", t.Arch, check.Syscall)
		}
		fmt.Fprintf(&b, "if (args->id == %d) { $arg = (uint64)args->args[%d]; }\n", call.Nr, check.Arg)
	}
	b.WriteString("@calls[args->id, $arg] = count();\n}\n")
	return b.String(), nil
}

// writeCounts translates bpftrace's output.
func writeCounts(out string, raw []byte, requests int, load load) error {
	calls, err := parse(raw)
	if err != nil {
		return fmt.Errorf("read what bpftrace counted: %w", err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "# The system calls of a web server that answered %d requests in %v, by\n#\n", requests, load.duration)
	fmt.Fprintf(&b, "#\tCGO_ENABLED=0 go -C bench run ./webserver -d %v -files %d -o %s\n#\n", load.duration, load.files, out)
	fmt.Fprintf(&b, "# (%s, linux/%s, %d processors). How often, which call, and the argument that\n", runtime.Version(), runtime.GOARCH, runtime.NumCPU())
	b.WriteString("# the sample policy checks, if it checks one.\n")
	for _, call := range calls {
		fmt.Fprintln(&b, call)
	}
	return os.WriteFile(out, b.Bytes(), 0o644)
}

func parse(raw []byte) ([]sample.Call, error) {
	var calls []sample.Call
	lines := json.NewDecoder(bytes.NewReader(raw))
	for lines.More() {
		var line struct {
			Type string
			Data json.RawMessage
		}
		if err := lines.Decode(&line); err != nil {
			return nil, err
		}
		if line.Type != "map" {
			continue
		}
		var maps map[string]map[string]int
		if err := json.Unmarshal(line.Data, &maps); err != nil {
			return nil, err
		}
		for key, count := range maps["@calls"] {
			call, err := callOf(key)
			if err != nil {
				return nil, err
			}
			call.Count = count
			if call.Syscall != "execve" { // its launcher made that
				calls = append(calls, call)
			}
		}
	}
	if len(calls) == 0 {
		return nil, fmt.Errorf("it counted nothing")
	}
	slices.SortFunc(calls, func(a, b sample.Call) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Syscall, b.Syscall), cmp.Compare(a.Value, b.Value))
	})
	return calls, nil
}

// callOf reads a key of bpftrace's map: a number, a comma, and an argument.
func callOf(key string) (sample.Call, error) {
	var nr uint32
	var value uint64
	if _, err := fmt.Sscanf(key, "%d,%d", &nr, &value); err != nil {
		return sample.Call{}, fmt.Errorf("the key %q: %w", key, err)
	}
	known, found := syscalls.Native().ByNumber(nr)
	if !found {
		return sample.Call{}, fmt.Errorf("there is no system call %d", nr)
	}
	return sample.Call{Syscall: known.Name, Value: value}, nil
}
