package gen

import (
	"bytes"
	"fmt"
	"go/build/constraint"
	"slices"
	"strings"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/internal/permit"
	"github.com/gocurb/curb/syscalls"
	"github.com/gocurb/curb/usage"
)

// source is the file that holds the lock-down.
func (l LockDown) source(t *syscalls.Table, program filter.Program, builds constraint.Expr) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n//\n//\t%s\n\n//go:build %s\n\npackage main\n\nimport %q\n\n", generated, l.Command, builds, library)
	fmt.Fprintf(&b, `// curbLockDown closes all system calls but %d to this program, from now on, in all
// threads and in all programs that it starts. It panics if the kernel refuses.
//
%s//
`, permit.Count(l.Policy), l.basis())
	l.writeList(&b, t)
	fmt.Fprintf(&b, "//\n// All others get %s%s.\n", l.Policy.Default, exceptions(l.Policy.Default))
	writeFilter(&b, t, program)
	return b.Bytes()
}

// writeList writes a line for each call, and what its arguments must be below it.
func (l LockDown) writeList(b *bytes.Buffer, t *syscalls.Table) {
	width := 0
	for _, r := range l.Policy.Rules {
		width = max(width, len(r.Syscall))
	}
	for rules := l.Policy.Rules; len(rules) > 0; {
		name := rules[0].Syscall
		n := slices.IndexFunc(rules, func(r filter.Rule) bool { return r.Syscall != name })
		if n < 0 {
			n = len(rules)
		}
		fmt.Fprintf(b, "//\t%-*s  %s\n", width, name, maker(l.Usage, name))
		word := "if"
		for _, text := range conditions(t, rules[:n]) {
			for _, line := range wrapped(word+" "+text, 96, "   ") {
				fmt.Fprintf(b, "//\t    %s\n", line)
			}
			word = "or"
		}
		rules = rules[n:]
	}
}

// conditions gives the conditions of the rules for one call, by the names of values.
func conditions(t *syscalls.Table, rules []filter.Rule) []string {
	call, ok := t.ByName(rules[0].Syscall)
	if !ok {
		return nil
	}
	s := usage.Syscall{Name: call.Name, Nr: call.Nr}
	for _, r := range rules {
		var args []usage.ArgValues
		for _, c := range r.Conds {
			a := usage.ArgValues{Index: c.Arg, Values: c.Values}
			if c.Mask != 0 {
				a.Free = ^c.Mask
			}
			args = append(args, a)
		}
		s.Cases = append(s.Cases, args)
	}
	return s.ArgText(t.Arch, 0)
}

// wrapped cuts a text into lines of that width, and indents all but the first.
func wrapped(text string, width int, indent string) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) > width:
			lines = append(lines, line)
			line = indent + word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}

// basis says where the list comes from.
func (l LockDown) basis() string {
	if l.Recorded {
		return paragraph("WARNING: this list was recorded. It has what the program did in the runs that were watched, "+
			"and not what its code can do: whatever else it does one day, when an error occurs, on another machine or "+
			"with another input, will fail.") + "//\n" +
			paragraph("These stay open. Beside each is the code that was seen to make the call most often, and below it what "+
				"its arguments must be, where they were few. Bits in brackets can be set or not.")
	}
	return paragraph("These stay open: what the program's code can do " + l.since() + l.Usage.Assuming() + ". Beside each is the code nearest to the " +
		"program's start that makes the call, and below it what its arguments must be, where that is known. Bits in brackets " +
		"can be set or not.")
}

// since says from when on the list counts.
func (l LockDown) since() string {
	const unknown = ", since it cannot be told what waits for the lock-down to be done"
	switch at := l.Usage.LockDown; {
	case at == nil:
		return "from main.main on, since nothing called this function yet"
	case at.Since == usage.Main:
		return "from main.main on" + unknown
	case at.Since == usage.Exec:
		return "from its start on" + unknown
	}
	return "once this function has returned"
}

// paragraph is a text as lines of a comment.
func paragraph(text string) string {
	return "// " + strings.Join(wrapped(text, 81, ""), "\n// ") + "\n"
}

// exceptions says for which calls the default is another one. See package filter.
func exceptions(byDefault filter.Action) string {
	if strings.HasPrefix(byDefault.String(), "errno") {
		return ", or ENOSYS where programs wait for that to fall\n// back on an older call"
	}
	return ""
}

// maker says who makes a call.
func maker(u *usage.Usage, name string) string {
	call, found := u.Find(name)
	switch {
	case !found:
		return "allowed by --allow"
	case len(call.Evidence) == 0:
		return string(call.Origin)
	}
	first := call.Evidence[0]
	if first.Function == "" {
		return first.Note
	}
	if first.Binary != "" {
		return fmt.Sprintf("%s, in %s", first.Function, first.Binary)
	}
	// The last function of the program's own on the way there says more than
	// the depths of the standard library.
	for _, step := range slices.Backward(first.Chain) {
		if step.Module != "" && step.Module != "std" && step.Function != first.Function {
			return fmt.Sprintf("%s, for %s", first.Function, step.Function)
		}
	}
	return first.Function
}
