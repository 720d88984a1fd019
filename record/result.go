package record

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/gocurb/curb/syscalls"
	"github.com/gocurb/curb/usage"
)

func newRecording(m Method, start time.Time, command []string) usage.Recording {
	var id [16]byte
	rand.Read(id[:])
	host, _ := os.Hostname()
	return usage.Recording{
		ID: hex.EncodeToString(id[:]), Start: start.UTC().Round(0), Host: host, Kernel: kernelRelease(),
		Command: command, Method: string(m),
	}
}

// usages turns a tally into usages, those of the command first, then by path.
func (r *Recorder) usages(t *tally) []*usage.Usage {
	list := []*usage.Usage{} // of which JSON makes a list
	var launched []string
	var command *program
	for _, i := range t.images {
		if i.launcher {
			// Its last steps before the exec may be among them.
			for id := range i.calls {
				if name := nameOf(r.tables[id.entry], id.nr); name == "execve" || name == "execveat" {
					launched = append(launched, name)
				}
			}
		} else if command == nil && len(r.recording.Command) > 0 {
			command = i.program // images are in the order of their appearance
		}
	}
	slices.Sort(launched)
	images := slices.DeleteFunc(slices.Clone(t.images), func(i *image) bool {
		return i.launcher || len(i.calls) == 0 || !r.wants(i.program)
	})
	slices.SortStableFunc(images, func(a, b *image) int {
		switch {
		case a.program == b.program:
			return cmp.Compare(a.pid, b.pid)
		case a.program == command:
			return -1
		case b.program == command:
			return 1
		}
		return cmp.Compare(a.program.path, b.program.path)
	})
	for _, i := range images {
		u := r.usage(i)
		if i.program == command {
			u.Launcher = launched
		}
		list = append(list, u)
	}
	return list
}

func (r *Recorder) wants(p *program) bool {
	return r.options.Wanted == nil || r.options.Wanted(p.path)
}

func (r *Recorder) usage(i *image) *usage.Usage {
	p := i.program
	p.examine()
	u := &usage.Usage{
		Binary: p.path, GoVersion: p.goVersion, Arch: p.arch, SHA256: p.sha256, Phase: usage.Exec,
		Syscalls: []usage.Syscall{}, Unresolved: []usage.Unresolved{}, Recordings: []usage.Recording{r.recording},
	}
	if i.joined {
		u.Phase = usage.Joined
	}
	if r.options.PerProcess {
		u.Process = &usage.Process{PID: i.pid, Parent: i.parent, Command: i.command}
	}
	names := newNamer(p, i.stacks)
	defer names.close()
	for id, o := range i.calls {
		table := r.tables[id.entry]
		s := usage.Syscall{
			Name: nameOf(table, id.nr), Nr: id.nr, Evidence: []usage.Evidence{},
			Observed: &usage.Observed{Calls: o.calls, Denied: o.denied, Time: o.time, Errors: o.errors},
			Args:     args(table, id.nr, o),
			Stacks:   names.stacks(o.ways),
		}
		if table.Arch != u.Arch {
			s.Arch = table.Arch
		}
		u.Syscalls = append(u.Syscalls, s)
	}
	u.Sort()
	return u
}

// args returns the values of a call's arguments.
func args(table *syscalls.Table, nr uint32, o *observed) []usage.ArgValues {
	call, ok := table.ByNumber(nr)
	if !ok || o.calls == 0 {
		return nil
	}
	var list []usage.ArgValues
	for k, arg := range trackedArgs(call) {
		set := &o.values[k]
		a := usage.ArgValues{Index: arg.index, Name: arg.name, Any: set.any || !set.known}
		for value := range set.values {
			a.Values = append(a.Values, value)
		}
		list = append(list, a)
	}
	return list
}

// entryTables returns the tables of the calls that the entries of a machine lead
// to, nil where there is no such entry.
func entryTables(arch string) (tables [entries]*syscalls.Table, err error) {
	others := map[string][entries]string{"amd64": {compat: "386", x32: "x32"}, "arm64": {compat: "arm"}}[arch]
	others[native] = arch
	for e, name := range others {
		if name == "" {
			continue
		}
		if tables[e], err = syscalls.For(name); err != nil {
			return tables, err
		}
	}
	return tables, nil
}

func nameOf(table *syscalls.Table, nr uint32) string {
	if call, ok := table.ByNumber(nr); ok {
		return call.Name
	}
	return fmt.Sprintf("#%d", nr)
}
