package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// traceField is a line of a format file:
//
//	field:const char * filename;	offset:24;	size:8;	signed:0;
var traceField = regexp.MustCompile(`(?m)^\tfield:(.*);\toffset:\d+;`)

// withTracefs calls f with the directory of the kernel's system call events,
// which it mounts for that time when it is not mounted yet.
func withTracefs(f func(events string) error) (err error) {
	for _, root := range []string{"/sys/kernel/tracing", "/sys/kernel/debug/tracing"} {
		events := filepath.Join(root, "events", "syscalls")
		if _, err := os.ReadDir(events); err == nil {
			return f(events)
		}
	}
	root, err := os.MkdirTemp("", "mksyscalls-tracefs-")
	if err != nil {
		return err
	}
	defer os.Remove(root)
	if out, err := exec.Command("mount", "-t", "tracefs", "none", root).CombinedOutput(); err != nil {
		return fmt.Errorf("mounting tracefs, which needs root: %w: %s", err, strings.TrimSpace(string(out)))
	}
	defer func() {
		if out, uerr := exec.Command("umount", root).CombinedOutput(); uerr != nil {
			err = errors.Join(err, fmt.Errorf("unmounting %s: %w: %s", root, uerr, out))
		}
	}()
	return f(filepath.Join(root, "events", "syscalls"))
}

// tracePrototypes reads the prototypes of every call that the kernel has.
func tracePrototypes() (map[string]prototype, error) {
	calls := map[string]prototype{}
	err := withTracefs(func(events string) error {
		dirs, err := filepath.Glob(filepath.Join(events, "sys_enter_*"))
		if err != nil {
			return err
		}
		for _, dir := range dirs {
			format, err := os.ReadFile(filepath.Join(dir, "format"))
			if err != nil {
				return err
			}
			entry := strings.TrimPrefix(filepath.Base(dir), "sys_enter_")
			if calls[entry], err = parseFormat(entry, string(format)); err != nil {
				return fmt.Errorf("%s/format: %w", dir, err)
			}
		}
		if len(calls) == 0 {
			return fmt.Errorf("%s has no sys_enter_*: the kernel was built without CONFIG_FTRACE_SYSCALLS", events)
		}
		return nil
	})
	return calls, err
}

func parseFormat(entry, format string) (prototype, error) {
	p := prototype{entry: entry}
	for _, m := range traceField.FindAllStringSubmatch(format, -1) {
		q, err := parseParam(m[1])
		if err != nil {
			return prototype{}, err
		}
		if strings.HasPrefix(q.name, "common_") || q.name == "__syscall_nr" {
			continue // the event's own fields
		}
		p.params = append(p.params, q)
	}
	return p, nil
}

// runningKernel gives the release without what its builder appended, and the
// architecture: "6.18.44 amd64".
func runningKernel() (string, error) {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "", err
	}
	version, _, _ := strings.Cut(strings.TrimSpace(string(release)), "-")
	return version + " " + runtime.GOARCH, nil
}
