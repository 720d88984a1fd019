//go:build linux && amd64

package accounted

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A trigger is what makes a program do what it does not do in most runs.
type trigger struct {
	args    []string
	nobody  bool // another user than this one, without rights
	env     []string
	files   bool              // standard input and output are a regular file
	limited bool              // fewer open files are allowed than could be
	strace  []string          // makes calls fail, or late
	hidden  map[uint64]uint64 // entries of the auxiliary vector, and what they become
	drive   func(pid int)     // what happens to the program while it runs
}

// inject returns what makes strace change calls.
func inject(what ...string) []string {
	var args []string
	for _, w := range what {
		args = append(args, "-e", "inject="+w)
	}
	return args
}

// slow keeps a program in its first write for a while.
const slow = "write:delay_enter=300000:when=1"

// The entry for the vDSO is the first of the auxiliary vector: without its type it
// is not found, and as a null it ends the vector.
var (
	noVDSO   = map[uint64]uint64{atSysinfoEhdr: atIgnore}
	noVector = map[uint64]uint64{atSysinfoEhdr: atNull}
)

// triggers are named as in docs/precision.md.
var triggers = map[string]trigger{
	"a plain run":                {},
	"memory is short":            {env: []string{"GOGC=1", "GOMEMLIMIT=1"}, strace: inject(slow)},
	"GODEBUG=efence=1":           {env: []string{"GODEBUG=efence=1", "GOGC=1"}, strace: inject(slow)},
	"GODEBUG=decoratemappings=1": {env: []string{"GODEBUG=decoratemappings=1,efence=1", "GOGC=1"}, strace: inject(slow)},
	"GODEBUG=multipathtcp=1":     {env: []string{"GODEBUG=multipathtcp=1"}},
	"no vDSO":                    {hidden: noVDSO, strace: inject(slow)},
	"no auxiliary vector":        {hidden: noVector, strace: inject("openat:error=ENOENT:when=1")},
	"SIGTERM":                    {strace: inject(slow), drive: signals(syscall.SIGTERM)},
	"stop and continue":          {strace: inject(slow), drive: signals(syscall.SIGSTOP, syscall.SIGCONT, syscall.SIGSTOP, syscall.SIGCONT)},
	"crash":                      {env: []string{"GOTRACEBACK=crash"}, strace: inject(slow), drive: signals(syscall.SIGQUIT)},
	"fewer processors": {
		env: []string{"GODEBUG=updatemaxprocs=1,containermaxprocs=1"}, strace: inject("exit_group:delay_enter=2500000"), drive: fewerProcessors,
	},
	"a lower limit of files":       {limited: true},
	"a name without a path":        {args: []string{"true"}},
	"as on Linux 5.7":              {args: []string{"true"}, strace: inject("faccessat2:error=ENOSYS")},
	"as another user on Linux 5.7": {nobody: true, args: []string{"true"}, strace: inject("faccessat2:error=ENOSYS")},
	"as a child":                   {env: []string{"CHILD_ENDS=0"}, files: true},
	"no files are opened":          {strace: inject("openat:error=ENOSYS")},
}

func signals(list ...syscall.Signal) func(int) {
	return func(pid int) {
		for _, s := range list {
			time.Sleep(30 * time.Millisecond)
			syscall.Kill(pid, s)
		}
	}
}

// fewerProcessors takes all processors but one from a program.
func fewerProcessors(pid int) {
	time.Sleep(200 * time.Millisecond)
	var set unix.CPUSet
	set.Set(0)
	threads, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	for _, thread := range threads {
		if id, err := strconv.Atoi(thread.Name()); err == nil {
			unix.SchedSetaffinity(id, &set)
		}
	}
}
