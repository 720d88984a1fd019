package usage

import (
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"text/tabwriter"
)

// WriteTable prints the usage for a person: a line for each system call with
// the place that makes it nearest to the program's start.
func (u *Usage) WriteTable(w io.Writer) error {
	fmt.Fprintf(w, "%s: %d system calls (%s, linux/%s, phase %s%s)\n\n", u.Binary, len(u.Names()), u.GoVersion, u.Arch, u.Phase, u.Assuming())
	var b strings.Builder
	writeCalls(&b, u.Syscalls)
	u.writeArgs(&b)
	u.writeLockDown(&b)
	u.writeStarts(&b)
	u.writeLibraries(&b)
	if _, err := io.WriteString(w, b.String()); err != nil {
		return err
	}
	return writeUnresolved(w, u.Unresolved)
}

// writeCalls prints a line for each call.
func writeCalls(b *strings.Builder, calls []Syscall) {
	tw := tabwriter.NewWriter(b, 0, 8, 2, ' ', 0)
	fmt.Fprintln(tw, "SYSTEM CALL\tMADE BY\tAT\tALSO FROM")
	for _, s := range calls {
		by, at, more := "", "", ""
		if len(s.Evidence) > 0 {
			first := s.Evidence[0]
			by, at = first.Function, first.Place()
			if first.Note != "" && at == "" {
				at = first.Note
			}
			if first.Binary != "" {
				at += " in " + first.Binary
			}
			if n := len(s.Evidence) - 1; n > 0 {
				more = fmt.Sprintf("%d more", n)
			}
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", s.Name, by, at, more)
	}
	tw.Flush() // a Builder takes all
}

// writeLockDown says where phase locked begins.
func (u *Usage) writeLockDown(b *strings.Builder) {
	if u.LockDown == nil {
		return
	}
	var places []string
	for _, f := range u.LockDown.Places {
		places = append(places, strings.TrimSpace(f.Function+" "+f.Place()))
	}
	fmt.Fprintf(b, "\nIt is locked down in %s.\n", strings.Join(places, ", "))
	if u.LockDown.Since != Locked {
		fmt.Fprintf(b, "What waits there cannot be told, so the list counts from phase %s on.\n", u.LockDown.Since)
	}
}

// writeStarts says who starts the program, and whether it can start others.
func (u *Usage) writeStarts(b *strings.Builder) {
	for _, name := range u.Launcher {
		call, _ := u.Find(name)
		switch call.Origin {
		case Code:
			if len(call.Evidence) > 0 {
				continue // it is the program's, too
			}
		case Launcher:
			continue // of a child
		}
		fmt.Fprintf(b, "\n%s starts the program: its launcher makes it, and it is not counted.\n", name)
	}
	for _, name := range []string{"execve", "execveat"} {
		call, _ := u.Find(name)
		i := slices.IndexFunc(call.Evidence, func(e Evidence) bool { return e.Binary == "" && len(e.Chain) > 0 })
		if i < 0 {
			continue
		}
		fmt.Fprintf(b, "\nIt can start other programs (%s), which inherit its filter: %s.\n", name, brief(&call.Evidence[i]))
		if len(u.Children) == 0 {
			b.WriteString("What they need is not in the list: --child TARGET adds it.\n")
		}
	}
	if len(u.Children) > 0 {
		fmt.Fprintf(b, "\nThe list has what these need that it starts: %s.\n", strings.Join(u.Children, ", "))
	}
}

// brief names the functions of a chain from main.main on, where it is on it, and
// leaves out what is in the middle of a long one.
func brief(e *Evidence) string {
	var names []string
	for _, step := range e.Chain {
		place := step.Place
		if len(place) == 0 {
			place = []Frame{step.Frame}
		}
		for _, f := range place {
			if f.Function == "main.main" {
				names = nil
			}
			if len(names) == 0 || names[len(names)-1] != f.Function {
				names = append(names, f.Function)
			}
		}
	}
	const most = 6
	if n := len(names); n > most {
		names = slices.Concat(names[:most-2], []string{"…"}, names[n-1:])
	}
	return strings.Join(names, " > ")
}

// writeUnresolved prints the places whose calls could not be told.
func writeUnresolved(w io.Writer, places []Unresolved) error {
	if len(places) == 0 {
		return nil
	}
	var b strings.Builder
	b.WriteString("\nNot resolved, so the list may be incomplete:\n")
	writePlaces(&b, places)
	_, err := io.WriteString(w, b.String())
	return err
}

func writePlaces(b *strings.Builder, places []Unresolved) {
	for _, p := range places {
		place := p.Place()
		if p.Binary != "" {
			place = strings.TrimSpace(place + " in " + p.Binary)
		}
		if place != "" {
			place = " (" + place + ")"
		}
		fmt.Fprintf(b, "  %s%s: %s\n", p.Function, place, p.Reason)
	}
}

// Place returns the frame's source as PACKAGE/FILE:LINE, which reads the same
// wherever the program was built.
func (f Frame) Place() string {
	switch {
	case f.File == "":
		return ""
	case f.Line == 0: // in a library
		return path.Base(f.File)
	}
	return fmt.Sprintf("%s:%d", path.Join(f.Package, path.Base(f.File)), f.Line)
}
