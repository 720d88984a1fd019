package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// mountTracefs mounts tracefs, in which bpftrace and perf look tracepoints up, if
// it is not mounted yet. What it returns takes it away again.
func mountTracefs() (unmount func(), err error) {
	const dir = "/sys/kernel/tracing"
	if _, err := os.Stat(dir + "/events"); err == nil {
		return func() {}, nil
	}
	if err := unix.Mount("none", dir, "tracefs", 0, ""); err != nil {
		return nil, fmt.Errorf("mount tracefs on %s, which needs root: %w", dir, err)
	}
	return func() { unix.Unmount(dir, unix.MNT_DETACH) }, nil
}
