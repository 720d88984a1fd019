package usage

import (
	"fmt"
	"io"
	"path"
	"strings"
)

// A Verdict is the answer to whether a program can make a system call.
type Verdict string

// The verdicts.
const (
	Yes     Verdict = "yes"
	No      Verdict = "no"
	Unknown Verdict = "unknown" // no code was found, but some could not be told
)

// An Answer says whether a program can make one system call, and by which code.
// In JSON it is the stable form that the command prints; fields may be added,
// none is renamed.
type Answer struct {
	Binary    string  `json:"binary"`
	GoVersion string  `json:"goVersion"`
	Arch      string  `json:"arch"`
	Phase     Phase   `json:"phase"`
	Syscall   string  `json:"syscall"`
	Answer    Verdict `json:"answer"`
	Origin    Origin  `json:"origin,omitempty"`
	// Callers is how many different functions make the call. Evidence has the
	// place nearest to the program's start for each of them, or for the first.
	Callers  int        `json:"callers"`
	Evidence []Evidence `json:"evidence"`
	// Args and Cases are what is known of the call's arguments, whoever makes it:
	// see Syscall.
	Args  []ArgValues   `json:"args,omitempty"`
	Cases [][]ArgValues `json:"cases,omitempty"`
	// Unresolved lists the code whose calls could not be told. An answer "yes"
	// is not in doubt by it.
	Unresolved []Unresolved `json:"unresolved"`

	arguments []string // Args and Cases, for a reader
}

// Why says by which code the program can make a system call: by that nearest to
// its start, or by each function that makes it.
func (u *Usage) Why(name string, all bool) *Answer {
	a := &Answer{
		Binary: u.Binary, GoVersion: u.GoVersion, Arch: u.Arch, Phase: u.Phase, Syscall: name,
		Answer: Yes, Evidence: []Evidence{}, Unresolved: u.Unresolved,
	}
	call, ok := u.Find(name)
	switch {
	case !ok && len(u.Unresolved) > 0:
		a.Answer = Unknown
	case !ok:
		a.Answer = No
	}
	for _, launcher := range u.Launcher {
		if !ok && launcher == name {
			a.Origin = Launcher
		}
	}
	if ok {
		a.Origin = call.Origin
		a.Args, a.Cases, a.arguments = call.Args, call.Cases, call.ArgText(u.Arch, 0)
	}
	type caller struct{ binary, function, in string }
	seen := map[caller]bool{}
	for _, e := range call.Evidence {
		by := caller{binary: e.Binary, function: e.Function}
		if n := len(e.Chain); n > 0 {
			by.in = e.Chain[n-1].Function
		}
		if seen[by] {
			continue
		}
		seen[by] = true
		if all || len(a.Evidence) == 0 {
			a.Evidence = append(a.Evidence, e)
		}
	}
	a.Callers = len(seen)
	return a
}

// Write prints the answer for a person.
func (a *Answer) Write(w io.Writer) error {
	var b strings.Builder
	switch {
	case a.Answer == Yes:
		a.writeYes(&b)
	case a.Origin == Launcher:
		fmt.Fprintf(&b, "%s cannot make %s%s: whoever starts it makes the call, before its first instruction.\n", a.Binary, a.Syscall, a.certainty())
	default:
		fmt.Fprintf(&b, "%s cannot make %s%s: no code that it can run makes the call.\n", a.Binary, a.Syscall, a.certainty())
	}
	if a.Answer == Unknown {
		b.WriteString("That is not certain, since the calls of some code could not be told:\n")
		writePlaces(&b, a.Unresolved)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (a *Answer) certainty() string {
	if a.Answer == Unknown {
		return ", as far as can be told"
	}
	return ""
}

func (a *Answer) writeYes(b *strings.Builder) {
	fmt.Fprintf(b, "%s can make %s", a.Binary, a.Syscall)
	switch {
	case a.Callers > 1 && len(a.Evidence) == 1:
		fmt.Fprintf(b, ", from %d functions. This is the one nearest to its start:\n", a.Callers)
	case a.Callers > 1:
		fmt.Fprintf(b, ", from %d functions:\n", a.Callers)
	default:
		b.WriteString(":\n")
	}
	for i := range a.Evidence {
		b.WriteByte('\n')
		a.Evidence[i].write(b, a.Syscall)
	}
	if len(a.arguments) > 0 {
		fmt.Fprintf(b, "\nWhoever makes it, the arguments are:\n  %s\n", strings.Join(a.arguments, "\n  "))
	}
}

// A line is one line of a chain.
type line struct{ how, function, place, module, before string }

// write prints the chain as a stack trace is read, from the start downwards.
func (e *Evidence) write(b *strings.Builder, call string) {
	if e.Binary != "" {
		fmt.Fprintf(b, "in %s:\n", e.Binary)
	}
	if len(e.Chain) == 0 {
		fmt.Fprintf(b, "  by no instruction of the program: %s (%s)\n", e.Note, e.Function)
		return
	}
	lines := chainLines(e.Chain)
	var wide [3]int
	for _, l := range lines {
		for i, cell := range []string{l.how, l.function, l.place} {
			wide[i] = max(wide[i], len(cell))
		}
	}
	indent := strings.Repeat(" ", wide[0]+4)
	for _, l := range lines {
		if l.before != "" {
			fmt.Fprintf(b, "%s%s\n", indent, l.before)
		}
		text := fmt.Sprintf("  %-*s  %-*s  %-*s  %s", wide[0], l.how, wide[1], l.function, wide[2], l.place, l.module)
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
	fmt.Fprintf(b, "%smakes %s", indent, call)
	if len(e.Through) > 0 {
		fmt.Fprintf(b, ", through %s", strings.Join(e.Through, " > "))
	}
	b.WriteByte('\n')
}

func chainLines(chain []Step) []line {
	var lines []line
	for i, step := range chain {
		if i+1 < len(chain) && step.isWrapperOf(&chain[i+1]) {
			continue
		}
		place := step.Place
		if len(place) == 0 {
			place = []Frame{step.Frame}
		}
		for k, f := range place {
			l := line{how: step.How, function: f.Function, place: f.Place(), module: f.module()}
			if k > 0 {
				l.how = "inlined"
			} else {
				l.before = step.because(i == 0)
			}
			lines = append(lines, l)
		}
	}
	return lines
}

// isWrapperOf reports whether a step is only the way from one calling convention
// into another, for which the compiler writes a function of the same name.
func (s *Step) isWrapperOf(next *Step) bool {
	return s.Function == next.Function && s.How != "root" && s.How != "data" && (next.How == "call" || next.How == "jump") &&
		len(s.Place) == 1 && s.Place[0].Line <= 1
}

// because says what makes a step possible that no call makes.
func (s *Step) because(first bool) string {
	if s.How == "address" {
		return "makes a function value of"
	}
	if len(s.Via) == 0 {
		if s.How == "data" {
			return "the program's data holds the address of"
		}
		return ""
	}
	var names []string
	for i, o := range s.Via {
		part := i > 0 && (o.Kind == "inits" || o.Kind == "constant" && o.Name == "" && s.Via[i-1].Kind == "type")
		if part || o.Kind == "value" && len(s.Via) > 1 {
			continue // of the one before (as a struct's list of fields is), or of what is to come
		}
		names = append(names, o.String())
	}
	text := strings.Join(names, ", which leads to ")
	if first {
		return text + ", to which no code is known to refer, holds"
	}
	return "refers to " + text + ", which holds"
}

// String describes the object for a person.
func (o Object) String() string {
	name := o.Name
	if name == "" {
		name = fmt.Sprintf("at %#x", o.Address)
	}
	switch o.Kind {
	case "itab":
		of, as, _ := cutItab(o.Name)
		return fmt.Sprintf("the methods of %s as %s (itab)", of, as)
	case "type":
		return fmt.Sprintf("the type %s with its methods", name)
	case "inits":
		return "the list of package initialisers"
	case "value":
		return "the function value " + name
	case "variable":
		return "the variable " + name
	}
	return "the constant data " + name
}

// cutItab cuts the name of an itab at the comma between its types, which may
// have commas between brackets or parentheses themselves.
func cutItab(name string) (of, as string, ok bool) {
	depth := 0
	for i, r := range name {
		switch r {
		case '[', '(', '{':
			depth++
		case ']', ')', '}':
			depth--
		case ',':
			if depth == 0 {
				return name[:i], name[i+1:], true
			}
		}
	}
	return name, "", false
}

// module returns the module with its version, as the go command writes it.
func (f Frame) module() string {
	if f.Version == "" || f.Version == "(devel)" {
		return f.Module
	}
	const short = 12
	if path.IsAbs(f.Module) && len(f.Version) > short { // a library's build ID
		return f.Module + "@" + f.Version[:short]
	}
	return f.Module + "@" + f.Version
}
