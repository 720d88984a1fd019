package usage

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gocurb/curb/syscalls"
)

// check says what is wrong with a usage that was read, so that the rest of the
// program need not.
func (u *Usage) check() error {
	table, err := syscalls.For(u.Arch)
	if err != nil {
		return err
	}
	if u.Syscalls == nil {
		return errNoUsage
	}
	if !slices.Contains(phases, u.Phase) {
		return fmt.Errorf("there is no phase %q", u.Phase)
	}
	for _, r := range u.Recordings {
		if r.ID == "" {
			return errors.New("a recording has no id")
		}
	}
	seen := map[call]bool{}
	for i := range u.Syscalls {
		s := &u.Syscalls[i]
		if seen[s.key()] {
			return fmt.Errorf("it has the system call %s twice", s.Name)
		}
		seen[s.key()] = true
		if err := s.check(table); err != nil {
			return fmt.Errorf("system call %q: %w", s.Name, err)
		}
	}
	return nil
}

func (s *Syscall) check(table *syscalls.Table) error {
	if s.Arch != "" {
		var err error
		if table, err = syscalls.For(s.Arch); err != nil {
			return err
		}
	}
	// A newer curb may know calls that this one does not.
	known, byName := table.ByName(s.Name)
	named, byNumber := table.ByNumber(s.Nr)
	switch {
	case byName && known.Nr != s.Nr:
		return fmt.Errorf("it has the number %d, and on %s that call has %d", s.Nr, table.Arch, known.Nr)
	case byNumber && !byName:
		return fmt.Errorf("it has the number %d, and on %s that is %s", s.Nr, table.Arch, named.Name)
	case !byName && s.Name != fmt.Sprintf("#%d", s.Nr) && !isName(s.Name):
		return errors.New("that is no name of a system call")
	}
	for _, args := range append([][]ArgValues{s.Args}, s.Cases...) {
		if err := checkArgs(args); err != nil {
			return err
		}
	}
	return nil
}

// isName reports whether a call could have that name, in some kernel.
func isName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r != '_' && !('a' <= r && r <= 'z') && !('0' <= r && r <= '9')
	})
}
