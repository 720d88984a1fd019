package profile

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/syscalls"
)

// A Profile is a policy with what a runtime is told beside it.
type Profile struct {
	Policy filter.Policy
	// Archs are the architectures, by the names of package syscalls, that of the
	// machine first.
	Archs []string
	// Flags are those of seccomp(2), as "SECCOMP_FILTER_FLAG_LOG".
	Flags []string
	// ListenerPath and ListenerMetadata are for the supervisor of calls that are
	// left to one.
	ListenerPath, ListenerMetadata string
}

// Options say how to read what a file leaves open. The zero Options are strict.
type Options struct {
	// Arch is the machine's architecture, by its name in package syscalls. ""
	// is that of this program.
	Arch string
	// Archs, if any, are the architectures in place of those in the file. The
	// first is the machine's.
	Archs []string
	// SkipUnknown leaves out the calls that none of the architectures has, and
	// the architectures that curb has no table for, as the runtimes do, instead
	// of failing.
	SkipUnknown bool
	// Capabilities are those of the container, as "CAP_SYS_ADMIN", for entries
	// of Docker's form that depend on them. Nil is unknown: then such entries
	// are an error. An empty list is none.
	Capabilities []string
	// Kernel is the release of the kernel, as "6.12", for entries of Docker's
	// form that depend on it. "" is unknown: then such entries are an error.
	Kernel string
}

// Tables gives the tables of the profile's architectures.
func (p *Profile) Tables() ([]*syscalls.Table, error) {
	var all []*syscalls.Table
	for _, name := range p.Archs {
		t, err := syscalls.For(name)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

// Read reads a profile in the OCI's or Docker's form. Its error names the place in
// the file, as "syscalls[3].args[0].op", or the names that no architecture of the
// profile has, all of them, each as a [filter.UnknownCallError].
func Read(file []byte, o Options) (*Profile, error) {
	if len(o.Archs) > 0 {
		o.Arch = o.Archs[0]
	}
	if o.Arch == "" {
		o.Arch = runtime.GOARCH
	}
	p, err := read(file, o)
	if err != nil {
		return nil, fmt.Errorf("read a seccomp profile: %w", err)
	}
	return p, nil
}

func read(file []byte, o Options) (*Profile, error) {
	doc, err := document(file)
	if err != nil {
		return nil, err
	}
	fields, err := doc.object("defaultAction", "defaultErrnoRet", "defaultErrno", "architectures", "archMap", "flags", "listenerPath", "listenerMetadata", "syscalls")
	if err != nil {
		return nil, err
	}
	p := &Profile{}
	if p.Policy.Default, err = action(fields["defaultAction"], fields["defaultErrnoRet"], fields["defaultErrno"]); err != nil {
		return nil, err
	}
	if p.Archs, err = archs(fields["architectures"], fields["archMap"], o); err != nil {
		return nil, err
	}
	if len(o.Archs) > 0 {
		p.Archs = o.Archs
	}
	if err := p.readRest(fields); err != nil {
		return nil, err
	}
	tables, err := p.Tables()
	if err != nil {
		return nil, err
	}
	entries, err := fields["syscalls"].list()
	if err != nil {
		return nil, err
	}
	r := rules{tables: tables, byDefault: p.Policy.Default, calls: make(map[string]*call)}
	for _, n := range entries {
		if err := r.entry(n, o); err != nil {
			return nil, err
		}
	}
	if !o.SkipUnknown && len(r.unknown) > 0 {
		return nil, errors.Join(r.unknown...)
	}
	p.Policy.Rules = r.all()
	return p, nil
}

// readRest reads what the policy does not depend on.
func (p *Profile) readRest(fields map[string]node) (err error) {
	names, err := fields["flags"].texts()
	if err != nil {
		return err
	}
	for i, name := range names {
		if !knownFlag(name) {
			return fmt.Errorf("flags[%d]: %q is no flag: they are %s", i, name, strings.Join(flags, ", "))
		}
	}
	p.Flags = names
	if p.ListenerPath, err = fields["listenerPath"].text(); err != nil {
		return err
	}
	p.ListenerMetadata, err = fields["listenerMetadata"].text()
	return err
}

// action reads an action with its number, for which there may be Docker's name of
// the error as well.
func action(name, number, errnoName node) (filter.Action, error) {
	if name.null() {
		return 0, name.errorf("it is missing")
	}
	a, err := choice(name, "action", actions)
	if err != nil {
		return 0, err
	}
	if _, err := errnoName.text(); err != nil {
		return 0, err
	}
	limit := uint64(data)
	if a == filter.Errno(0) {
		limit = 4095 // the kernel's MAX_ERRNO
	}
	v, there, err := number.number(limit)
	switch {
	case err != nil:
		return 0, err
	case !numbered(a) && there:
		text, _ := name.text()
		return 0, number.errorf("%s takes no number", text)
	case !numbered(a):
		return a, nil
	case !there && !errnoName.null():
		return 0, errnoName.errorf("the error by its name is not read: give its number")
	case !there:
		v = 1 // EPERM, for TRACE as well
	}
	return a | filter.Action(v), nil
}

// archs gives the architectures of a profile. The machine's own is always one.
func archs(list, byMachine node, o Options) ([]string, error) {
	if _, err := syscalls.For(o.Arch); err != nil {
		return nil, err
	}
	nodes, err := list.list()
	if err != nil {
		return nil, err
	}
	if !byMachine.null() {
		if len(nodes) > 0 {
			return nil, byMachine.errorf("there are architectures as well: use one of the two")
		}
		if nodes, err = subArchs(byMachine, o.Arch); err != nil {
			return nil, err
		}
	}
	all := []string{o.Arch}
	for _, n := range nodes {
		name, err := choice(n, "architecture", architectures)
		switch {
		case err != nil:
			return nil, err
		case name == "" && !o.SkipUnknown:
			return nil, n.errorf("curb has no table for %s: leave it out, or ask to skip what is unknown", n.brief())
		case name != "" && !slices.Contains(all, name):
			all = append(all, name)
		}
	}
	return all, nil
}

// subArchs gives what Docker's archMap adds for the machine.
func subArchs(byMachine node, arch string) ([]node, error) {
	entries, err := byMachine.list()
	if err != nil {
		return nil, err
	}
	var found []node
	for _, n := range entries {
		fields, err := n.object("architecture", "subArchitectures")
		if err != nil {
			return nil, err
		}
		name, err := choice(fields["architecture"], "architecture", architectures)
		if err != nil {
			return nil, err
		}
		subs, err := fields["subArchitectures"].list()
		if err != nil {
			return nil, err
		}
		if name == arch && found == nil {
			found = subs
		}
	}
	return found, nil
}
