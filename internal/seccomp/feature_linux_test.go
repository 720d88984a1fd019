//go:build amd64 || arm64

package seccomp_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/internal/seccomp"
	"github.com/gocurb/curb/internal/seccomp/subprocess"
)

// TestProbeAll asks this kernel, which is no older than those that the tests are
// for.
func TestProbeAll(t *testing.T) {
	for i, err := range seccomp.Probe() {
		if err != nil {
			t.Errorf("%v: %v", seccomp.Feature(i), err)
		}
	}
	if mode := statuses("Seccomp")[fmt.Sprint(os.Getpid())]; mode != "0" {
		t.Errorf("asking has put this process into mode %s", mode)
	}
	if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG|unix.WALL, nil); err != syscall.ECHILD {
		t.Errorf("asking has left a child, %d (%v)", pid, err)
	}
}

// An answer is what is found out about a feature.
type answer byte

const (
	yes answer = iota
	no
	unknown
)

func answerOf(err error) answer {
	switch {
	case err == nil:
		return yes
	case errors.Is(err, errors.ErrUnsupported):
		return no
	}
	return unknown
}

// probed has, for kernels that a filter makes of this one, the features whose
// answer is not yes.
var probed = map[string]struct {
	rules []filter.Rule
	want  map[seccomp.Feature]answer
}{
	"Linux 5.4": {
		rules: append(withoutFlags(0xf), withoutListener(true, true, true)...),
		want: map[seccomp.Feature]answer{
			seccomp.FlagAllThreadsOrError: no, seccomp.FlagWaitKillable: no,
			seccomp.ListenerContinue: no, seccomp.ListenerAddFD: no, seccomp.ListenerAddFDSend: no, seccomp.ListenerSyncWakeUp: no,
		},
	},
	"Linux 5.15": {
		rules: append(withoutFlags(0x1f), withoutListener(false, false, true)...),
		want:  map[seccomp.Feature]answer{seccomp.FlagWaitKillable: no, seccomp.ListenerSyncWakeUp: no},
	},
	"Linux 4.14": {
		rules: append(withoutFlags(0x3), filter.Rule{
			Syscall: "seccomp", Conds: when(0, unix.SECCOMP_GET_NOTIF_SIZES), Action: einval,
		}),
		want: map[seccomp.Feature]answer{
			seccomp.FlagAllowSpeculation: no, seccomp.FlagNewListener: no, seccomp.FlagAllThreadsOrError: no, seccomp.FlagWaitKillable: no,
			seccomp.ListenerContinue: no, seccomp.ListenerAddFD: no, seccomp.ListenerAddFDSend: no, seccomp.ListenerSyncWakeUp: no,
		},
	},
	"no child processes": {
		rules: []filter.Rule{{Syscall: "clone", Conds: when(0, 0), Action: eperm}},
		want: map[seccomp.Feature]answer{
			seccomp.ListenerContinue: unknown, seccomp.ListenerAddFD: unknown, seccomp.ListenerAddFDSend: unknown, seccomp.ListenerSyncWakeUp: unknown,
		},
	},
	"children that ask are killed": {
		rules: []filter.Rule{{Syscall: "ioctl", Conds: when(1, unix.SECCOMP_IOCTL_NOTIF_SEND), Action: filter.KillProcess}},
		want: map[seccomp.Feature]answer{
			seccomp.ListenerContinue: unknown, seccomp.ListenerAddFD: unknown, seccomp.ListenerAddFDSend: unknown, seccomp.ListenerSyncWakeUp: unknown,
		},
	},
	"seccomp denied": {
		rules: []filter.Rule{{Syscall: "seccomp", Action: eperm}},
		want:  all(unknown),
	},
	"no seccomp": {
		rules: []filter.Rule{{Syscall: "seccomp", Action: enosys}},
		want:  all(no),
	},
}

func all(a answer) map[seccomp.Feature]answer {
	answers := make(map[seccomp.Feature]answer)
	for f := range seccomp.Feature(seccomp.NumFeatures) {
		answers[f] = a
	}
	return answers
}

// withoutFlags is a kernel that knows these flags only.
func withoutFlags(known uint64) []filter.Rule {
	return []filter.Rule{{
		Syscall: "seccomp", Action: einval,
		Conds: append(when(0, unix.SECCOMP_SET_MODE_FILTER), filter.Cond{Arg: 1, Op: filter.NotEqual, Mask: 0xffffffff &^ known, Values: []uint64{0}}),
	}}
}

// withoutListener is a kernel whose listener does not know these requests. Flags
// that are in memory a filter cannot see, so that neither can be without
// SECCOMP_ADDFD_FLAG_SEND alone.
func withoutListener(flagContinue, add, setFlags bool) (rules []filter.Rule) {
	for request, without := range map[uint64]bool{
		unix.SECCOMP_IOCTL_NOTIF_SEND:      flagContinue,
		unix.SECCOMP_IOCTL_NOTIF_ADDFD:     add,
		unix.SECCOMP_IOCTL_NOTIF_SET_FLAGS: setFlags,
	} {
		if without {
			rules = append(rules, filter.Rule{Syscall: "ioctl", Conds: when(1, request), Action: einval})
		}
	}
	return rules
}

func TestProbeOlderKernels(t *testing.T) {
	for name := range probed {
		t.Run(name, func(t *testing.T) { subprocess.Run(t, "probe", subprocess.Exit(0), name) })
	}
}

func probe() {
	k := probed[subprocess.Args()[0]]
	must(seccomp.Load(compile(filter.Policy{Default: filter.Allow, Rules: k.rules}), 0))
	for i, err := range seccomp.Probe() {
		f := seccomp.Feature(i)
		if answerOf(err) != k.want[f] {
			subprocess.Fatal(f, "is", answerOf(err), "("+fmt.Sprint(err)+")", "want", k.want[f])
		}
		if err != nil && answerOf(err) == no && !strings.Contains(err.Error(), "Linux") {
			subprocess.Fatal(f, "does not say which kernel has it:", err)
		}
	}
}

// lesser has what a best effort at getppid (an errno), getuid (log) and getpgrp
// (kill_process) comes to, on kernels that a filter makes of this one.
var lesser = map[string]struct {
	rules []filter.Rule
	flags seccomp.Flags
	lacks []seccomp.Feature
	fails bool
}{
	"this one":         {flags: seccomp.LogDenials | seccomp.AllowSpeculation},
	"without flags":    {rules: withoutFlags(1), flags: seccomp.LogDenials | seccomp.AllowSpeculation, lacks: []seccomp.Feature{seccomp.FlagLogDenials, seccomp.FlagAllowSpeculation}},
	"without one flag": {rules: withoutFlags(3), flags: seccomp.LogDenials | seccomp.AllowSpeculation, lacks: []seccomp.Feature{seccomp.FlagAllowSpeculation}},
	"flags forbidden": {
		rules: []filter.Rule{{Syscall: "seccomp", Action: eperm, Conds: append(when(0, unix.SECCOMP_SET_MODE_FILTER), filter.Cond{Arg: 1, Op: filter.Greater, Values: []uint64{1}})}},
		flags: seccomp.LogDenials, lacks: []seccomp.Feature{seccomp.FlagLogDenials},
	},
	"without actions": {
		rules: append(withoutFlags(1), noActionQuery), flags: seccomp.AllowSpeculation,
		lacks: []seccomp.Feature{seccomp.ActionKillProcess, seccomp.ActionLog, seccomp.FlagAllowSpeculation},
	},
	"actions not told": {
		rules: []filter.Rule{{Syscall: "seccomp", Conds: when(0, unix.SECCOMP_GET_ACTION_AVAIL), Action: eperm}},
		lacks: []seccomp.Feature{seccomp.ActionKillProcess, seccomp.ActionLog},
	},
	"without seccomp": {
		rules: []filter.Rule{{Syscall: "seccomp", Action: enosys}}, flags: seccomp.LogDenials,
		fails: true,
	},
}

func TestBestEffort(t *testing.T) {
	for name := range lesser {
		t.Run(name, func(t *testing.T) { subprocess.Run(t, "best effort", subprocess.Exit(0), name) })
	}
}

func bestEffort() {
	k := lesser[subprocess.Args()[0]]
	must(seccomp.Load(compile(filter.Policy{Default: filter.Allow, Rules: k.rules}), 0))
	lacking, err := seccomp.LoadBestEffort(compile(filter.Policy{Default: filter.Allow, Rules: []filter.Rule{
		{Syscall: "getppid", Action: filter.Errno(syscall.EDOM)},
		{Syscall: "getuid", Action: filter.Log},
		{Syscall: "getpgid", Action: filter.KillProcess},
	}}), k.flags)
	if k.fails {
		if !errors.Is(err, errors.ErrUnsupported) || getppid() != 0 {
			subprocess.Fatal("the error is", err)
		}
		return
	}
	must(err)
	for i, lack := range lacking {
		if len(lacking) != len(k.lacks) || lack.Feature != k.lacks[i] || lack.Err == nil {
			subprocess.Fatal("lacking:", lacking, "want", k.lacks)
		}
	}
	if len(lacking) != len(k.lacks) {
		subprocess.Fatal("lacking:", lacking, "want", k.lacks)
	}
	if errno := getppid(); errno != syscall.EDOM {
		subprocess.Fatal("getppid gets", errno)
	}
	if _, _, errno := syscall.RawSyscall(syscall.SYS_GETUID, 0, 0, 0); errno != 0 {
		subprocess.Fatal("getuid gets", errno)
	}
}
