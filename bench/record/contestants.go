package main

import (
	"os/exec"
	"regexp"
	"strings"
)

// A contestant is a way to watch a program, or not to.
type contestant struct {
	name string
	slow bool // it takes tens of microseconds for a call
	// under returns the command that runs a program.
	under func(program ...string) []string
	// hooks are tracepoints on which there is a program that does nothing.
	hooks []string
}

// The places of those that others are measured against.
const (
	bare = iota
	emptyBoth
)

// The names of those of which something is expected, and of those it is measured by.
const (
	onlyCalls     = "curb record --calls-only"
	withEnds      = "curb record"
	bpftraceCalls = "bpftrace, calls"
	bpftraceTime  = "bpftrace, calls, time, errors"
	strace        = "strace -f -c"
	straceSeccomp = "strace -f --seccomp-bpf -c"
)

func contestants(curb string) []contestant {
	prefix := func(words ...string) func(...string) []string {
		return func(program ...string) []string { return append(words[:len(words):len(words)], program...) }
	}
	recorded := func(flags ...string) func(...string) []string {
		return prefix(append(append([]string{curb, "record", "-q"}, flags...), "--")...)
	}
	traced := func(script string) func(...string) []string {
		return func(program ...string) []string {
			return []string{"bpftrace", "-q", "-o", "/dev/null", "-e", script, "-c", strings.Join(program, " ")}
		}
	}
	const enter, exit = "tracepoint:raw_syscalls:sys_enter /pid == cpid/ ", " tracepoint:raw_syscalls:sys_exit /pid == cpid/ "
	return []contestant{
		bare:      {name: "nothing", under: prefix()},
		emptyBoth: {name: "empty programs on both hooks", under: prefix(), hooks: []string{"sys_enter", "sys_exit"}},
		{name: "an empty program on sys_enter", under: prefix(), hooks: []string{"sys_enter"}},
		{name: onlyCalls, under: recorded("--calls-only")},
		{name: bpftraceCalls, under: traced(enter + "{ @[args->id] = count(); }")},
		{name: withEnds, under: recorded()},
		{name: bpftraceTime, under: traced(enter + "{ @s[tid] = nsecs; }" +
			exit + "{ @c[args->id, args->ret < 0] = count(); @t[args->id] = sum(nsecs - @s[tid]); }")},
		{name: "curb record --stacks", under: recorded("--stacks")},
		{name: "perf trace -s", slow: true, under: prefix("perf", "trace", "-s", "-o", "/dev/null", "--")},
		{name: "curb record --ptrace", slow: true, under: recorded("--ptrace")},
		{name: strace, slow: true, under: prefix("strace", "-f", "-c", "-o", "/dev/null", "--")},
		{name: straceSeccomp, slow: true, under: prefix("strace", "-f", "--seccomp-bpf", "-c", "-o", "/dev/null", "--")},
	}
}

// available leaves out those that are not wanted, and those whose command is not
// here, and names these. The first two always take part.
func available(all []contestant, wanted *regexp.Regexp) (here []contestant, missing []string) {
	for i, c := range all {
		if i > emptyBoth && !wanted.MatchString(c.name) {
			continue
		}
		words := c.under("program")
		if _, err := exec.LookPath(words[0]); err != nil && len(words) > 1 {
			missing = append(missing, c.name)
			continue
		}
		here = append(here, c)
	}
	return here, missing
}
