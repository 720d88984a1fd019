package seccomp

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestConstants compares what this package has from the kernel's headers with
// what golang.org/x/sys has.
func TestConstants(t *testing.T) {
	for name, pair := range map[string][2]uint64{
		"RetKillProcess":    {RetKillProcess, unix.SECCOMP_RET_KILL_PROCESS},
		"RetKillThread":     {RetKillThread, unix.SECCOMP_RET_KILL_THREAD},
		"RetTrap":           {RetTrap, unix.SECCOMP_RET_TRAP},
		"RetErrno":          {RetErrno, unix.SECCOMP_RET_ERRNO},
		"RetNotify":         {RetNotify, unix.SECCOMP_RET_USER_NOTIF},
		"RetTrace":          {RetTrace, unix.SECCOMP_RET_TRACE},
		"RetLog":            {RetLog, unix.SECCOMP_RET_LOG},
		"RetAllow":          {RetAllow, unix.SECCOMP_RET_ALLOW},
		"RetAction":         {RetAction, unix.SECCOMP_RET_ACTION_FULL},
		"RetData":           {RetData, unix.SECCOMP_RET_DATA},
		"AllThreads":        {uint64(AllThreads), unix.SECCOMP_FILTER_FLAG_TSYNC},
		"LogDenials":        {uint64(LogDenials), unix.SECCOMP_FILTER_FLAG_LOG},
		"AllowSpeculation":  {uint64(AllowSpeculation), unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW},
		"NewListener":       {uint64(NewListener), unix.SECCOMP_FILTER_FLAG_NEW_LISTENER},
		"AllThreadsOrError": {uint64(AllThreadsOrError), unix.SECCOMP_FILTER_FLAG_TSYNC_ESRCH},
		"WaitKillable":      {uint64(WaitKillable), unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV},
		"MaxInstructions":   {MaxInstructions, unix.BPF_MAXINSNS},
		"opSetModeFilter":   {opSetModeFilter, unix.SECCOMP_SET_MODE_FILTER},
		"opGetActionAvail":  {opGetActionAvail, unix.SECCOMP_GET_ACTION_AVAIL},
		"prSetNoNewPrivs":   {prSetNoNewPrivs, unix.PR_SET_NO_NEW_PRIVS},
		"sysSeccomp":        {uint64(sysSeccomp(runtime.GOARCH)), unix.SYS_SECCOMP},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %#x, and the kernel's %#x", name, pair[0], pair[1])
		}
	}
}

// TestNumberEverywhere compares the number of seccomp(2) for all architectures.
func TestNumberEverywhere(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/sys").Output()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "unix", "zsysnum_linux_*.go"))
	if err != nil {
		t.Fatal(err)
	}
	const gosArchitectures = 13
	compared := 0
	for _, file := range files {
		arch := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "zsysnum_linux_"), ".go")
		if arch == "ppc" || arch == "sparc64" {
			continue // not Go's
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		line := regexp.MustCompile(`(?m)^\s+SYS_SECCOMP\s+= (\d+)$`).FindSubmatch(text)
		if line == nil {
			t.Errorf("%s does not say", file)
			continue
		}
		compared++
		if want, _ := strconv.Atoi(string(line[1])); int(sysSeccomp(arch)) != want {
			t.Errorf("%s: %d, want %d", arch, sysSeccomp(arch), want)
		}
	}
	if compared != gosArchitectures {
		t.Errorf("compared %d architectures, want %d", compared, gosArchitectures)
	}
}
