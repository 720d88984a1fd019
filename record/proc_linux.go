//go:build linux && (amd64 || arm64)

package record

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// statusOf returns a number that /proc/ID/status has for a thread.
func statusOf(thread int, field string) (n int, ok bool) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", thread))
	for line := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(line, field+":"); found {
			n, err := strconv.Atoi(strings.TrimSpace(value))
			return n, err == nil
		}
	}
	return 0, false
}

// leaderOf returns the process that a thread belongs to, 0 if there is none.
func leaderOf(thread int) int {
	leader, _ := statusOf(thread, "Tgid")
	return leader
}

// tracerOf returns the thread that traces another one, 0 if none does.
func tracerOf(thread int) int {
	tracer, _ := statusOf(thread, "TracerPid")
	return tracer
}

// parentOf returns the parent of a process, 0 if that is not known.
func parentOf(pid int) int {
	parent, _ := statusOf(pid, "PPid")
	return parent
}

// A codeRange is where a process has the code of its program.
type codeRange struct{ start, end uint64 }

// codeOf returns what the kernel calls start_code and end_code.
func codeOf(pid int) (codeRange, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return codeRange{}, err
	}
	// The command's name can have any characters in it. After it the third field
	// of proc(5) is the first.
	const startCode, endCode = 26 - 3, 27 - 3
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) <= endCode {
		return codeRange{}, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
	}
	var code codeRange
	if code.start, err = strconv.ParseUint(fields[startCode], 10, 64); err == nil {
		code.end, err = strconv.ParseUint(fields[endCode], 10, 64)
	}
	return code, err
}

// relative returns an address relative to the start of the code.
func (r codeRange) relative(pc uint64) uint64 {
	if pc -= r.start; pc < r.end-r.start {
		return pc
	}
	return outside
}
