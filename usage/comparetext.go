package usage

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// report asks for what only a user can give.
const report = "Please report it, with the binary and the recording: https://github.com/gocurb/curb/issues"

// Write prints the comparison for a person.
func (c *Comparison) Write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s observed, in %s, and %d predicted that were not (%s, linux/%s, phase %s)\n",
		c.Binary, count(uint64(len(c.Observed)), "system call"), count(c.Recordings, "recording"), len(c.Unseen), c.GoVersion, c.Arch, c.Phase)
	if len(c.Others) > 0 {
		fmt.Fprintf(&b, "What these did counts as observed: %s.\n", strings.Join(c.Others, ", "))
	}
	if c.Lost.Events > 0 || c.Lost.Processes > 0 {
		fmt.Fprintf(&b, "The recordings missed %s and %d processes.\n", count(c.Lost.Events, "call"), c.Lost.Processes)
	}
	c.writeMissed(&b)
	c.writeMissedValues(&b)
	c.writeGaps(&b)
	if len(c.Unseen) > 0 {
		b.WriteString("\nPredicted, and never observed:\n")
		writeCalls(&b, c.Unseen)
	}
	c.writeStacks(&b)
	if _, err := io.WriteString(w, b.String()); err != nil {
		return err
	}
	return writeUnresolved(w, c.Unresolved)
}

func (c *Comparison) writeMissed(b *strings.Builder) {
	if len(c.Missed) == 0 {
		return
	}
	c.writeWhose(b, "Observed")
	tw := tabwriter.NewWriter(b, 0, 8, 2, ' ', 0)
	fmt.Fprintln(tw, "SYSTEM CALL\tCALLS\tMADE BY")
	for i := range c.Missed {
		s := &c.Missed[i]
		fmt.Fprintf(tw, "%s\t%d\t%s\n", s.label(), s.Observed.Calls+s.Observed.Denied, first(s.Stacks))
	}
	tw.Flush() // a Builder takes all
}

// writeWhose begins a list of what was seen and not predicted.
func (c *Comparison) writeWhose(b *strings.Builder, what string) {
	if len(c.Unresolved) > 0 {
		fmt.Fprintf(b, "\n%s, and not in the list, which may be incomplete, as said below:\n", what)
	} else {
		fmt.Fprintf(b, "\n%s, and not predicted. This is a bug in curb. %s\n", what, report)
	}
}

func (c *Comparison) writeMissedValues(b *strings.Builder) {
	if len(c.MissedValues) == 0 {
		return
	}
	c.writeWhose(b, "Values of arguments that were observed")
	tw := tabwriter.NewWriter(b, 0, 8, 2, ' ', 0)
	fmt.Fprintln(tw, "SYSTEM CALL\tARGUMENT\tVALUE\tTHE CALL IS MADE BY")
	for _, m := range c.MissedValues {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", m.Syscall, m.Argument, m.Text, first(m.Stacks))
	}
	tw.Flush()
}

// first names the functions of the first stack, innermost first.
func first(stacks []Stack) string {
	if len(stacks) == 0 {
		return ""
	}
	var names []string
	for _, f := range stacks[0].Frames {
		names = append(names, f.Function)
	}
	return strings.Join(names, " < ")
}

func (c *Comparison) writeGaps(b *strings.Builder) {
	if len(c.Gaps) == 0 {
		return
	}
	fmt.Fprintf(b, "\nSeen in stacks, and not in the static call graph. This is a bug in curb, whether a call was missed or not. %s\n", report)
	tw := tabwriter.NewWriter(b, 0, 8, 2, ' ', 0)
	fmt.Fprintln(tw, "CALLEE\tCALLER\tAT\tWHAT IS WRONG")
	for _, g := range c.Gaps {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", g.Callee.Function, g.Caller.Function, g.Caller.Place(), g.Reason)
	}
	tw.Flush()
}

// writeStacks says how much the call graph was tested.
func (c *Comparison) writeStacks(b *strings.Builder) {
	switch {
	case c.Stacks == 0 && c.Unknown == 0:
		return
	case len(c.Gaps) == 0:
		fmt.Fprintf(b, "\nThe static call graph has all callers and callees of %s.\n", count(uint64(c.Stacks), "stack"))
	}
	if c.Unknown > 0 {
		fmt.Fprintf(b, "\nWithout addresses, and not compared: %s.\n", count(uint64(c.Unknown), "stack"))
	}
}

// count says how many there are of something.
func count(n uint64, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
