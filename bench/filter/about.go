package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/bench/internal/libseccomp"
)

// machine says on what, when and against which versions the figures were taken.
func (b *bench) machine() (string, error) {
	var uname unix.Utsname
	if err := unix.Uname(&uname); err != nil {
		return "", err
	}
	release, _, _ := strings.Cut(unix.ByteSliceToString(uname.Release[:]), "-")
	peers := []string{}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			switch dep.Path {
			case "github.com/elastic/go-seccomp-bpf", "github.com/seccomp/libseccomp-golang", "gvisor.dev/gvisor":
				peers = append(peers, dep.Path+" "+dep.Version)
			}
		}
	}
	if libseccomp.Available {
		peers = append(peers, "libseccomp "+libseccomp.Version())
	}
	return fmt.Sprintf("%s, on Linux %s, %s, %d processors (%s), %d rounds.\nPeers: %s.\n", time.Now().UTC().Format(time.DateOnly),
		release, runtime.Version(), runtime.NumCPU(), processor(), b.rounds, strings.Join(peers, ", ")), nil
}

// processor is the kernel's name for the kind of processor.
func processor() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
