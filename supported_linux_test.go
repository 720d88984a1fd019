//go:build amd64 || arm64

package curb_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb"
	"github.com/gocurb/curb/internal/seccomp/subprocess"
)

// TestSupported asks this kernel, which has everything.
func TestSupported(t *testing.T) {
	s := curb.Supported()
	asked := 0
	for f, err := range s.All() {
		asked++
		if err != nil || !s.Has(f) {
			t.Errorf("%v: %v", f, err)
		}
	}
	lines := strings.Split(strings.TrimSuffix(s.String(), "\n"), "\n")
	if len(lines) != asked || asked < 15 {
		t.Errorf("%d features, and the table has %d lines", asked, len(lines))
	}
	if got := strings.Join(strings.Fields(lines[0]), " "); got != "SECCOMP_SET_MODE_FILTER Linux 3.17 yes" {
		t.Errorf("the table begins with %q", got)
	}
	var none curb.Support
	if err := none.Err(curb.FeatureLog); err == nil || errors.Is(err, errors.ErrUnsupported) || none.Has(curb.FeatureLog) {
		t.Errorf("where nobody asked the answer is %v", err)
	}
}

func TestSupportedBehindFilters(t *testing.T) {
	for name, want := range map[string]string{
		"denied":  "could not tell: ask for",
		"missing": "no",
	} {
		out, _ := subprocess.Run(t, "supported", subprocess.Exit(0), name)
		for line := range strings.Lines(out) {
			if !strings.Contains(line, "  "+want) {
				t.Errorf("behind a filter by which seccomp is %s: %q", name, line)
			}
		}
	}
}

func supported() {
	errno := map[string]syscall.Errno{"denied": syscall.EPERM, "missing": syscall.ENOSYS}[subprocess.Args()[0]]
	enforce(everythingBut().On("seccomp", curb.Errno(errno)))
	fmt.Print(curb.Supported())
}

// makes a filter of what an older kernel answers to seccomp(2).
var olderKernels = map[string]struct {
	policy  curb.Policy
	dropped []curb.Feature
	open    bool // nothing is enforced
}{
	"this one":   {policy: everythingBut()},
	"Linux 4.4":  {policy: withFlagsUpTo(1).On("seccomp", curb.Errno(syscall.EINVAL), curb.Arg(0).Is(unix.SECCOMP_GET_ACTION_AVAIL)), dropped: []curb.Feature{curb.FeatureKillProcess, curb.FeatureLog, curb.FeatureLogDenials, curb.FeatureAllowSpeculation}},
	"Linux 4.15": {policy: withFlagsUpTo(3), dropped: []curb.Feature{curb.FeatureAllowSpeculation}},
	"Linux 3.4":  {policy: everythingBut().On("prctl", curb.Errno(syscall.EINVAL), curb.Arg(0).Is(unix.PR_SET_NO_NEW_PRIVS)), dropped: []curb.Feature{curb.FeatureFilters}, open: true},
	"container":  {policy: everythingBut("seccomp"), dropped: []curb.Feature{curb.FeatureFilters}, open: true},
}

// withFlagsUpTo allows seccomp with flags up to a number.
func withFlagsUpTo(most int64) curb.Policy {
	return everythingBut().On("seccomp", curb.Errno(syscall.EINVAL), curb.Arg(0).Is(unix.SECCOMP_SET_MODE_FILTER), curb.Arg(1).Above(most))
}

// TestReport: a best effort says what it was done without, and denies what the
// policy denies wherever it is in force.
func TestReport(t *testing.T) {
	for name := range olderKernels {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			subprocess.Run(t, "older kernel", subprocess.Exit(0), name)
		})
	}
}

func olderKernel() {
	k := olderKernels[subprocess.Args()[0]]
	enforce(k.policy)
	policy := everythingBut("getppid").On("getuid", curb.Log).On("getpgid", curb.KillProcess).LogDenials().AllowSpeculation()
	report, err := policy.BestEffort().EnforceReport()
	if err != nil || report.Enforced == k.open || len(report.Dropped) != len(k.dropped) {
		subprocess.Fatal("the report is", report, err)
	}
	for i, d := range report.Dropped {
		if d.Feature != k.dropped[i] || d.Instead == "" || !errors.Is(d.Err, errors.ErrUnsupported) {
			subprocess.Fatal("dropped", d, "want", k.dropped[i])
		}
		if line := fmt.Sprintf("without %v: %s (", d.Feature, d.Instead); !strings.Contains(report.String(), line) {
			subprocess.Fatal("the report does not say", line, "but", report)
		}
	}
	denied := syscall.EPERM
	if k.open {
		denied = 0
	}
	want("getppid", call(unix.SYS_GETPPID), denied)
	want("getuid", call(unix.SYS_GETUID), 0)
	if len(k.dropped) > 0 {
		if report, err := policy.EnforceReport(); !errors.Is(err, errors.ErrUnsupported) || report.Enforced {
			subprocess.Fatal("without best effort the error is", err)
		}
	}
}

// TestFlags: they are those that the kernel is given, with TSYNC always.
func TestFlags(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("needs strace")
	}
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	_, errs := subprocess.RunCommand(t, "flags", subprocess.Exit(0), []string{strace, "-f", "-qq", "-e", "trace=seccomp", executable})
	const tsync, log, spec = "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"
	var got []string
	for line := range strings.Lines(errs) {
		if _, rest, found := strings.Cut(line, "seccomp(SECCOMP_SET_MODE_FILTER, "); found {
			set, _, _ := strings.Cut(rest, ", ")
			got = append(got, set)
		}
	}
	want := []string{tsync, tsync + "|" + log, tsync + "|" + spec, tsync + "|" + log + "|" + spec, tsync + "|" + log}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the flags are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func flags() {
	p := everythingBut("getppid")
	for _, p := range []curb.Policy{p, p.LogDenials(), p.AllowSpeculation(), p.AllowSpeculation().LogDenials()} {
		enforce(p)
	}
	f, err := p.LogDenials().Filter()
	if err == nil {
		err = f.Enforce()
	}
	if err != nil {
		subprocess.Fatal(err)
	}
	want("getppid", call(unix.SYS_GETPPID), syscall.EPERM)
}

// logDenials has a denial logged, or not.
func logDenials() {
	p := everythingBut("getppid")
	if subprocess.Args()[0] == "yes" {
		p = p.LogDenials()
	}
	enforce(p)
	want("getppid", call(unix.SYS_GETPPID), syscall.EPERM)
	want("getuid", call(unix.SYS_GETUID), 0)
	fmt.Print(os.Getpid())
}

// TestLogDenials listens to what the kernel logs.
func TestLogDenials(t *testing.T) {
	log, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_AUDIT)
	if err == nil {
		defer unix.Close(log)
		const readers = 1 // AUDIT_NLGRP_READLOG, as a bit
		err = unix.Bind(log, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: readers})
	}
	if err == nil {
		err = unix.SetsockoptTimeval(log, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 10})
	}
	if err != nil {
		t.Skipf("needs the right to see what the kernel logs: %v", err)
	}
	// Lines come in order: once the second process's is there, the first one has
	// none.
	quiet, _ := subprocess.Run(t, "log denials", subprocess.Exit(0), "no")
	loud, _ := subprocess.Run(t, "log denials", subprocess.Exit(0), "yes")
	record := make([]byte, 8192)
	for {
		n, _, err := unix.Recvfrom(log, record, 0)
		if err == unix.EINTR || err == unix.ENOBUFS {
			continue
		}
		if err != nil {
			t.Fatalf("the denial is not logged (%v)", err)
		}
		line := string(record[:n])
		if strings.Contains(line, " pid="+quiet+" ") {
			t.Errorf("a denial without the flag is logged: %s", line)
		}
		if strings.Contains(line, " pid="+loud+" ") {
			if want := fmt.Sprintf(" syscall=%d ", unix.SYS_GETPPID); !strings.Contains(line, want) || !strings.Contains(line, "code=0x50000") {
				t.Errorf("the line is %s, want a denial of%swith an errno", line, want)
			}
			return
		}
	}
}
