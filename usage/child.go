package usage

import (
	"fmt"
	"slices"

	"github.com/gocurb/curb/syscalls"
)

// AddChild adds what a program needs that this one starts: everything from the
// child's first instruction on, and the execve that starts it, since the child
// inherits the filter. What is the child's is marked with its binary.
func (u *Usage) AddChild(child *Usage) error {
	if child.Arch != u.Arch {
		return fmt.Errorf("%s is for %s and %s for %s: one filter cannot be for both", child.Binary, child.Arch, u.Binary, u.Arch)
	}
	u.Children = append(append(u.Children, child.Binary), child.Children...)
	if err := u.addExec(child.Binary); err != nil {
		return err
	}
	for _, s := range child.Syscalls {
		u.add(s, child.Binary)
	}
	for _, p := range child.Unresolved {
		p.Binary = either(p.Binary, child.Binary)
		u.Unresolved = append(u.Unresolved, p)
	}
	u.Sort()
	return nil
}

// addExec adds the call by which a child is started, where no code was found that
// makes it.
func (u *Usage) addExec(child string) error {
	if u.canExec() {
		return nil
	}
	table, err := syscalls.For(u.Arch)
	if err != nil {
		return err
	}
	call, ok := table.ByName("execve")
	if !ok {
		return fmt.Errorf("the table for %s has no execve", u.Arch)
	}
	u.Syscalls = append(u.Syscalls, Syscall{
		Name: call.Name, Nr: call.Nr, Origin: Launcher,
		Evidence: []Evidence{{Frame: Frame{Function: "launcher"}, Note: "it is needed to start " + child}},
		By:       []Source{},
	})
	return nil
}

// canExec reports whether the program can start others.
func (u *Usage) canExec() bool {
	return slices.ContainsFunc(u.Syscalls, func(s Syscall) bool {
		return (s.Name == "execve" || s.Name == "execveat") && s.Origin != Loader
	})
}

func (u *Usage) add(s Syscall, binary string) {
	evidence, by := slices.Clone(s.Evidence), slices.Clone(s.By)
	for i := range evidence {
		evidence[i].Binary = either(evidence[i].Binary, binary)
	}
	for i := range by {
		by[i].Binary = either(by[i].Binary, binary)
	}
	i := slices.IndexFunc(u.Syscalls, func(have Syscall) bool { return have.Nr == s.Nr })
	if i < 0 {
		s.Evidence, s.By = evidence, by
		u.Syscalls = append(u.Syscalls, s)
		return
	}
	have := &u.Syscalls[i]
	have.uniteArgs(&s, DefaultBounds.Values)
	have.Evidence = append(slices.Clip(have.Evidence), evidence...)
	have.By = append(slices.Clip(have.By), by...)
	if s.Origin == Code {
		have.Origin = Code
	}
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
