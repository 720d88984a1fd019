package usage

import (
	"fmt"
	"io"
	"path"
	"text/tabwriter"
)

// WriteTable prints the usage for a person: a line for each system call with
// the place that makes it nearest to the program's start.
func (u *Usage) WriteTable(w io.Writer) error {
	fmt.Fprintf(w, "%s: %d system calls (%s, linux/%s, phase %s)\n\n", u.Binary, len(u.Names()), u.GoVersion, u.Arch, u.Phase)
	tw := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(tw, "SYSTEM CALL\tMADE BY\tAT\tALSO FROM")
	for _, s := range u.Syscalls {
		by, at, more := "", "", ""
		if len(s.Evidence) > 0 {
			first := s.Evidence[0]
			by, at = first.Function, first.Place()
			if first.Note != "" && at == "" {
				at = first.Note
			}
			if n := len(s.Evidence) - 1; n > 0 {
				more = fmt.Sprintf("%d more", n)
			}
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", s.Name, by, at, more)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	for _, name := range u.Launcher {
		if _, err := fmt.Fprintf(w, "\n%s starts the program: its launcher makes it, and it is not counted.\n", name); err != nil {
			return err
		}
	}
	return u.writeUnresolved(w)
}

// writeUnresolved prints the places whose calls could not be told.
func (u *Usage) writeUnresolved(w io.Writer) error {
	if len(u.Unresolved) == 0 {
		return nil
	}
	fmt.Fprintf(w, "\nNot resolved, so the list may be incomplete:\n")
	for _, p := range u.Unresolved {
		place := p.Place()
		if place != "" {
			place = " (" + place + ")"
		}
		if _, err := fmt.Fprintf(w, "  %s%s: %s\n", p.Function, place, p.Reason); err != nil {
			return err
		}
	}
	return nil
}

// Place returns the frame's source as PACKAGE/FILE:LINE, which reads the same
// wherever the program was built.
func (f Frame) Place() string {
	if f.File == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d", path.Join(f.Package, path.Base(f.File)), f.Line)
}
