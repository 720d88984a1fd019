package strace

import (
	"bufio"
	"io"
	"strconv"
	"strings"
)

// misread reports whether the name is one that strace gives to a call of a task
// that is being killed while it asks for the number: it gets the result of the call
// before instead, an error or a task's number. Such a call never ends. No kernel has
// calls with numbers like these.
func misread(name string) bool {
	const most = 0xfff
	text, unknown := strings.CutPrefix(name, "syscall_0x")
	number, err := strconv.ParseUint(text, 16, 64)
	return unknown && err == nil && number > most
}

// Parse reads the output of strace -f and counts the calls of the first
// process's program, by name.
func Parse(r io.Reader) (map[string]int, error) { return count(r, true) }

// ParseLocked is Parse for what comes after the first filter that the program has
// put on itself.
func ParseLocked(r io.Reader) (map[string]int, error) { return count(r, false) }

func count(r io.Reader, counts bool) (map[string]int, error) {
	p := parser{counts: counts, tasks: map[string]*process{}, open: map[string]string{}, early: map[string][]string{}, calls: map[string]int{}}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		tid, rest, ok := strings.Cut(lines.Text(), " ")
		if !ok {
			continue
		}
		p.line(tid, strings.TrimLeft(rest, " "))
	}
	return p.calls, lines.Err()
}

// A process is one of the traced ones. It is the program's own until it
// executes another one.
type process struct{ own, started bool }

type parser struct {
	counts bool // what is called now counts
	tasks  map[string]*process
	open   map[string]string   // the unfinished call of a task
	early  map[string][]string // lines of tasks whose creation was not seen yet
	calls  map[string]int
}

func (p *parser) line(tid, rest string) {
	proc := p.tasks[tid]
	if proc == nil {
		if len(p.tasks) > 0 {
			p.early[tid] = append(p.early[tid], rest)
			return
		}
		proc = &process{own: true}
		p.tasks[tid] = proc
	}
	switch {
	case strings.HasPrefix(rest, "+++ "):
		if !strings.HasPrefix(rest, "+++ superseded") {
			delete(p.tasks, tid)
			if len(p.tasks) == 0 {
				p.tasks["gone"] = &process{}
			}
		}
		return
	case strings.HasPrefix(rest, "--- "):
		return
	case strings.HasPrefix(rest, "<... "):
		name, end, _ := strings.Cut(strings.TrimPrefix(rest, "<... "), " resumed>")
		call, ok := p.open[tid]
		if !ok {
			call = name + "(" // begun by another thread: an execve goes on as the first one's
		}
		delete(p.open, tid)
		p.done(proc, call+end)
		return
	}
	name, _, ok := strings.Cut(rest, "(")
	if !ok || strings.HasPrefix(name, "?") {
		return // strace writes ???? where the task was killed before it could ask for the number
	}
	if p.counts && proc.own && (proc.started || name != "execve") && !misread(name) {
		p.calls[name]++
	}
	if begin, unfinished := strings.CutSuffix(rest, "<unfinished ...>"); unfinished {
		p.open[tid] = begin
		return
	}
	p.done(proc, rest)
}

// done looks at a finished call for what it changes in the tree of processes.
func (p *parser) done(proc *process, call string) {
	name, _, _ := strings.Cut(call, "(")
	at := strings.LastIndex(call, " = ")
	if at < 0 {
		return
	}
	result, _, _ := strings.Cut(call[at+3:], " ")
	if misread(name) && p.counts && proc.own && result != "?" {
		p.calls[name]++ // it was made after all
	}
	switch name {
	case "seccomp":
		p.counts = p.counts || result == "0" && strings.Contains(call, "SECCOMP_SET_MODE_FILTER")
	case "execve", "execveat":
		if result == "0" {
			proc.own = !proc.started
			proc.started = true
		}
	case "clone", "clone3", "fork", "vfork":
		if result == "" || result[0] < '1' || result[0] > '9' {
			return
		}
		child := proc
		if !strings.Contains(call, "CLONE_THREAD") {
			child = &process{own: proc.own, started: true}
		}
		p.tasks[result] = child
		lines := p.early[result]
		delete(p.early, result)
		for _, l := range lines {
			p.line(result, l)
		}
	}
}
