// Webserver records the system calls of a busy web server, with the arguments
// that the sample policy checks, as package internal/sample keeps them:
//
//	CGO_ENABLED=0 go -C bench run ./webserver -o ../internal/sample/webserver.txt
//	CGO_ENABLED=0 go -C bench run ./webserver -files 2 -o ../internal/sample/api.txt
//
// It needs root and bpftrace, which counts in the kernel: under strace, a
// hundred times slower, a server makes other calls. The load comes from another
// process than the server, so that only the server's calls count.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	serving := flag.String("serve", "", "serve the files below this directory (what the recorder starts)")
	out := flag.String("o", "webserver.txt", "where to write the counts")
	duration := flag.Duration("d", 30*time.Second, "how long to load the server")
	files := flag.Int("files", 35, "how many of a hundred requests are for files")
	flag.Parse()
	work := func() error { return record(*out, load{*duration, *files}) }
	if *serving != "" {
		work = func() error { return serve(*serving) }
	}
	if err := work(); err != nil {
		fmt.Fprintln(os.Stderr, "bench/webserver:", err)
		os.Exit(2)
	}
}

// record runs the server under bpftrace, loads it, ends it, and writes down what
// it did.
func record(out string, load load) error {
	dir, err := os.MkdirTemp("", "webserver")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := writeFiles(dir); err != nil {
		return err
	}
	counts := filepath.Join(dir, "counts.json")
	requests, err := trace(dir, counts, load)
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(counts)
	if err != nil {
		return err
	}
	return writeCounts(out, raw, requests, load)
}

// withTracefs gives bpftrace the file system by which it finds tracepoints, and no
// other process, where it is not mounted.
const withTracefs = `
test -e /sys/kernel/tracing/events || mount -t tracefs tracefs /sys/kernel/tracing
exec bpftrace "$@"`

// trace returns how many requests the server answered.
func trace(dir, counts string, load load) (requests int, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	script, err := script()
	if err != nil {
		return 0, err
	}
	cmd := exec.Command("unshare", "--mount", "sh", "-c", withTracefs, "bpftrace",
		"-f", "json", "-o", counts, "-e", script, "-c", self+" -serve "+dir)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	log := bufio.NewReader(stdout)
	pid, address, err := readiness(log)
	if err == nil {
		go func() { _, _ = io.Copy(io.Discard, log) }()
		requests, err = load.put(address)
		_ = syscall.Kill(pid, syscall.SIGTERM) // with the server, bpftrace ends
	}
	if ended := cmd.Wait(); err == nil {
		err = ended
	}
	return requests, err
}

// readiness waits for the line by which the server says that it listens.
func readiness(log *bufio.Reader) (pid int, address string, err error) {
	if _, err := fmt.Fscanf(log, ready+"\n", &pid, &address); err != nil {
		return 0, "", fmt.Errorf("the server did not start (is bpftrace here, a Debian package of that name, and are you root?): %w", err)
	}
	return pid, address, nil
}
