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
// can need more. Nor is one of a program that does not lock itself down.
func (p *Package) verify(ctx context.Context, l *LockDown, files []file, scan Scanner) error {
	if l.Recorded || l.Usage.LockDown == nil {
		return nil
	}
	replace := map[string][]byte{}
	for _, f := range files {
		replace[filepath.Join(p.Dir, f.name)] = f.data
	}
	u, err := p.scanWith(ctx, replace, func(binary string) (*usage.Usage, error) { return scan(binary, usage.Locked) })
	if err != nil {
		return fmt.Errorf("check %s with its lock-down: %w", p.ImportPath, err)
	}
	more, err := l.more(u)
	if err != nil {
		return fmt.Errorf("check %s with its lock-down: %w", p.ImportPath, err)
	}
	if len(u.Unresolved) > 0 && len(l.Usage.Unresolved) == 0 {
		more = append(more, "calls of "+u.Unresolved[0].Function+" that could not be told")
	}
	if len(more) > 0 {
		return fmt.Errorf("check %s with its lock-down: it needs what the lock-down would not allow, so nothing was written. "+
			"This is a mistake in curb; --allow is a way round it:\n  %s", p.ImportPath, strings.Join(more, "\n  "))
	}
	return nil
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
	found, err := filter.Compare([]*syscalls.Table{table}, l.Policy, needed)
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
