package usage

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// A ByTable is a usage turned round: who brings in which calls. In JSON it is the
// stable form that the command prints; fields may be added, none is renamed.
type ByTable struct {
	Binary     string       `json:"binary"`
	GoVersion  string       `json:"goVersion"`
	Arch       string       `json:"arch"`
	Phase      Phase        `json:"phase"`
	By         string       `json:"by"` // "package" or "module"
	Rows       []ByRow      `json:"rows"`
	Unresolved []Unresolved `json:"unresolved"`
}

// A ByRow has the calls that one package or module brings in, as Source says.
type ByRow struct {
	Package string `json:"package,omitempty"` // empty where the rows are modules
	Module  string `json:"module,omitempty"`
	Version string `json:"version,omitempty"`
	// Binary is the program that the source is in, where that is another than
	// the one that was asked for.
	Binary string   `json:"binary,omitempty"`
	Calls  []string `json:"calls"` // sorted
	Only   []string `json:"only"`  // those that no other row has
}

// ByPackage returns who brings in which calls, package by package. The standard
// library is the last.
func (u *Usage) ByPackage() *ByTable {
	return u.by("package", func(s Source) Source { return s })
}

// ByModule is ByPackage for modules.
func (u *Usage) ByModule() *ByTable {
	return u.by("module", func(s Source) Source { s.Package = ""; return s })
}

func (u *Usage) by(what string, key func(Source) Source) *ByTable {
	t := &ByTable{
		Binary: u.Binary, GoVersion: u.GoVersion, Arch: u.Arch, Phase: u.Phase, By: what,
		Rows: []ByRow{}, Unresolved: u.Unresolved,
	}
	rows := map[Source]*ByRow{}
	for _, s := range u.Syscalls {
		var sources []Source
		for _, by := range s.By {
			if k := key(by); !slices.Contains(sources, k) {
				sources = append(sources, k)
			}
		}
		for _, k := range sources {
			if rows[k] == nil {
				rows[k] = &ByRow{Package: k.Package, Module: k.Module, Version: k.Version, Binary: k.Binary, Calls: []string{}, Only: []string{}}
			}
			row := rows[k]
			row.Calls = append(row.Calls, s.Name)
			if len(sources) == 1 {
				row.Only = append(row.Only, s.Name)
			}
		}
	}
	for _, row := range rows {
		t.Rows = append(t.Rows, *row)
	}
	last := func(r ByRow) int {
		if r.Module == "std" {
			return 1
		}
		return 0
	}
	slices.SortFunc(t.Rows, func(a, b ByRow) int {
		return cmp.Or(
			cmp.Compare(a.Binary, b.Binary), cmp.Compare(last(a), last(b)),
			cmp.Compare(a.Package, b.Package), cmp.Compare(a.Module, b.Module), cmp.Compare(a.Version, b.Version),
		)
	})
	return t
}

// Write prints the table for a person, a line for each row.
func (t *ByTable) Write(w io.Writer) error {
	fmt.Fprintf(w, "%s: the system calls by the %s that brings them in (%s, linux/%s, phase %s)\n\n", t.Binary, t.By, t.GoVersion, t.Arch, t.Phase)
	tw := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintf(tw, "%s\tCALLS\tONLY\tSYSTEM CALLS (* no other %s brings it in)\n", strings.ToUpper(t.By), t.By)
	for _, r := range t.Rows {
		calls := slices.Clone(r.Calls)
		for i, c := range calls {
			if slices.Contains(r.Only, c) {
				calls[i] += "*"
			}
		}
		fmt.Fprintf(tw, "%s\t%d\t%d\t%s\n", r.name(), len(r.Calls), len(r.Only), strings.Join(calls, " "))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	return writeUnresolved(w, t.Unresolved)
}

func (r *ByRow) name() string {
	name := r.Package
	if name == "" {
		name = Frame{Module: r.Module, Version: r.Version}.module()
	}
	if name == "" {
		name = "(unknown)" // the binary has no list of its modules
	}
	if r.Binary != "" {
		name += " in " + r.Binary
	}
	return name
}
