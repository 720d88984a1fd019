package gen

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/internal/permit"
	"github.com/gocurb/curb/syscalls"
	"github.com/gocurb/curb/usage"
)

// verify makes sure that the program with the files needs no more, once it is locked
// down, than they allow. A list that was recorded is not asked for: the program
// can need more. Nor is one of a program that does not lock itself down. Again reports
// whether the program may try to lock itself down when it is.
func (p *Package) verify(ctx context.Context, l *LockDown, files []file, scan Scanner) (again bool, err error) {
	if l.Recorded || l.Usage.LockDown == nil {
		return false, nil
	}
	replace := map[string][]byte{}
	for _, f := range files {
		replace[filepath.Join(p.Dir, f.name)] = f.data
	}
	u, err := p.scanWith(ctx, replace, func(binary string) (*usage.Usage, error) { return scan(binary, usage.Locked) })
	if err != nil {
		return false, fmt.Errorf("check %s with its lock-down: %w", p.ImportPath, err)
	}
	more, err := l.more(u)
	if err != nil {
		return false, fmt.Errorf("check %s with its lock-down: %w", p.ImportPath, err)
	}
	if len(u.Unresolved) > 0 && len(l.Usage.Unresolved) == 0 {
		more = append(more, "calls of "+u.Unresolved[0].Function+" that could not be told")
	}
	if len(more) > 0 {
		return false, fmt.Errorf("check %s with its lock-down: it needs what the lock-down would not allow, so nothing was written. "+
			"This is a mistake in curb; --allow is a way round it:\n  %s", p.ImportPath, strings.Join(more, "\n  "))
	}
	_, loads := u.Find("seccomp")
	return loads && u.LockDown.Since == usage.Locked, nil
}

// loading is what the lock-down itself needs to be put in force (package
// internal/seccomp), with the numbers of linux/prctl.h, seccomp.h and fcntl.h. It is
// found in the program with its lock-down where that counts from an earlier moment on,
// or can come to be called again. It need not be allowed: see the package comment.
var loading = []filter.Rule{
	{Syscall: "prctl", Action: filter.Allow, Conds: []filter.Cond{{Arg: 0, Op: filter.Equal, Values: []uint64{38}}}},       // PR_SET_NO_NEW_PRIVS
	{Syscall: "seccomp", Action: filter.Allow, Conds: []filter.Cond{{Arg: 0, Op: filter.Equal, Values: []uint64{1, 2}}}},   // SECCOMP_SET_MODE_FILTER, SECCOMP_GET_ACTION_AVAIL
	{Syscall: "openat", Action: filter.Allow, Conds: []filter.Cond{{Arg: 2, Op: filter.Equal, Values: []uint64{0x80000}}}}, // O_CLOEXEC
	{Syscall: "read", Action: filter.Allow},
	{Syscall: "close", Action: filter.Allow},
}

// more lists what a usage has and the policy of the lock-down does not allow.
func (l *LockDown) more(u *usage.Usage) ([]string, error) {
	table, err := syscalls.For(u.Arch)
	if err != nil {
		return nil, err
	}
	needed, err := permit.Policy(u, permit.Options{Default: l.Policy.Default, Conditions: permit.All})
	if err != nil {
		return nil, err
	}
	allowed := filter.Policy{Default: l.Policy.Default, Rules: slices.Concat(l.Policy.Rules, loading)}
	found, err := filter.Compare([]*syscalls.Table{table}, allowed, needed)
	if err != nil {
		return nil, err
	}
	var more []string
	for _, d := range found.Differences {
		if d.Actions[1] != filter.Allow {
			continue // it allows what is not needed
		}
		text := d.Syscall
		if what := conditions(table, []filter.Rule{{Syscall: d.Syscall, Conds: equalities(d.When)}}); len(what) > 0 {
			text += " with " + what[0]
		}
		more = append(more, text+", by "+maker(u, d.Syscall))
	}
	return more, nil
}

// equalities are the conditions that ArgText has names for.
func equalities(conds []filter.Cond) []filter.Cond {
	return slices.DeleteFunc(slices.Clone(conds), func(c filter.Cond) bool { return c.Op != filter.Equal })
}
