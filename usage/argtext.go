package usage

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/gocurb/curb/syscalls"
)

// ArgText says for a reader what the arguments of a call can be, by the names of
// their values: a text for each of its cases, and none where nothing is known.
//
//	prot PROT_NONE, PROT_READ|PROT_WRITE; flags MAP_PRIVATE|MAP_ANONYMOUS [MAP_FIXED]
//
// says that prot has one of two values, and that flags has one, with the bit in
// brackets set or not. "prot without PROT_EXEC" leaves all other bits free, and
// "clone_flags & CLONE_VM|CLONE_THREAD = CLONE_VM" all but these two. Of more
// values than most the text has the first; 0 is no limit.
func (s *Syscall) ArgText(arch string, most int) []string {
	table, err := syscalls.For(cmp.Or(s.Arch, arch))
	if err != nil {
		return nil
	}
	call, ok := table.ByNumber(s.Nr)
	if !ok {
		return nil
	}
	cases := s.Cases
	if len(cases) == 0 {
		cases = [][]ArgValues{s.Args}
	}
	var list []string
	for _, args := range cases {
		var parts []string
		for i := range args {
			a := &args[i]
			if width := call.Width(a.Index); !a.Any && width > 0 && ^a.Free<<(64-width) != 0 {
				parts = append(parts, a.text(table, call, args, most))
			}
		}
		if len(parts) > 0 {
			list = append(list, strings.Join(parts, "; "))
		}
	}
	return list
}

// text says what one argument can be, beside others.
func (a *ArgValues) text(t *syscalls.Table, c *syscalls.Call, others []ArgValues, most int) string {
	name := c.Args()[a.Index].Name
	set := valueNames(t, c, a.Index, others)
	counts := ^uint64(0) >> (64 - c.Width(a.Index))
	bound, free := counts&^a.Free, counts&a.Free
	few := bits.OnesCount64(bound) < c.Width(a.Index)/2
	if few && len(a.Values) == 1 && a.Values[0] == 0 {
		return name + " without " + bitsText(set, bound)
	}
	if few {
		name += " & " + bitsText(set, bound) + " ="
	}
	values, more := a.Values, ""
	if most > 0 && len(values) > most {
		values, more = values[:most], fmt.Sprintf(" and %d more", len(values)-most)
	}
	var texts []string
	for _, v := range values {
		texts = append(texts, valueText(set, v))
	}
	text := name + " " + strings.Join(texts, ", ") + more
	if free != 0 && !few {
		text += " [" + bitsText(set, free) + "]"
	}
	return text
}

// valueNames gives the names for the values of an argument. Those of a socket's
// options depend on the level.
func valueNames(t *syscalls.Table, c *syscalls.Call, index int, others []ArgValues) *syscalls.FlagSet {
	if (c.Name != "setsockopt" && c.Name != "getsockopt") || index != 2 {
		return syscalls.FlagsOf(t, c, index)
	}
	i := slices.IndexFunc(others, func(o ArgValues) bool { return o.Index == 1 })
	if i < 0 || len(others[i].Values) != 1 || others[i].Free != 0 {
		return nil
	}
	return syscalls.OptionsOf(t, others[i].Values[0])
}

// valueText writes a value by its name, and one without as a number.
func valueText(set *syscalls.FlagSet, v uint64) string {
	const small = 4096
	switch {
	case set != nil && set.Format(v) != "0x0":
		return set.Format(v)
	case v < small:
		return fmt.Sprint(v)
	}
	return fmt.Sprintf("%#x", v)
}

// bitsText writes bits, and nothing for the fields in which there are none, such as
// O_RDONLY.
func bitsText(set *syscalls.FlagSet, v uint64) string {
	if set == nil {
		return fmt.Sprintf("%#x", v)
	}
	none := map[string]bool{}
	for _, f := range set.Flags() {
		none[f.Name] = f.Value == 0
	}
	names := strings.Split(set.Format(v), "|")
	return strings.Join(slices.DeleteFunc(names, func(name string) bool { return none[name] }), "|")
}

// writeArgs prints what is known of the calls' arguments.
func (u *Usage) writeArgs(b *strings.Builder) {
	const most = 8
	tw := tabwriter.NewWriter(b, 0, 8, 2, ' ', 0)
	head := "\nSYSTEM CALL\tITS ARGUMENTS CAN BE (where it is known; bits in brackets are set or not)\n"
	for i := range u.Syscalls {
		s := &u.Syscalls[i]
		name := s.label()
		for _, text := range s.ArgText(u.Arch, most) {
			fmt.Fprintf(tw, "%s%s\t%s\n", head, name, text)
			head, name = "", ""
		}
	}
	tw.Flush() // a Builder takes all
}
